"""Patches: what changed about a row, in the keys and shapes of its GraphQL type.

Built from the type's own declarations, so a new field is in the patch the day it is declared: a field is part of a
patch when one of its columns changed and the caller may read it; of who sees only its mask, when the mask changed.
``version`` and ``updatedAt`` ride along but do not count: if nothing else changed visibly there is no patch, and nobody
learns that a hidden field was touched. Where an operation selects fields of the row itself, only those are told and
count.
"""

import enum
from collections.abc import Callable, Container, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from strawberry.types import get_object_definition
from strawberry.utils.str_converters import to_camel_case

from db.events import Image
from schema.declarations import Embedded, FromColumns, ToOne, declaration_of
from schema.directives import RequiresPermission
from schema.masks import Mask, Masker
from schema.scalars import write_time

RIDERS = frozenset({"version", "updatedAt"})


class Sees(Protocol):
    """What a caller sees, as an ``Operation`` knows it."""

    def allows(self, permission: str | None) -> bool: ...

    def masker(self, mask: Mask) -> Masker: ...


@dataclass(frozen=True, slots=True)
class PatchField:
    """One key of a patch: the columns it depends on, its gates, and how its value is written."""

    key: str
    columns: frozenset[str]
    gates: tuple[str, ...]
    write: Callable[[Image], Any]  # Any: JSON
    masked: FromColumns | None = None
    """Where the value comes from, if there is a mask for it."""


def patch_fields(noun: type) -> list[PatchField]:
    """The keys that a patch of this type can have: its columns, its embedded objects, and the ids of the rows it
    points to.
    """
    found = []
    for field in get_object_definition(noun, strict=True).fields:
        declaration = declaration_of(field)
        key = to_camel_case(field.python_name)
        gates = _gates(field.directives)
        match declaration:
            case FromColumns(columns):
                masked = declaration if declaration.mask is not None else None
                found.append(PatchField(key, frozenset(columns), gates, _writer(declaration), masked))
            case Embedded(columns):
                found.append(
                    PatchField(key, frozenset(columns.values()), gates, _embedded(_named(field.type), declaration))
                )
            case ToOne(_, column):
                target = get_object_definition(_named(field.type), strict=True)
                found.append(
                    PatchField(
                        key,
                        frozenset({column}),
                        gates + _gates(target.directives or ()),
                        _reference(_named(field.type), column),
                    )
                )
            case _:
                pass
    return found


def patch_of(
    fields: list[PatchField],
    before: Image | None,
    after: Image,
    sees: Sees,
    selected: Container[str] | None = None,
) -> dict[str, Any]:  # Any: JSON
    """The changed and permitted fields; empty when nothing visible changed. A creation changes every field. With
    ``selected`` only these count and are told.
    """
    changed = {name for name, value in after.items() if before is None or before[name] != value}
    return patch_of_columns(fields, changed, before, after, sees, selected)


def patch_of_columns(
    fields: list[PatchField],
    changed: AbstractSet[str],
    before: Image | None,
    after: Image,
    sees: Sees,
    selected: Container[str] | None = None,
) -> dict[str, Any]:  # Any: JSON
    """The same where it is known which columns changed, perhaps in more than one step."""
    patch: dict[str, Any] = {}  # Any: JSON
    for field in fields:
        chosen = selected is None or field.key in selected or field.key in RIDERS
        if chosen and not field.columns.isdisjoint(changed):
            patch.update(_told(field, before, after, sees))
    return patch if patch.keys() - RIDERS else {}


def _told(field: PatchField, before: Image | None, after: Image, sees: Sees) -> Iterator[tuple[str, Any]]:  # Any: JSON
    """The field's key and value, if the caller sees that it changed."""
    if all(sees.allows(gate) for gate in field.gates):
        yield field.key, field.write(after)
    elif field.masked is not None and field.masked.mask is not None and sees.allows(field.masked.mask.permission):
        put_on, value = sees.masker(field.masked.mask), field.masked.value
        shown = put_on(value(after))
        if before is None or put_on(value(before)) != shown:
            yield field.key, _plain(shown)


def _gates(directives: Any) -> tuple[str, ...]:  # Any: schema directives
    return tuple(directive.permission for directive in directives if isinstance(directive, RequiresPermission))


def _writer(declaration: FromColumns) -> Callable[[Image], Any]:  # Any: JSON
    return lambda image: _plain(declaration.value(image))


def _embedded(noun: type, declaration: Embedded) -> Callable[[Image], Any]:  # Any: JSON
    parts = patch_fields(noun)

    def write(image: Image) -> Mapping[str, Any]:  # Any: JSON
        row = declaration.value(image)
        return {part.key: part.write(row) for part in parts}

    return write


def _reference(noun: type, column: str) -> Callable[[Image], Any]:  # Any: JSON
    (public_id,) = (part for part in patch_fields(noun) if part.key == "id")
    return lambda image: {"id": public_id.write({"id": image[column]})}


def _named(kind: Any) -> type:  # Any: a field's type, never a list or an optional here
    if not isinstance(kind, type):
        raise TypeError(f"{kind} is not an object type")
    return kind


def _plain(value: Any) -> Any:  # Any: a value and its JSON form
    if isinstance(value, datetime):
        return write_time(value)
    return value.value if isinstance(value, enum.Enum) else value
