"""Completing values that are already there: what a resolver answered, or a stream's event, by the shape of its field.

Breadth-first like everything here: the values of one place are completed together, so that relations below them are
read for all at once.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from inspect import isawaitable
from typing import Any

from db.columns import unprinted
from schema.engine.build import builder_of
from schema.engine.pages import build_connections, nested_connections
from schema.engine.plan import (
    Attribute,
    Attributes,
    DeniedPart,
    Extra,
    Fixed,
    IsType,
    Items,
    Marker,
    NodeAttribute,
    ObjectPlan,
    Paged,
    Pages,
    Rows,
    Shape,
    Unsupported,
    Variants,
    Written,
)
from schema.engine.relations import related
from schema.engine.turns import LARGE, TURNS
from schema.loading import Branch
from schema.node import NodeRow
from schema.operation import Operation
from schema.scalars import write_time

Json = Any
"""A JSON value, or a time."""
Values = Sequence[Any]
"""Sources of any kind."""


class GivenRow:
    """A source of a level of rows, whoever made it: with the level's columns only, in order, as the driver's rows."""

    __slots__ = ("_names", "_values")

    def __init__(self, names: tuple[str, ...], values: tuple[Any, ...]) -> None:  # Any: a column's value
        self._names = names
        self._values = values

    def __iter__(self) -> Iterator[Any]:  # Any: as above
        return iter(self._values)

    def __getitem__(self, name: str) -> Any:  # Any: as above
        return self._values[self._names.index(name)]

    def keys(self) -> tuple[str, ...]:
        return self._names


async def complete(shape: Shape, values: Values, operation: Operation) -> list[Json]:
    """The JSON of each value. Raises Unsupported, or what a function below raises."""
    missing = 0
    for value in values:
        if value is None:
            missing += 1
        elif isinstance(value, Exception) or isawaitable(value):
            raise Unsupported("value")
    if not missing:
        return await _present(shape, values, operation) if values else []
    if not shape.nullable:
        raise Unsupported("null")
    if missing == len(values):
        return list(values)
    built = iter(await _present(shape, [value for value in values if value is not None], operation))
    return [None if value is None else next(built) for value in values]


async def build_rows(plan: ObjectPlan, rows: Sequence[Any], operation: Operation) -> list[Json]:  # Any: rows
    """The objects of a level, with all that hangs below them."""
    if not rows:
        return []
    found: list[Any] = []  # Any: what belongs to each key of the rows
    if plan.extras:
        rows, found = await _with_extras(plan, rows, operation)
    elif len(plan.relations) == 1:
        found = [await related(plan.relations[0], rows, operation, build_rows)]
    elif plan.relations:
        found = await operation.reads.all(_relations(plan, rows, operation))
    if len(rows) >= LARGE:
        await TURNS.take()
    return builder_of(plan, rows[0].keys())(rows, *found, *map(operation.masker, plan.masks))


def _relations(plan: ObjectPlan, rows: Sequence[Any], operation: Operation) -> list[Branch]:  # Any: rows
    return [partial(related, relation, rows, operation, build_rows) for relation in plan.relations]


async def _present(shape: Shape, values: Values, operation: Operation) -> list[Json]:
    match shape:
        case Written():
            return _written(shape, values)
        case Items():
            return await _items(shape, values, operation)
        case Rows():
            _check(shape.is_type, values)
            return await _given(shape.plan, values, operation)
        case Pages(plan):
            return await build_connections(plan, values, operation, _given)
        case Attributes():
            _check(shape.is_type, values)
            return await _attributes(shape, values, operation)
        case Variants():
            return await _variants(shape, values, operation)


def _written(shape: Written, values: Values) -> list[Json]:
    written = [shape.write(value) for value in values]
    if None in written:
        raise Unsupported("null")
    return written


async def _items(shape: Items, values: Values, operation: Operation) -> list[Json]:
    for value in values:
        if not isinstance(value, list | tuple):
            raise Unsupported("value")
    built = iter(await complete(shape.of, [item for value in values for item in value], operation))
    return [[next(built) for _ in value] for value in values]


async def _attributes(shape: Attributes, values: Values, operation: Operation) -> list[Json]:
    parts = [partial(_attribute, part, values, operation) for _, part in shape.fields]
    keys = [key for key, _ in shape.fields]
    found = await operation.reads.all(parts)
    return [dict(zip(keys, of_one, strict=True)) for of_one in zip(*found, strict=True)]


async def _attribute(part: Fixed | Attribute | NodeAttribute, values: Values, operation: Operation) -> list[Json]:
    match part:
        case Fixed(value):
            return [value] * len(values)
        case Attribute(name, inner):
            return await complete(inner, [getattr(value, name) for value in values], operation)
        case _:
            return await _nodes(part, values, operation)


async def _nodes(part: NodeAttribute, values: Values, operation: Operation) -> list[Json]:
    markers: dict[str, Marker] = {}
    sources: list[NodeRow | None] = []
    for value in values:
        kind = getattr(value, part.kind)
        if operation.allows(kind.gate):
            sources.append(NodeRow(kind.type_name, getattr(value, part.row)))
            continue
        sources.append(None)
        if kind.type_name not in markers:
            markers[kind.type_name] = marker = Marker()
            denied = DeniedPart(part.selection, kind.gate, kind.type_name, part.keys, marker)
            operation.marked.append(denied)
    built = await complete(part.shape, sources, operation)
    return [
        markers[getattr(value, part.kind).type_name] if source is None else done
        for value, source, done in zip(values, sources, built, strict=True)
    ]


async def _variants(shape: Variants, values: Values, operation: Operation) -> list[Json]:
    names = [shape.name_of(value) for value in values]
    of_name: dict[str, list[Any]] = {}  # Any: sources of one type
    for name, value in zip(names, values, strict=True):
        if name not in shape.shapes:
            raise Unsupported("type")
        of_name.setdefault(name, []).append(value)
    parts = [partial(_present, shape.shapes[name], own, operation) for name, own in of_name.items()]
    built = dict(zip(of_name, map(iter, await operation.reads.all(parts)), strict=True))
    return [next(built[name]) for name in names]


async def _given(plan: ObjectPlan, rows: Sequence[Any], operation: Operation) -> list[Json]:  # Any: whole rows
    return await build_rows(plan, given_rows(plan.columns, rows), operation)


async def _with_extras(
    plan: ObjectPlan, rows: Values, operation: Operation
) -> tuple[list[GivenRow], list[Any]]:  # Any: as ``related`` has it
    """The rows with one more column for each extra, which holds what stands in the response; and what belongs to each
    key of them, relation by relation.
    """
    extras: list[Branch] = [partial(_extra, extra, rows, operation) for extra in plan.extras]
    found = await operation.reads.all([*extras, *_relations(plan, rows, operation)])
    names, more = (*rows[0].keys(), *(extra.name for extra in plan.extras)), found[: len(extras)]
    wider = [GivenRow(names, (*row, *values)) for row, *values in zip(rows, *more, strict=True)]
    return wider, found[len(extras) :]


async def _extra(extra: Extra | Paged, rows: Values, operation: Operation) -> list[Json]:
    if isinstance(extra, Paged):
        return await nested_connections(extra, rows, operation, build_rows)
    values = [extra.function(operation, *(row[name] for name in extra.columns)) for row in rows]
    values = [await value if isawaitable(value) else value for value in values]
    return await complete(extra.shape, values, operation)


def given_rows(columns: tuple[str, ...], sources: Values) -> list[GivenRow]:
    """The sources as rows of just these columns; times that are asked for as text are written here."""
    names = _origins(columns)
    return [
        GivenRow(columns, tuple(_time(source[name]) if printed else source[name] for name, printed in names))
        for source in sources
    ]


@lru_cache(maxsize=1000)
def _origins(columns: tuple[str, ...]) -> tuple[tuple[str, bool], ...]:
    """For each column the one of the source that it is made of, and whether it is written as text."""
    origins = [(column, unprinted(column)) for column in columns]
    return tuple((origin or column, origin is not None) for column, origin in origins)


def _time(value: Any) -> str | None:  # Any: a time, or nothing
    return None if value is None else write_time(value)


def _check(is_type: IsType | None, values: Values) -> None:
    if is_type is not None and not all(is_type(value) is True for value in values):
        raise Unsupported("type")
