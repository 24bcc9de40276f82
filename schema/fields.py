"""How a field says where its value comes from: once, for both executors.

A declaration names columns, or a batch function and its key; it runs nothing. The reference executor reaches it
through the resolver made here, which asks for all columns and loads relations by aiodataloader; a compiled plan reads
the declaration itself. Sources are rows: anything that answers ``row[column]``.
"""

from collections.abc import Callable, Sequence
from inspect import signature
from typing import Any

import strawberry

from db.ids import hex_of
from schema.caching.declared import cacheable
from schema.declarations import (
    DECLARATION,
    Asked,
    ById,
    Declaration,
    Embedded,
    FromColumns,
    Held,
    Resolved,
    RootOf,
    ToMany,
    ToOne,
)
from schema.directives import Authenticated, InPerson, Public, requires, requires_at_root
from schema.loading import BatchFunction
from schema.masks import Mask
from schema.operation import Operation
from schema.weights import at_most as at_most_of
from schema.weights import paged

Info = strawberry.Info[Operation, Any]  # Any: the root value


def column(
    name: str, *, gate: str | None = None, mask: Mask | None = None, description: str | None = None
) -> Any:  # Any: a field specifier, as dataclasses.field
    """The column's value as it is; behind a gate it may have a ``mask``."""
    return _declared(FromColumns((name,), mask=mask), gate, description)


def computed(
    convert: Callable[..., Any],
    *columns: str,
    gate: str | None = None,
    mask: Mask | None = None,
    description: str | None = None,
) -> Any:  # Any: a field specifier
    """``convert`` of the columns' values, under a ``mask`` as ``column`` has it."""
    return _declared(FromColumns(columns, convert, mask=mask), gate, description)


def prefixed(prefix: str, name: str, *, description: str | None = None) -> Any:  # Any: a field specifier
    """The column's text behind a prefix."""
    return _declared(FromColumns((name,), prefix=prefix), None, description)


def by_id(
    function: BatchFunction, prefix: str, *, gate: str | None = None, description: str | None = None
) -> Any:  # Any: a field specifier
    """A root field with one argument, ``id``: the row that ``function`` finds for it; null for none."""
    return _declared(ById(function, prefix), gate, description)


def embedded(
    *, gate: str | None = None, description: str | None = None, **columns: str
) -> Any:  # Any: a field specifier
    """An object made of this row's columns: ``embedded(amount="total", currency="currency")``."""
    return _declared(Embedded(columns), gate, description)


def to_one(
    function: BatchFunction, *, key: str, joined: bool = False, gate: str | None = None, description: str | None = None
) -> Any:  # Any: a field specifier
    """The row that ``function`` finds for this row's ``key``. ``joined``: the key is a foreign key, and its rows are
    narrow and mostly each one's own, so that it is cheaper to read them together than by the function.
    """
    return _declared(ToOne(function, key, joined), gate, description)


def to_many(
    function: BatchFunction, *, key: str, at_most: int, gate: str | None = None, description: str | None = None
) -> Any:  # Any: a field specifier
    """The rows that ``function`` finds for this row's ``key``, which are ``at_most`` so many; none is an empty list."""
    return _declared(ToMany(function, key), gate, description, at_most_of(at_most))


def held(
    name: str, *, gate: str | None = None, at_most: int | None = None, description: str | None = None
) -> Any:  # Any: a field specifier
    """The attribute ``name`` of this object's source: a value, a row, or a list of them, as the field's type says.
    ``at_most``: how many of them the cost of an operation counts.

    A field of the source's own attribute of the same name needs no declaration at all.
    """
    return _declared(Held(name), gate, description, at_most_of(at_most))


def resolved(
    function: Callable[..., Any],
    *columns: str,
    gate: str | None = None,
    at_most: int | None = None,
    keeping: Sequence[object] = (),
    description: str | None = None,
) -> Any:  # Any: a field specifier
    """What ``function(operation, *columns' values)`` answers, plain or async: called once for each object, so nothing
    for long lists. ``at_most`` as ``held`` has it, ``keeping`` as ``root_field``.
    """
    return _declared(Resolved(function, columns), gate, description, [*at_most_of(at_most), *keeping])


def asked(
    resolver: Callable[..., Any], *, gate: str | None = None, description: str | None = None
) -> Any:  # Any: a field specifier
    """What ``resolver(info, the field's arguments)`` answers, plain or async, of the operation alone, whatever the
    object. Of its ``info`` it may use what ``RootInfo`` has.
    """
    return strawberry.field(
        resolver=resolver, directives=requires(gate), description=description, metadata={DECLARATION: Asked(resolver)}
    )


def part(name: str, *, at_most: int | None = None, description: str | None = None) -> Any:  # Any: a field specifier
    """The object, or the list of objects (``at_most`` as ``held`` has it), that the source holds under this name."""
    return resolved(_as_it_is, name, at_most=at_most, description=description)


def _as_it_is(operation: Operation, value: Any) -> Any:  # Any: a source
    return value


def root_field(
    resolver: Callable[..., Any],
    *,
    gate: str | None,
    public: bool = False,
    in_person: bool = False,
    size: Sequence[object] = (),
    keeping: Sequence[object] = (),
    description: str | None = None,
) -> Any:  # Any: a field specifier
    """A root field with a resolver of its own, plain or async. ``gate`` None means any signed-in caller, unless
    ``public``; ``in_person``: who acts as nobody else; ``size``: what is said of its lists
    (``schema/weights.py``); a connection's is known; ``keeping``: what is said of keeping its answers
    (``schema/caching/declared.py``).
    Of its ``info``, if it takes one, the resolver may use what ``RootInfo`` has.
    """
    parameters = signature(resolver).parameters
    size = size or (paged() if {"first", "last"} <= parameters.keys() else ())
    return strawberry.field(
        resolver=resolver,
        directives=[*root_gate(gate, public=public), *([InPerson()] if in_person else []), *size, *keeping],
        description=description,
        metadata={DECLARATION: RootOf(resolver, "info" in parameters)},
    )


def root_gate(gate: str | None, *, public: bool = False) -> list[object]:
    """The directives of a root field."""
    return requires_at_root(gate) if gate else [Public()] if public else [Authenticated()]


def given(value: Any) -> Any:  # Any: an argument of any type
    """An argument that was left out is None: UNSET keeps a default of null out of the SDL."""
    return None if value is strawberry.UNSET else value


def _declared(
    declaration: Declaration, gate: str | None, description: str | None, size: Sequence[object] = ()
) -> Any:  # Any: a field specifier
    return strawberry.field(
        resolver=_resolver(declaration),
        directives=[*_gates(declaration, gate), *_sensitive(declaration, gate), *size],
        description=description,
        metadata={DECLARATION: declaration},
    )


def _gates(declaration: Declaration, gate: str | None) -> list[object]:
    if isinstance(declaration, ById) and gate is not None:
        return [*root_gate(gate), *cacheable()]
    return requires(gate)


def _sensitive(declaration: Declaration, gate: str | None) -> list[object]:
    mask = declaration.mask if isinstance(declaration, FromColumns) else None
    if mask is not None and gate is None:
        raise TypeError("a mask is for those who lack the permission of a gate: there is none")
    return [] if mask is None else [mask.directive]


def _resolver(declaration: Declaration) -> Callable[..., Any]:  # Any: a value, or an awaitable of one
    match declaration:
        case FromColumns(mask=Mask() as mask):
            return _masked_resolver(declaration, mask)
        case FromColumns() | Embedded():
            value = declaration.value

            def read(root: Any) -> Any:  # Any: a row, a value
                return value(root)

            return read
        case ToOne(function, key, _):

            async def load_one(root: Any, info: Info) -> Any:  # Any: a row
                found = root[key]
                return None if found is None else await info.context.loaders.of(function).load(found)

            return load_one
        case ToMany(function, key):

            async def load_many(root: Any, info: Info) -> Any:  # Any: a row, rows
                found = root[key]
                return [] if found is None else await info.context.loaders.of(function).load(found) or []

            return load_many
        case ById(function, prefix):

            async def find(info: Info, id: strawberry.ID) -> Any:  # Any: a row
                return await info.context.loaders.of(function).load(hex_of(id, prefix))

            del find.__annotations__["return"]
            return find
        case Held(name):

            def take(root: Any) -> Any:  # Any: a source, a value
                return getattr(root, name)

            return take
        case Resolved(function, columns):

            def resolve(root: Any, info: Info) -> Any:  # Any: a row, a value or an awaitable of one
                return function(info.context, *(root[name] for name in columns))

            return resolve
        case _:
            raise TypeError(f"{type(declaration).__name__} makes its own resolver")


def _masked_resolver(declaration: FromColumns, mask: Mask) -> Callable[..., Any]:  # Any: a value
    def read(root: Any, info: Info) -> Any:  # Any: a row, a value
        raw, value = info._raw_info, declaration.value(root)
        masked = f"{raw.parent_type.name}.{raw.field_name}" in info.context.masked
        return info.context.masker(mask)(value) if masked else value

    return read
