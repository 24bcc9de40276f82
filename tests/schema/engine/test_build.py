"""Building: rows become objects, and nothing of a document becomes code."""

from typing import Any

import pytest

from schema.engine.build import BUILDERS_KEPT, builder_of
from schema.engine.plan import Fixed, Inline, Leaf, ObjectPlan, Part, Unsupported

HOSTILE = ["import", "None", 'x": __import__("os"), "', "k0", "c0", "v", "rows", "\n", "é"]


def _objects(fields: dict[str, Part], *rows: tuple[Any, ...]) -> list[dict[str, Any]]:  # Any: column values, JSON
    plan = ObjectPlan(tuple(fields.items()))
    return builder_of(plan, plan.columns)(rows)


@pytest.mark.parametrize("key", HOSTILE)
def test_a_response_key_is_never_code(key: str) -> None:
    fields: dict[str, Part] = {key: Leaf(("a",), nullable=False), "more": Leaf(("b",), nullable=False)}
    assert _objects(fields, (1, 2)) == [{key: 1, "more": 2}]


@pytest.mark.parametrize("column", HOSTILE)
def test_a_column_is_never_code(column: str) -> None:
    assert _objects({"a": Leaf((column,), nullable=True)}, (1,)) == [{"a": 1}]


def test_keys_stand_in_the_order_of_the_plan() -> None:
    fields: dict[str, Part] = {
        "z": Leaf(("a",), nullable=True),
        "a": Fixed("Order"),
        "m": Inline((("y", Leaf(("b",), nullable=True)), ("b", Fixed(None)))),
    }
    (built,) = _objects(fields, (1, 2))
    assert list(built) == ["z", "a", "m"]
    assert list(built["m"].items()) == [("y", 2), ("b", None)]


def test_a_prefix_stands_before_its_column() -> None:
    assert _objects({"id": Leaf(("id",), nullable=False, prefix="ord_")}, ("1",)) == [{"id": "ord_1"}]


def test_a_value_of_several_columns_is_written_from_them_in_their_order() -> None:
    leaf = Leaf(("b", "a"), nullable=False, write=lambda b, a: f"{b}-{a}")
    assert _objects({"x": Leaf(("a",), nullable=False), "y": leaf}, (1, 2)) == [{"x": 1, "y": "2-1"}]


@pytest.mark.parametrize("write", [None, lambda value: value])
def test_a_null_where_none_may_be_gives_the_run_up(write: Any) -> None:  # Any: a function or none
    with pytest.raises(Unsupported):
        _objects({"a": Leaf(("a",), nullable=False, write=write)}, (1,), (None,))


@pytest.mark.parametrize("write", [None, lambda value: value])
@pytest.mark.parametrize("nullable", [True, False])
def test_a_whole_number_beyond_32_bits_gives_the_run_up(nullable: bool, write: Any) -> None:  # Any: a function or none
    leaf = Leaf(("a",), nullable, write, whole=True)
    assert _objects({"a": leaf}, (2**31 - 1,)) == [{"a": 2**31 - 1}]
    with pytest.raises(Unsupported):
        _objects({"a": leaf}, (2**31,))


def test_a_builder_is_made_once_for_the_same_columns() -> None:
    plan = ObjectPlan((("a", Leaf(("a",), nullable=True)),))
    assert builder_of(plan, ["a"]) is builder_of(plan, ["a"])
    assert builder_of(plan, ["a", "b"]) is not builder_of(plan, ["a"])


def test_few_builders_are_kept_however_many_columns_the_rows_come_with() -> None:
    plan = ObjectPlan((("a", Leaf(("a",), nullable=False)),))
    for number in range(100):
        assert builder_of(plan, ("a", f"more{number}"))([(number, 0)]) == [{"a": number}]
        assert len(plan.builders) <= BUILDERS_KEPT
