"""Relations that are read with the level above: when they may be, and what becomes of a row that is missing."""

from typing import Any

import pytest

from db.joins import through
from schema.engine.build import builder_of
from schema.engine.joins import WIDEST, joined
from schema.engine.plan import Fixed, Inline, Joined, Leaf, ObjectPlan, Part, Relation, Unsupported

NAME, ID = Leaf(("name",), nullable=False), Leaf(("id",), nullable=False, prefix="cus_")
Fields = tuple[tuple[str, Part], ...]


async def never(*_: object) -> dict[str, Any]:  # Any: rows
    raise AssertionError("nobody calls it")


def relation(*fields: tuple[str, Part], nullable: bool = False) -> Relation:
    return Relation(never, "owner", many=False, nullable=nullable, plan=ObjectPlan(fields))


def built(part: Joined | None, *rows: tuple[Any, ...]) -> list[Any]:  # Any: column values, JSON
    assert part is not None
    plan = ObjectPlan((("owner", part),))
    return [row["owner"] for row in builder_of(plan, plan.columns)(rows)]


def test_its_columns_are_asked_for_through_the_key_and_its_id_is_the_key() -> None:
    part = joined(relation(("id", ID), ("name", NAME)))
    assert part is not None
    assert ObjectPlan((("owner", part),)).columns == ("owner", through("owner", "name"))
    assert built(part, ("1", "Ada")) == [{"id": "cus_1", "name": "Ada"}]


def test_a_missing_row_gives_the_run_up_where_none_may_be() -> None:
    with pytest.raises(Unsupported):
        built(joined(relation(("name", NAME))), ("1", None))


def test_a_missing_row_is_told_by_its_id_where_no_field_would_tell() -> None:
    part = joined(relation(("note", Leaf(("note",), nullable=True))))
    assert part is not None
    assert part.tells == through("owner", "id")
    assert built(part, ("1", "1", None)) == [{"note": None}]
    with pytest.raises(Unsupported):
        built(part, ("1", None, None))


def test_a_missing_row_is_null_where_it_may_be() -> None:
    part = joined(relation(("id", ID), ("name", NAME), nullable=True))
    assert built(part, ("1", "1", "Ada"), ("1", None, None), (None, None, None)) == [
        {"id": "cus_1", "name": "Ada"},
        None,
        None,
    ]


def test_parts_of_the_row_and_fixed_values_come_along() -> None:
    price = Inline((("amount", Leaf(("price",), nullable=False)),))
    part = joined(relation(("__typename", Fixed("Person")), ("price", price), ("name", NAME)))
    assert built(part, ("1", 5, "Ada")) == [{"__typename": "Person", "price": {"amount": 5}, "name": "Ada"}]


def test_what_has_relations_of_its_own_is_called_for() -> None:
    assert joined(relation(("name", NAME), ("friend", relation(("name", NAME))))) is None


def test_a_wide_row_is_called_for() -> None:
    wide = [(f"f{index}", Leaf((f"c{index}",), nullable=False)) for index in range(WIDEST + 1)]
    assert joined(relation(*wide)) is None
    assert joined(relation(*wide[1:])) is not None
