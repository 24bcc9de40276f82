"""Compiling: what becomes of fragments, aliases and conditions, and what is left to the reference."""

import pytest

from schema.engine.compile import compile_operation
from schema.engine.plan import Fixed, Unsupported
from schema.engine.roots import Plan, RootById
from tests.support.library import SHELF, Desk, Library


def _plan(text: str, **variables: bool) -> Plan:
    desk = Desk(Library())
    return compile_operation(desk.core, desk.executor(text, dict(variables)), {}, desk.arguments)


def _shelf(selections: str, **variables: bool) -> RootById:
    head = f"query({', '.join(f'${name}: Boolean!' for name in variables)})" if variables else ""
    text = f'{head} {{ shelf(id: "{SHELF}") {{ {selections} }} }}'
    (_, root), *_ = _plan(text, **variables).fields
    assert isinstance(root, RootById)
    return root


def test_columns_are_those_of_the_selected_fields_and_the_keys_of_relations() -> None:
    root = _shelf("label books { price { amount text } author { name } }")
    assert root.plan.columns == ("label", "id")
    assert root.plan.relations[0].plan.columns == ("price", "author")


def test_a_column_that_two_fields_read_is_asked_for_once() -> None:
    assert _shelf("books { pages sheets more: pages }").plan.relations[0].plan.columns == ("pages",)


def test_selections_of_one_key_are_merged_in_the_order_of_the_first() -> None:
    root = _shelf("owner { name } label ... on Shelf { owner { other: name } label }")
    assert [key for key, _ in root.plan.fields] == ["owner", "label"]
    assert [key for key, _ in root.plan.relations[0].plan.fields] == ["name", "other"]


def test_two_keys_of_one_relation_are_two_relations() -> None:
    assert len(_shelf("owner { name } also: owner { name }").plan.relations) == 2


@pytest.mark.parametrize(("on", "keys"), [(True, ["label"]), (False, ["height"])])
def test_conditions_are_settled_in_the_plan(on: bool, keys: list[str]) -> None:
    root = _shelf("label @include(if: $on) height @skip(if: $on)", on=on)
    assert [key for key, _ in root.plan.fields] == keys


def test_the_name_of_a_type_is_a_constant() -> None:
    assert _shelf("__typename").plan.fields == (("__typename", Fixed("Shelf")),)


def test_a_denied_field_is_a_null_with_its_place() -> None:
    desk = Desk(Library(), {"Shelf.label": "labels:read"})
    plan = compile_operation(
        desk.core, desk.executor(f'{{ shelf(id: "{SHELF}") {{ label height }} }}'), desk.denied, desk.arguments
    )
    assert [(part.coordinate, part.permission, part.keys) for part in plan.denied] == [
        ("Shelf.label", "labels:read", ("shelf", "label"))
    ]
    (_, root), *_ = plan.fields
    assert isinstance(root, RootById)
    assert root.plan.columns == ("height",)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{ closed }", "resolver"),
        ("{ __schema { description } }", "introspection"),
    ],
)
def test_what_it_cannot_do_exactly_is_named(text: str, reason: str) -> None:
    with pytest.raises(Unsupported) as caught:
        _plan(text)
    assert caught.value.reason == reason
