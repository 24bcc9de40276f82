"""What operations cost: before they run by what they ask for, afterwards by what was answered."""

import json
from typing import Any

import pytest

from auth.permissions import PermissionSet
from db.event_cursors import EventCursorCodec
from db.pages import CursorCodec
from schema.cost import _answered
from schema.documents import Document, DocumentCache
from schema.execute import Answer, Gateway, OperationRequest
from schema.limits import Limits
from schema.meter import Cost, Meter
from schema.reference import Reference
from schema.weights import UNIT
from tests.support.executors import CORE, Executors, facts_of
from tests.support.facts import CREATE, ids_of
from tests.support.operations import Operations
from tests.support.world import KEY, World

METER, REFERENCE = Meter(CORE, Limits()), Reference(CORE)
DOCUMENTS = DocumentCache(CORE, Limits(), hide_suggestions=False)
ITEMS = "nodes { id total { amount } customer { name } items { sku product { name } } }"
NESTED = (
    f"query ($first: Int, $last: Int) {{ orders(first: $first, last: $last) {{ {ITEMS} pageInfo {{ endCursor }} }} }}"
)


def prepared(document: str) -> Document:
    found = DOCUMENTS.get(document)
    assert isinstance(found, Document), found
    return found


def cost_of(document: str, variables: dict[str, Any] | None = None, *grants: str) -> Cost:  # Any: JSON
    found = prepared(document)
    executor = REFERENCE.prepare(found, found.operation(None), variables or {})  # type: ignore[arg-type]  # it has one
    assert not isinstance(executor, list), executor
    return METER.cost_of(found, executor, PermissionSet.of(grants))


@pytest.mark.parametrize(
    ("document", "cost"),
    [
        ("{ __typename }", 1),
        ("{ viewer { roles } }", 2),
        ("{ orders { totalCount } }", 12),
        ("{ orders { nodes { id total { amount } } } }", 27),
        ("{ orders(first: 10) { nodes { id } } }", 12),
        ("{ orders(last: 10) { edges { cursor node { id } } pageInfo { endCursor } } }", 12),
        ("{ orders(first: 10) { nodes { id } nodes { number } } }", 12),
        ("{ orders(first: 10) { nodes { id } edges { node { id } } } }", 22),
        ("{ orders(first: 10) { nodes { ...A ...A } } } fragment A on Order { customer { id } }", 22),
        ("{ a: orders(first: 10) { nodes { id } } b: orders(first: 5) { nodes { id } } }", 18),
        ("{ orders(first: 10) { nodes { items { sku } } } }", 12 + 98),
        ("{ orders(first: 10, last: 20) { nodes { id } } }", 22),
        ("{ orders(first: 9999) { nodes { id } } }", 502),
        ("{ orders(first: -5) { nodes { id } } }", 2),
        ("{ orders(first: null) { nodes { id } } }", 27),
        ("{ customers(first: 10) { nodes { orders(first: 3) { nodes { id } } } } }", 12 + 10 * 4),
        ('{ node(id: "ord_0") { id } }', 2),
        ('{ node(id: "ord_0") { ... on Order { customer { id } } ... on Product { id } } }', 3),
        ('{ nodes(ids: ["a", "b"]) { id ... on Order { items { sku } } } }', 1 + 2 * 11 - 1 + 1),
        ("{ streams { nodes { user { id } } } }", 202),
        ("{ overview { days { orders } } }", 61),
        ("{ __schema { queryType { name } } }", 101),
        ('mutation { updateOrder(input: {id: "ord_0"}) { order { id } userErrors { code } } }', 13),
        ("subscription { orderEvents { id order { customer { id } } } }", 4),
        ("subscription { ordersLive(first: 10) { snapshot { nodes { id } } changes { node { id } } } }", 33),
    ],
)
def test_an_operation_costs_the_objects_that_it_may_answer(document: str, cost: int) -> None:
    assert cost_of(document).requested == cost


@pytest.mark.parametrize(
    ("variables", "rows"),
    [({}, 25), ({"first": 10}, 10), ({"last": 4}, 4), ({"first": 4, "last": 10}, 10), ({"first": None}, 25)],
)
def test_a_page_may_be_sized_by_variables(variables: dict[str, Any], rows: int) -> None:  # Any: JSON
    of_row = 2 + 49 * 1.2
    assert cost_of(NESTED, variables).requested == -(-(2 + rows * of_row) // 1)


def test_a_variable_s_own_default_counts_where_it_is_left_out() -> None:
    document = "query ($first: Int = 7) { orders(first: $first) { nodes { id } } }"
    assert (cost_of(document).requested, cost_of(document, {"first": 3}).requested) == (9, 5)


def test_a_list_of_ids_counts_as_long_as_it_is() -> None:
    document = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    assert cost_of(document, {"ids": ["ord_0"] * 30}).requested == 31
    assert cost_of(document, {"ids": "ord_0"}).requested == 2


@pytest.mark.parametrize(("included", "cost"), [(True, 52), (False, 27)])
def test_what_is_not_included_costs_nothing(included: bool, cost: int) -> None:
    document = "query ($v: Boolean!) { orders { nodes { id customer @include(if: $v) { id } } } }"
    assert cost_of(document, {"v": included}).requested == cost


def test_a_document_is_measured_once() -> None:
    document = "{ orders(first: 11) { nodes { id } } }"
    cost_of(document)
    measures = prepared(document).measures
    assert len(measures) == 1
    assert cost_of(document).requested == 13
    assert len(measures) == 1


def test_pages_of_a_hundred_orders_with_all_of_it_are_within_the_usual_limit_and_of_five_hundred_for_an_export() -> (
    None
):
    viewer, exporter = cost_of(NESTED, {"first": 100}, "orders:read"), cost_of(NESTED, {"first": 500}, "export:run")
    assert not viewer.exceeds
    assert not exporter.exceeds
    assert cost_of(NESTED, {"first": 500}, "orders:read").exceeds
    assert (viewer.limit, exporter.limit) == (10_000, 60_000)


BOMB = f"{{ customers(first: 100) {{ nodes {{ orders(first: 100) {{ {ITEMS} }} }} }} }}"


async def test_what_costs_too_much_is_refused_and_says_how_much(world: World) -> None:
    async with world.statements() as seen:
        reply = await world.ask(BOMB)
    assert (reply.code, reply.codes, reply.data) == ("COST_LIMIT_EXCEEDED", ["COST_LIMIT_EXCEEDED"], None)
    extensions = reply.errors[0]["extensions"]
    assert (extensions["requested"], extensions["limit"]) == (cost_of(BOMB).requested, 60_000)
    assert seen == []


async def refused(world: World, limits: Limits, document: str, variables: dict[str, Any]) -> bool:  # Any: JSON
    """Whether it is for its cost that a gateway with these limits does not run it."""
    gateway = Gateway(world.database, world.hub, CursorCodec([KEY]), EventCursorCodec([KEY], epoch=7), limits=limits)
    request = OperationRequest(document, variables, None, None, "r", allow_stream=True)
    answer = await gateway.answer(request, world.principal())
    return isinstance(answer, Answer) and answer.code == "COST_LIMIT_EXCEEDED" and gateway.groups.members == []


async def test_a_change_that_costs_too_much_changes_nothing(world: World) -> None:
    before, (customer,) = await world.count("orders"), await ids_of(world, "customers")
    variables = {"input": {"customerId": f"cus_{customer}", "currency": "EUR", "items": []}}
    assert await refused(world, Limits(cost=12, export_cost=12), CREATE, variables)
    assert await world.count("orders") == before


async def test_a_subscription_whose_events_cost_too_much_is_not_opened(world: World) -> None:
    document = f"subscription {{ ordersLive(first: 100) {{ snapshot {{ {ITEMS} }} changes {{ id }} }} }}"
    assert await refused(world, Limits(cost=1_000, export_cost=1_000), document, {})


async def test_both_executors_answers_cost_the_same_and_never_more_than_was_requested(world: World) -> None:
    operations = Operations(CORE, await facts_of(world, 7), 7)
    executors = Executors.of(world)
    ratios = []
    for _ in range(150):
        asked = operations.draw()
        bodies = [
            json.loads((await executors.ask(each, asked)).body) for each in (executors.compiled, executors.reference)
        ]
        if any(body.get("data") is None for body in bodies):
            continue
        document = prepared(asked.document)
        executor = REFERENCE.prepare(document, document.operation(asked.operation), dict(asked.variables))  # type: ignore[arg-type]  # it ran
        assert not isinstance(executor, list)
        cost = METER.cost_of(document, executor, None)
        one, other = (cost._measure.actual(body["data"]) for body in bodies)
        assert one == other <= cost.requested, asked
        assert one == -(-_answered(cost._measure._root, [bodies[0]["data"]]) // UNIT), asked
        ratios.append(cost.requested / one)
    assert len(ratios) > 50
    assert sorted(ratios)[len(ratios) // 2] <= 5


async def test_the_answer_tells_what_it_cost_by_the_rows_that_there_were(world: World) -> None:
    reply = await world.ask(NESTED, {"first": 10}, cost="report")
    rows = reply.data["orders"]["nodes"]
    items = sum(len(row["items"]) for row in rows)
    assert reply.body["extensions"]["cost"] == {
        "requested": 610,
        "actual": -(-(2 + 2 * len(rows) + 1.2 * items) // 1),
        "limit": 60_000,
    }


async def test_what_would_be_is_told_and_nothing_runs(world: World) -> None:
    before = await world.count("orders")
    create = "mutation ($input: CreateOrderInput!) { createOrder(input: $input) { order { id } } }"
    async with world.statements() as seen:
        read = await world.ask(NESTED, {"first": 10}, cost="validate")
        change = await world.ask(
            create, {"input": {"customerId": "cus_0", "currency": "EUR", "items": []}}, cost="validate"
        )
        dear = await world.ask(BOMB, cost="validate")
    assert read.body == {"data": None, "extensions": {"cost": {"requested": 610, "limit": 60_000}}}
    assert change.body["extensions"]["cost"]["requested"] == 13
    assert dear.codes == ["COST_LIMIT_EXCEEDED"]
    assert seen == []
    assert await world.count("orders") == before


async def test_an_answer_without_data_cost_what_was_requested(world: World) -> None:
    assert cost_of(NESTED, {"first": 10}).actual(None) == 610


async def test_nothing_denied_costs_anything(world: World) -> None:
    reply = await world.ask(
        "{ customers(first: 3) { nodes { orders { nodes { id } } } } }", cost="report", caller="viewer"
    )
    assert reply.body["extensions"]["cost"]["actual"] <= reply.body["extensions"]["cost"]["requested"]
