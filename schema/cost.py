"""What an operation costs: the objects that it may answer, each by its weight, before it runs; and by the lists that it
did answer, afterwards.

A document's operation is measured once, for what its ``@skip`` and ``@include`` read. The measure holds only what
weighs anything, and is used twice: as a function of the variables that size its lists (``requested``), and as a walk
through the finished data (``actual``), whoever executed it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.collect_fields import FieldDetails, collect_fields, collect_subfields

from schema.list_sizes import Amount, Sizes, Values, size_of, sizes_below
from schema.reference import Execution
from schema.weights import UNIT, Weights

INTROSPECTION = 100 * UNIT
"""What a look at the schema weighs: it reads no row, but takes as long as a hundred."""
Data = Any
"""JSON."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A field that weighs something: by its response key. ``size`` None: it is no list."""

    key: str
    weight: int
    size: Amount | None = None
    below: "tuple[Level, ...]" = ()
    """The object that it leads to; of an abstract type one for each that it can be."""
    whole: bool = False
    """Whether none of it is ever null where its parent is none."""
    weight_of_item: int | None = field(init=False)
    """Of a list of which no item is null and all weigh the same; None: they have to be looked at."""

    def __post_init__(self) -> None:
        alike = self.size is not None and self.plain and self.whole
        object.__setattr__(self, "weight_of_item", self.below[0].weight if alike else None)

    @property
    def plain(self) -> bool:
        """Whether what it leads to weighs the same whatever it is."""
        return len(self.below) == 1 and not self.below[0].parts


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """An object: what it weighs itself with what comes with each such object, and the other fields that weigh
    something.
    """

    weight: int
    parts: tuple[Part, ...]
    keys: frozenset[str]
    """All its response keys."""


class Measure:
    """An operation's."""

    def __init__(self, root: Level) -> None:
        self._root = root
        self._requested = amount = _of_level(root)
        self.fixed = -(-amount // UNIT) if isinstance(amount, int) else None
        """What it may cost whatever the variables are; None where they tell."""
        self.size = _count(root)

    def requested(self, values: Values) -> int:
        """What it may cost with these variables."""
        thousandths = self._requested if isinstance(self._requested, int) else self._requested(values)
        return -(-thousandths // UNIT)

    def actual(self, data: Data) -> int:
        """What this much data cost."""
        return -(-_answered_by_one(self._root, data) // UNIT)


def measure_operation(schema: GraphQLSchema, weights: Weights, executor: Execution) -> Measure:
    """The measure of an operation, for the executor's values of the variables that ``@skip`` and ``@include`` read."""
    return Measure(_Measurer(schema, weights, executor).root())


Groups = Mapping[str, list[FieldDetails]]


class _Measurer:
    def __init__(self, schema: GraphQLSchema, weights: Weights, executor: Execution) -> None:
        self._schema = schema
        self._weights = weights
        self._executor = executor

    def root(self) -> Level:
        executor = self._executor
        root = self._schema.get_root_type(executor.operation.operation)
        if root is None:
            raise RuntimeError("an operation without a root type is not valid")
        found = collect_fields(self._schema, executor.fragments, executor.variable_values, root, executor.operation)
        return self._level(root, found.grouped_field_set, {})

    def _level(self, parent: GraphQLObjectType, groups: Groups, sizes: Sizes) -> Level:
        weight, parts = self._weights.of_type(parent.name), []
        for key, group in groups.items():
            part = self._part(parent, key, group, sizes)
            if part is not None and part.whole and part.size is None and (part.plain or not part.below):
                weight += part.weight + sum(level.weight for level in part.below)
            elif part is not None:
                parts.append(part)
        return Level(weight, tuple(parts), frozenset(groups))

    def _part(self, parent: GraphQLObjectType, key: str, group: list[FieldDetails], sizes: Sizes) -> Part | None:
        node = group[0].node
        name = node.name.value
        if name.startswith("__"):
            return None if name == "__typename" else Part(key, INTROSPECTION)
        definition = self._schema.get_field(parent, name)
        if definition is None:
            raise RuntimeError("a field that the schema does not have is not valid")
        stated = self._weights.of_field(parent.name, name)
        below = self._below(definition, group, sizes_below(name, sizes, stated.size, definition, node))
        if not stated.weight and not any(level.weight or level.parts for level in below):
            return None
        size = size_of(name, sizes, stated.size, definition, node)
        return Part(key, stated.weight, size, below, _is_whole(definition.type))

    def _below(self, definition: GraphQLField, group: list[FieldDetails], sizes: Sizes) -> tuple[Level, ...]:
        named: Any = get_named_type(definition.type)  # Any: an output type
        if is_leaf_type(named):
            return ()
        kinds = self._schema.get_possible_types(named) if is_abstract_type(named) else [named]
        return tuple(self._level(kind, self._groups(kind, group), sizes) for kind in kinds)

    def _groups(self, kind: GraphQLObjectType, group: list[FieldDetails]) -> Groups:
        executor = self._executor
        return collect_subfields(
            self._schema, executor.fragments, executor.variable_values, executor.operation, kind, group
        ).grouped_field_set


def _is_whole(kind: Any) -> bool:  # Any: an output type
    if not is_non_null_type(kind):
        return False
    inner = get_nullable_type(kind)
    return not is_list_type(inner) or is_non_null_type(inner.of_type)


def _of_level(level: Level) -> Amount:
    return _sum([level.weight, *map(_of_part, level.parts)])


def _of_part(part: Part) -> Amount:
    below = _greatest([_of_level(level) for level in part.below])
    return _sum([part.weight, below if part.size is None else _product(part.size, below)])


def _sum(amounts: Sequence[Amount]) -> Amount:
    known = sum(amount for amount in amounts if isinstance(amount, int))
    asked = [amount for amount in amounts if not isinstance(amount, int)]
    match asked:
        case []:
            return known
        case [only]:
            return (lambda values: known + only(values)) if known else only
        case _:
            return lambda values: known + sum(amount(values) for amount in asked)


def _product(size: Amount, amount: Amount) -> Amount:
    if isinstance(size, int):
        return size * amount if isinstance(amount, int) else lambda values: size * amount(values)
    return (
        (lambda values: size(values) * amount)
        if isinstance(amount, int)
        else lambda values: size(values) * amount(values)
    )


def _greatest(amounts: Sequence[Amount]) -> Amount:
    known = max((amount for amount in amounts if isinstance(amount, int)), default=0)
    asked = [amount for amount in amounts if not isinstance(amount, int)]
    match asked:
        case []:
            return known
        case [only]:
            return (lambda values: max(known, only(values))) if known else only
        case _:
            return lambda values: max(known, *(amount(values) for amount in asked))


def _count(level: Level) -> int:
    return 1 + sum(1 + sum(map(_count, part.below)) for part in level.parts)


def _answered_by_one(level: Level, found: Data) -> int:
    """What this object costs, in thousandths."""
    cost = level.weight
    for part in level.parts:
        value = found.get(part.key)
        if value is None:
            continue
        cost += part.weight
        if part.weight_of_item is not None:
            cost += part.weight_of_item * len(value)
        elif part.size is None and len(part.below) == 1:
            cost += _answered_by_one(part.below[0], value)
        elif part.below:
            cost += _answered_below(part, [value])
    return cost


def _answered(level: Level, objects: Sequence[Data]) -> int:
    """What these objects cost, in thousandths."""
    found = level.weight * len(objects)
    for part in level.parts:
        values = [value for each in objects if (value := each.get(part.key)) is not None]
        found += part.weight * len(values)
        if part.weight_of_item is not None:
            found += part.weight_of_item * sum(map(len, values))
        elif values and part.below:
            found += _answered_below(part, values)
    return found


def _answered_below(part: Part, values: Sequence[Data]) -> int:
    """What they lead to costs."""
    if part.size is not None:
        values = [item for value in values for item in value if item is not None]
    return _answered(part.below[0], values) if len(part.below) == 1 else _of_kinds(part.below, values)


def _of_kinds(levels: Sequence[Level], objects: Sequence[Data]) -> int:
    """An object of an abstract type counts as the dearest of those that it can be, by its keys."""
    return sum(
        max((_answered(level, [each]) for level in levels if level.keys == each.keys()), default=0) for each in objects
    )
