"""Builders: a level's rows to its objects, in one comprehension.

Generated, because a comprehension that unpacks a row into local names is twice as fast as closures per field (measured:
0.25 µs a row and field against 0.5). The text is made of positions alone: response keys, writers and prefixes are
constants in the function's namespace, so nothing of a document ever enters generated code.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any, NoReturn

from schema.engine.plan import Extra, Fixed, Inline, Joined, Leaf, ObjectPlan, Paged, Part, Relation, Unsupported

Builder = Callable[..., list[dict[str, Any]]]  # Any: JSON values and times
"""``build(rows, *relations, *masks)``: for each relation of the plan a mapping from key to what belongs there, for each
of its masks what puts it on.
"""
BUILDERS_KEPT = 4
"""Of a level, by the columns of its rows."""
CODES_KEPT = 256
"""Shapes of levels whose code is kept."""
SMALLEST, LARGEST = -(2**31), 2**31 - 1
EMPTY: list[object] = []


def builder_of(plan: ObjectPlan, columns: Sequence[str]) -> Builder:
    """The builder for rows with these columns, made once for the plan."""
    key = tuple(columns)
    found = plan.builders.get(key)
    if found is None:
        if len(plan.builders) >= BUILDERS_KEPT:  # an order chosen by a variable brings columns of its own
            plan.builders.clear()
        found = plan.builders[key] = _Writer(key, plan).builder()
    return found


@lru_cache(CODES_KEPT)
def _code(text: str) -> CodeType:
    """Compiled once for all plans of a shape: many documents differ in names alone, and none of those are in it."""
    return compile(text, "<plan>", "exec")


def _null() -> NoReturn:
    raise Unsupported("null")


class _Writer:
    def __init__(self, columns: tuple[str, ...], plan: ObjectPlan) -> None:
        self._plan = plan
        self._places = {name: f"c{index}" for index, name in enumerate(columns)}
        self._constants: dict[str, object] = {"null": _null, "EMPTY": EMPTY}
        self._relations: list[Relation] = []

    def builder(self) -> Builder:
        body = self._object(self._plan.fields)
        places = ", ".join(self._places.values()) + "," if self._places else "_"
        relations = "".join(f", r{index}" for index in range(len(self._relations)))
        masks = "".join(f", m{index}" for index in range(len(self._plan.masks)))
        text = f"def build(rows{relations}{masks}):\n    return [{body} for {places} in rows]"
        exec(_code(text), self._constants)  # noqa: S102  positions only: see above
        # Taken out: a function in the namespace that it holds is a ring, which outlives its plan.
        build: Any = self._constants.pop("build")  # Any: made just now
        made: Builder = build
        return made

    def _object(self, fields: Sequence[tuple[str, Part]]) -> str:
        return "{" + ", ".join(f"{self._constant(key)}: {self._value(part)}" for key, part in fields) + "}"

    def _value(self, part: Part) -> str:
        match part:
            case Fixed(value):
                return self._constant(value)
            case Inline(fields):
                return self._object(fields)
            case Joined():
                return self._joined(part)
            case Relation():
                return self._relation(part)
            case Leaf():
                return self._leaf(part)
            case Extra() | Paged():
                return self._places[part.name]

    def _joined(self, part: Joined) -> str:
        made = self._object(part.fields)
        if part.tells is None:
            return made
        return f"({made} if {self._places[part.tells]} is not None else {'None' if part.nullable else 'null()'})"

    def _relation(self, relation: Relation) -> str:
        self._relations.append(relation)
        name, key = f"r{len(self._relations) - 1}", self._places[relation.key]
        if relation.many:
            return f"{name}.get({key}, EMPTY)"
        return f"{name}.get({key})" if relation.nullable else f"{name}[{key}]"

    def _leaf(self, leaf: Leaf) -> str:
        places = [self._places[name] for name in leaf.columns]
        if leaf.prefix is not None:
            return f"{self._constant(leaf.prefix)} + {places[0]}"
        if leaf.write is None and leaf.mask is None:
            return self._checked(leaf, places[0], places[0])
        written = places[0] if leaf.write is None else f"{self._constant(leaf.write)}({', '.join(places)})"
        if leaf.mask is not None:
            written = f"m{self._plan.masks.index(leaf.mask)}({written})"
        return self._checked(leaf, f"(v := {written})", "v")

    @staticmethod
    def _checked(leaf: Leaf, value: str, again: str) -> str:
        """The value where the field's type takes it; else the run is given up."""
        fits = f"{SMALLEST} <= {again} <= {LARGEST}" if leaf.whole else ""
        if leaf.nullable:
            return f"({again} if {value} is None or {fits} else null())" if fits else value
        return f"({again} if {value} is not None{fits and f' and {fits}'} else null())"

    def _constant(self, value: object) -> str:
        name = f"k{len(self._constants)}"
        self._constants[name] = value
        return name
