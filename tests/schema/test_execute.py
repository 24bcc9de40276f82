"""The door: what refuses an operation before it runs, and what is never told."""

from typing import Any

import pytest
from structlog.testing import capture_logs

import db.customers
import db.orders
from db.errors import PoolExhausted, QueryTimeout
from tests.support.facts import CREATE, MOVE, UPDATE, Json, footprint, ids_of, new_order, shop_of
from tests.support.world import Reply, World

ORDERS = "query($first: Int, $where: OrderWhere, $after: String, $search: String) {" + (
    " orders(first: $first, where: $where, after: $after, search: $search) { nodes { id } } }"
)


def is_refusal(reply: Reply, code: str) -> bool:
    return reply.code == code and set(reply.codes) == {code} and "data" not in reply.body


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (None, "BAD_REQUEST"),
        ("", "BAD_REQUEST"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("\x00", "GRAPHQL_PARSE_FAILED"),
        ("{ viewer { roles } } \ud800", "GRAPHQL_PARSE_FAILED"),
        ('{ node(id: "\ud800") { id } ', "GRAPHQL_PARSE_FAILED"),
        ("{ ordrs { nodes { id } } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ orders { nodes } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query a { viewer { roles } } query b { viewer { roles } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ orders(first: 99999999999) { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ orders(first: " + "9" * 5_000 + ") { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
        ('{ orders(where: {createdAt: {gt: "25:00"}}) { totalCount } }', "GRAPHQL_VALIDATION_FAILED"),
        ('{ orders(where: {total: {gt: "NaN"}}) { totalCount } }', "GRAPHQL_VALIDATION_FAILED"),
        ('{ orders(orderBy: [{field: "TOTAL"}]) { totalCount } }', "GRAPHQL_VALIDATION_FAILED"),
        ("{ orders(where: {nots: {}}) { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ __typename" + " @include(if: true)" * 2_000 + " }", "QUERY_LIMIT_EXCEEDED"),
        ("{ orders { nodes " + "{ customer " * 20 + "{ id }" + "}" * 21 + " }", "QUERY_LIMIT_EXCEEDED"),
    ],
    ids=lambda value: ascii(value)[:50],
)
async def test_a_bad_document_is_refused_with_its_code(world: World, document: str | None, code: str) -> None:
    async with world.statements() as seen:
        assert is_refusal(await world.ask(document), code)
    assert seen == []


@pytest.mark.parametrize(
    "variables",
    [
        {"first": "10"},
        {"first": 1.5},
        {"first": 2**40},
        {"first": -(10**40)},
        {"first": True},
        {"first": []},
        {"after": 7},
        {"where": []},
        {"where": {"nots": {}}},
        {"where": {"nots\ud800": {}}},
        {"where": {"status": {"eq": "GONE"}}},
        {"where": {"status": {"eq": "\ud800"}}},
        {"where": {"total": {"gt": 12.5}}},
        {"where": {"total": {"gt": "1e400"}}},
        {"where": {"createdAt": {"gt": "2026-11-21T08:00:00"}}},
        {"where": {"createdAt": {"gt": "\ud800"}}},
        {"where": {"id": {"eq": {"a": "b"}}}},
        {"where": {"notes": {"isNull": "yes"}}},
    ],
    ids=lambda value: ascii(value)[:50],
)
async def test_a_bad_variable_refuses_the_whole_operation(world: World, variables: Json) -> None:
    async with world.statements() as seen:
        assert is_refusal(await world.ask(ORDERS, variables), "BAD_USER_INPUT")
    assert seen == []


HOSTILE = ["\x00", "a\x00b", "\ud800", "a\udfffb", "\ud800\x00"]
STRINGS: list[tuple[str, Any]] = [
    (ORDERS, lambda text: {"search": text}),
    (ORDERS, lambda text: {"search": f"a {text} b"}),
    (ORDERS, lambda text: {"after": text}),
    (ORDERS, lambda text: {"where": {"id": {"eq": text}}}),
    (ORDERS, lambda text: {"where": {"id": {"in": ["ord_" + text]}}}),
    (ORDERS, lambda text: {"where": {"customerId": {"eq": "cus_" + text}}}),
    *(
        (ORDERS, lambda text, name=name, operator=operator: {"where": {name: {operator: text}}})
        for name in ("number", "notes")
        for operator in ("eq", "ne", "contains", "startsWith")
    ),
    (ORDERS, lambda text: {"where": {"notes": {"in": ["a", text]}}}),
    (ORDERS, lambda text: {"where": {"not": {"or": [{"notes": {"eq": text}}]}}}),
]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
async def test_characters_that_text_cannot_hold_are_the_callers_mistake_or_match_nothing(
    world: World, text: str
) -> None:
    for document, variables in STRINGS:
        reply = await world.ask(document, variables(text))
        assert set(reply.codes) <= {"BAD_USER_INPUT"}, (variables(text), reply.body)
        if not reply.errors:
            assert "search" in variables(text), variables(text)


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
async def test_such_characters_in_a_mutation_write_nothing(world: World, text: str) -> None:
    order, draft = await new_order(world), (await shop_of(world)).draft()
    before = await footprint(world)
    replies = [
        await world.ask(CREATE, {"input": {**draft, "notes": text}}),
        await world.ask(UPDATE, {"input": {"id": order, "notes": text}}),
    ]
    assert [reply.codes for reply in replies] == [["BAD_USER_INPUT"]] * 2
    told = [
        await world.ask(CREATE, {"input": {**draft, "currency": text}}),
        await world.ask(CREATE, {"input": {**draft, "customerId": text}}),
        await world.ask(UPDATE, {"input": {"id": text, "notes": "x"}}),
        await world.ask(MOVE, {"input": {"id": "ord_" + text, "status": "CONFIRMED"}}),
    ]
    for reply in told:
        (payload,) = reply.data.values()
        assert payload["order"] is None
        assert len(payload["userErrors"]) == 1
    assert await footprint(world) == before


async def test_such_characters_in_an_operations_name_are_no_name(world: World) -> None:
    for text in HOSTILE:
        assert is_refusal(await world.ask("{ __typename }", operation=text), "GRAPHQL_VALIDATION_FAILED")


async def test_an_integer_of_five_thousand_digits_as_an_id_is_the_callers_mistake(world: World) -> None:
    reply = await world.ask("{ order(id: " + "9" * 5_000 + ") { id } }")
    assert reply.codes == ["BAD_USER_INPUT"]


@pytest.mark.parametrize(("name", "code"), [(None, "GRAPHQL_VALIDATION_FAILED"), ("c", "GRAPHQL_VALIDATION_FAILED")])
async def test_an_ambiguous_or_unknown_operation_is_refused(world: World, name: str | None, code: str) -> None:
    document = "query a { viewer { roles } } query b { viewer { tenant { slug } } }"
    assert is_refusal(await world.ask(document, operation=name), code)
    assert (await world.ask(document, operation="b")).data == {"viewer": {"tenant": {"slug": "acme"}}}


async def test_a_mutation_by_get_is_refused_and_writes_nothing(world: World) -> None:
    draft, before = (await shop_of(world)).draft(), await footprint(world)
    reply = await world.ask(CREATE, {"input": draft}, allow_mutation=False)
    assert is_refusal(reply, "BAD_REQUEST")
    assert reply.status == 405
    assert await footprint(world) == before


async def test_a_subscription_needs_a_stream(world: World) -> None:
    reply = await world.ask("subscription { orderEvents { id } }")
    assert is_refusal(reply, "BAD_REQUEST")
    assert reply.status == 406


@pytest.mark.parametrize(
    "document", ["{ ordrs { totalCount } }", "{ orders(frist: 1) { totalCount } }", "{ orders { totalCont } }"]
)
async def test_no_name_is_suggested_when_not_everybody_may_see_the_schema(world: World, document: str) -> None:
    for caller in (None, "admin"):
        reply = await world.ask(document, caller=caller)
        assert "Did you mean" not in str(reply.body)
    bad_enum = await world.ask(ORDERS, {"where": {"status": {"eq": "SHIPED"}}})
    assert "Did you mean" not in str(bad_enum.body)


class Secret(Exception):
    """What must not be seen."""


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (Secret("postgresql://user:password@host"), "INTERNAL_SERVER_ERROR"),
        (PoolExhausted("pool of host 10.0.0.1"), "OVERLOADED"),
        (QueryTimeout("select secret"), "OPERATION_TIMEOUT"),
        (TimeoutError("select secret"), "OPERATION_TIMEOUT"),
        (KeyError("secret"), "INTERNAL_SERVER_ERROR"),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_what_nobody_foresaw_is_masked_and_logged_once(
    world: World, monkeypatch: pytest.MonkeyPatch, raised: Exception, code: str
) -> None:
    async def failing(*_args: object) -> None:
        raise raised

    monkeypatch.setattr(db.orders, "page_of_orders", failing)
    with capture_logs() as logs:
        reply = await world.ask(ORDERS)
    assert reply.codes == [code]
    assert reply.errors[0]["extensions"]["requestId"] == "req-test"
    assert not any(word in str(reply.body) for word in ("password", "secret", "10.0.0.1", "Traceback", "Secret"))
    assert [entry["event"] for entry in logs] == (["unexpected_error"] if code == "INTERNAL_SERVER_ERROR" else [])
    if logs:
        assert logs[0]["exc_info"] is raised


async def test_a_failure_outside_of_any_field_is_masked_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_args: object) -> None:
        raise Secret

    monkeypatch.setattr(type(world.gateway.documents), "get", failing)
    with capture_logs() as logs:
        assert is_refusal(await world.ask(ORDERS), "INTERNAL_SERVER_ERROR")
    assert [entry["event"] for entry in logs] == ["unexpected_error"]


@pytest.mark.parametrize(
    "document",
    [
        "{ orders { nodes { id customer { orders(first: 1) { nodes { id } } } } } }",
        "query($ids: [ID!]!) { nodes(ids: $ids) { id } }",
    ],
)
async def test_one_failure_that_many_fields_meet_is_logged_once(
    world: World, monkeypatch: pytest.MonkeyPatch, document: str
) -> None:
    async def failing(*_args: object) -> None:
        raise Secret("of the database")

    ids = [f"cus_{id_}" for id_ in await ids_of(world, "customers", "acme", 20)]
    for name in ("rows_by_id", "rows_pointed_at"):
        monkeypatch.setattr(db.customers, name, failing)
    with capture_logs() as logs:
        reply = await world.ask(document, {"ids": ids})
    assert set(reply.codes) == {"INTERNAL_SERVER_ERROR"}
    assert [entry["event"] for entry in logs] == ["unexpected_error"]


TWICE = """mutation($first: UpdateOrderInput!, $second: UpdateOrderInput!) {
    updateOrder(input: $first) { order { notes } } again: updateOrder(input: $second) { order { notes } } }"""


@pytest.mark.parametrize("written", [0, 1])
async def test_nobody_is_told_to_send_again_what_wrote_something(
    world: World, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    one, other = [await new_order(world) for _ in range(2)]
    locked, lock = [], db.orders.lock_order

    async def failing(writer: Any, order_id: str) -> Any:  # Any: as the function itself
        locked.append(order_id)
        if len(locked) > written:
            raise PoolExhausted("none came free")
        return await lock(writer, order_id)

    monkeypatch.setattr(db.orders, "lock_order", failing)
    inputs = {"first": {"id": one, "notes": "written"}, "second": {"id": other, "notes": "lost"}}
    reply = await world.ask(TWICE, inputs)
    monkeypatch.undo()
    assert set(reply.codes) == {"OVERLOADED"}
    assert reply.code == (None if written else "OVERLOADED")
    assert len(locked) == written + 1
    seen = await world.ask("query($id: ID!) { order(id: $id) { notes } }", {"id": one})
    assert (seen.data["order"]["notes"] == "written") == bool(written)
