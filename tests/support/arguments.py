"""Values for the arguments of the real schema: some that match rows, some that miss, a few that are malformed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    get_nullable_type,
    is_non_null_type,
    is_required_input_field,
)

Json = Any
"""A value as JSON holds it."""


@dataclass(slots=True)
class Facts:
    """What really stands in a tenant's tables: values by input field (``OrderWhere.number``) or by argument, words to
    search, and cursors of real pages.
    """

    values: Mapping[str, list[str]]
    words: list[str]
    lists: dict[str, list[dict[str, Json]]] = field(default_factory=dict)
    """By root field: arguments of lists that were really read, with the cursors of their rows as ``cursors``."""


_MISSES: Mapping[str, tuple[str, ...]] = {
    "ID": ("ord_01890000000070008000000000000000", "cus_01890000000070008000000000000000"),
    "String": ("nothing is called this", "", "é", '"quoted\\'),
    "Decimal": ("0", "12.50", "1e2", "-3", "99999999"),
    "DateTime": ("1999-01-01T00:00:00Z", "2999-12-31T23:59:59.999999+02:00"),
}
_MALFORMED: Mapping[str, tuple[Json, ...]] = {
    "ID": ("ord_", "xyz", "prd_zz", ""),
    "String": ("\x00", 7),
    "Decimal": ("twelve", 3, "1.234567"),
    "DateTime": ("yesterday", "2026-01-01T00:00:00"),
    "Boolean": ("yes",),
    "Int": (2**40, "3", 1.5),
}


class Values:
    """Draws values of input types. ``malformed`` is the share of leaves that fit no column."""

    def __init__(self, random: Random, facts: Facts, malformed: float = 0.01) -> None:
        self._random = random
        self._facts = facts
        self._malformed = malformed

    def of(self, kind: Any, name: str, depth: int = 0) -> Json:  # Any: an input type
        """A value for the input field or argument of that name."""
        random = self._random
        if not is_non_null_type(kind) and random.random() < 0.03:
            return None
        kind = get_nullable_type(kind)
        if isinstance(kind, GraphQLList):
            return [self.of(kind.of_type, name, depth + 1) for _ in range(random.choice((0, 1, 1, 2, 3)))]
        if isinstance(kind, GraphQLEnumType):
            return random.choice(list(kind.values))
        if isinstance(kind, GraphQLInputObjectType):
            return self._object(kind, name, depth)
        return self._leaf(kind.name, name)

    def _object(self, kind: GraphQLInputObjectType, name: str, depth: int) -> Json:
        names = [each for each in kind.fields if depth < 3 or each not in {"and", "or", "not"}]
        wanted = {each for each in names if is_required_input_field(kind.fields[each])}
        wanted.update(self._random.sample(names, min(len(names), self._random.choice((1, 1, 1, 2, 3)))))
        operator = kind.name.endswith("Filter")
        return {
            each: self.of(kind.fields[each].type, name if operator else f"{kind.name}.{each}", depth + 1)
            for each in kind.fields
            if each in wanted
        }

    def _leaf(self, kind: str, name: str) -> Json:
        random = self._random
        if random.random() < self._malformed and kind in _MALFORMED:
            return random.choice(_MALFORMED[kind])
        if kind == "Boolean":
            return random.random() < 0.5
        if kind == "Int":
            return random.randrange(6)
        if random.random() < 0.7 and (known := self._facts.values.get(name)):
            return random.choice(known)
        return random.choice(_MISSES.get(kind, ("",)))

    def page(self, name: str, args: Mapping[str, Any]) -> dict[str, Json]:  # Any: GraphQL arguments
        """The arguments of a root list: which rows, in which order, and how many of them from where."""
        random, chosen = self._random, {}
        known = self._facts.lists.get(name)
        if known and random.random() < 0.3:
            read = random.choice(known)
            chosen = {key: value for key, value in read.items() if key != "cursors"}
            for side in ("after", "before"):
                if read["cursors"] and random.random() < 0.6:
                    chosen[side] = random.choice(read["cursors"])
        else:
            chosen = self.list(args)
            if random.random() < 0.1:
                chosen["offset"] = random.choice((0, 1, 7, 10_000, 10_001, -1, None))
            if random.random() < 0.02:
                chosen["after"] = random.choice(("", "nonsense", "AAAA", None))
        size = random.choice((0, 1, 1, 2, 2, 3, 4))
        chosen[random.choice(("first", "first", "first", "last"))] = size
        if random.random() < 0.02:
            chosen |= random.choice(({"first": -1}, {"first": 101}, {"first": 1, "last": 1}, {"last": None}))
        return {key: value for key, value in chosen.items() if key in args}

    def list(self, args: Mapping[str, Any]) -> dict[str, Json]:  # Any: GraphQL arguments
        """The arguments that say which rows a list has, and in which order."""
        random = self._random
        chosen: dict[str, Json] = {}
        if "where" not in args:
            return chosen
        if random.random() < 0.4:
            chosen["where"] = self.of(args["where"].type, "where")
        if random.random() < 0.4:
            chosen["orderBy"] = self.of(args["orderBy"].type, "orderBy")
        if "search" in args and random.random() < 0.2:
            chosen["search"] = random.choice((*self._facts.words, "nothingofthekind", " ", None, "ä b"))
        return chosen


def literal(kind: Any, value: Json) -> str:  # Any: an input type
    """The value as it is written in a document."""
    kind = get_nullable_type(kind)
    if value is None:
        return "null"
    if isinstance(kind, GraphQLList):
        items = value if isinstance(value, list) else [value]
        return "[" + ", ".join(literal(kind.of_type, item) for item in items) + "]"
    if isinstance(kind, GraphQLEnumType):
        return str(value)
    if isinstance(kind, GraphQLInputObjectType):
        return "{" + ", ".join(f"{key}: {literal(kind.fields[key].type, part)}" for key, part in value.items()) + "}"
    return json.dumps(value)
