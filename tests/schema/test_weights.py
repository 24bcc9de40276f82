"""What the schema weighs: stated where fields are declared, printed, and nowhere forgotten."""

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type, get_nullable_type, is_abstract_type, is_list_type

from schema.root import schema, sdl
from schema.weights import UNIT, Weights

CORE = schema()._schema
WEIGHTS = Weights(CORE)


def weighty(kind: Any, seen: frozenset[str] = frozenset()) -> bool:  # Any: an output type
    """Whether an object of the type, or anything below it, weighs anything."""
    if is_abstract_type(kind):
        return any(weighty(each, seen) for each in CORE.get_possible_types(kind))
    if not isinstance(kind, GraphQLObjectType) or kind.name in seen:
        return False
    below = (get_named_type(each.type) for each in kind.fields.values())
    return WEIGHTS.of_type(kind.name) > 0 or any(weighty(each, seen | {kind.name}) for each in below)


def lists() -> Iterator[str]:
    """The lists of the schema whose items weigh something."""
    for name, kind in CORE.type_map.items():
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__"):
            for field, each in kind.fields.items():
                if is_list_type(get_nullable_type(each.type)) and weighty(get_named_type(each.type)):
                    yield f"{name}.{field}"


def sized_by_others() -> set[str]:
    """Lists that a field above says the size of."""
    found: set[str] = set()
    for name, kind in CORE.type_map.items():
        for field, each in kind.fields.items() if isinstance(kind, GraphQLObjectType) else ():
            size = WEIGHTS.of_field(name, field).size
            for path in (size.sized_fields or ()) if size is not None else ():
                parent: Any = get_named_type(each.type)  # Any: an object type
                *way, last = path.split(".")
                for step in way:
                    parent = get_named_type(parent.fields[step].type)
                assert is_list_type(get_nullable_type(parent.fields[last].type)), f"{name}.{field}: {path}"
                found.add(f"{parent.name}.{last}")
    return found


def test_every_list_of_something_that_weighs_says_how_long_it_is() -> None:
    stated = {coordinate for coordinate in lists() if WEIGHTS.of_field(*coordinate.split(".")).size is not None}
    assert sorted(set(lists()) - stated - sized_by_others()) == []


def test_whatever_slices_a_list_is_an_argument_of_it() -> None:
    for name, kind in CORE.type_map.items():
        for field, each in kind.fields.items() if isinstance(kind, GraphQLObjectType) else ():
            size = WEIGHTS.of_field(name, field).size
            assert set((size.slicing_arguments or ()) if size is not None else ()) <= each.args.keys()


@pytest.mark.parametrize(
    ("name", "weight"), [("Order", 1.0), ("OrderItem", 0.2), ("Money", 0), ("OrderEdge", 0), ("PageInfo", 0)]
)
def test_a_type_weighs_one_unless_it_says_otherwise(name: str, weight: float) -> None:
    assert WEIGHTS.of_type(name) == weight * UNIT


def test_a_field_weighs_nothing_unless_it_says_so() -> None:
    assert WEIGHTS.of_field("Order", "number").weight == 0
    assert WEIGHTS.of_field("OrderConnection", "totalCount").weight == 10 * UNIT


def test_every_change_weighs_something() -> None:
    mutations = CORE.mutation_type
    assert mutations is not None
    assert {WEIGHTS.of_field("Mutation", name).weight for name in mutations.fields} == {10 * UNIT}


def test_the_printed_schema_says_all_of_it() -> None:
    text = sdl()
    assert 'type OrderItem @cost(weight: "0.2") {' in text
    assert "items: [OrderItem!]! @listSize(assumedSize: 49)" in text
    assert 'slicingArguments: ["first", "last"], sizedFields: ["nodes", "edges"]' in text
