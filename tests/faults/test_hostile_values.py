"""Well-formed requests that hold what makes no sense: each is refused with a code, and nothing comes of it."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.target import Target, codes_of, told
from tests.support.server import GRAPHQL, JSON, STREAM

Variables = dict[str, Any]
LIST = (
    "query ($first: Int, $last: Int, $after: String, $before: String, $where: OrderWhere, $orderBy: [OrderSort!],"
    " $search: String, $offset: Int) { orders(first: $first, last: $last, after: $after, before: $before,"
    " where: $where, orderBy: $orderBy, search: $search, offset: $offset) { nodes { id } } }"
)
CREATE = "mutation ($i: CreateOrderInput!) { createOrder(input: $i) { order { id } userErrors { code } } }"
UPDATE = "mutation ($i: UpdateOrderInput!) { updateOrder(input: $i) { order { id } userErrors { code } } }"
MOVE = "mutation ($i: ChangeOrderStatusInput!) { changeOrderStatus(input: $i) { order { id } userErrors { code } } }"
WATCH = "subscription ($after: String, $where: OrderWhere) { orderEvents(after: $after, where: $where) { id } }"
ZEROES = "0" * 32


def nested(depth: int) -> Variables:
    condition: Variables = {"status": {"eq": "PENDING"}}
    for _ in range(depth):
        condition = {"not": condition}
    return condition


def each(name: str, *values: object) -> list[Variables]:
    return [{name: value} for value in values]


def where(field: str, operator: str, *values: object) -> list[Variables]:
    return [{"where": {field: {operator: value}}} for value in values]


UNREADABLE: list[Variables] = [
    *each("first", 2**31, -(2**31) - 1, 2**63 - 1, 1.5, "1", [1], True, {}),
    *each("after", 7, ["x"], {}, True),
    *each("offset", "0", 2**40),
    *each("where", "x", 7, [1], {"nope": 1}, {"status": "PENDING"}, {"status": {"eq": "LOST"}}),
    *where("createdAt", "gt", "yesterday", "", 0, "2026-11-21", "2026-11-21T08:00:00", "2026-02-30T00:00:00Z"),
    *where("createdAt", "gt", "0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z"),
    *where("createdAt", "gt", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
    *where("total", "gt", "12,50", "", "NaN", "Infinity", "-sNaN", "1_000", "١٢", 12.5),
    *where("total", "gt", "1e400", "1e-400000", "9" * 40, "0x10", " 1 "),
    *each("orderBy", [{"field": "NOPE"}], [{}], "TOTAL", [{"field": "TOTAL", "direction": "UP"}]),
]
REFUSED: list[Variables] = [
    *each("first", -1, 101, 501, 2**31 - 1, -(2**31)),
    *each("last", -1, 101),
    *({"first": 1, "last": 1}, {"last": 1, "offset": 1}, {"first": 1, "offset": -1}, {"first": 1, "offset": 10_001}),
    *each("after", "", "x", "é", "=", "-" * 5_000, "AAAA" * 10, "../../etc/passwd", "{}", "🜁"),
    *each("before", "", "null", "A" * 5_000),
    *where("id", "eq", "", "x", "ord_", f"cus_{ZEROES}", f"ord_{'Z' * 32}", "ord_" + "0" * 5_000),
    *where("customerId", "in", ["x"], [f"ord_{ZEROES}"], [f"cus_{ZEROES}"] * 101),
    *each("where", nested(6), nested(25)),
    *where("status", "in", ["PENDING"] * 5_000),
    *each("search", "x " * 5_000),
    *each("orderBy", [{"field": "TOTAL"}] * 4, [{"field": "TOTAL"}, {"field": "TOTAL"}]),
]


@pytest.mark.parametrize("variables", UNREADABLE, ids=str)
async def test_a_value_of_the_wrong_kind_refuses_the_operation(
    target: Target, caplog: pytest.LogCaptureFixture, variables: Variables
) -> None:
    for accept, status in ((GRAPHQL, 400), (JSON, 200), (STREAM, 200)):
        async with target.unharmed(caplog):
            response = await target.front.post(LIST, variables, target.bearer, accept)
        body = told(response)
        assert (response.status_code, codes_of(body), "data" in body) == (status, {"BAD_USER_INPUT"}, False)


@pytest.mark.parametrize("variables", REFUSED, ids=lambda each: str(each)[:80])
async def test_a_value_that_makes_no_sense_is_bad_input(
    target: Target, caplog: pytest.LogCaptureFixture, variables: Variables
) -> None:
    for accept in (GRAPHQL, JSON):
        async with target.unharmed(caplog):
            response = await target.front.post(LIST, variables, target.bearer, accept)
        body = told(response)
        assert (response.status_code, codes_of(body), body["data"]) == (200, {"BAD_USER_INPUT"}, None)


CURSORS: dict[str, Callable[[Target], Variables]] = {
    "another tenant's": lambda target: {"after": target.foreign.cursor},
    "of another order": lambda target: {"after": target.own.cursor, "orderBy": [{"field": "TOTAL"}]},
    "of another filter": lambda target: {"after": target.own.cursor, "where": {"status": {"eq": "PENDING"}}},
    "of another search": lambda target: {"after": target.own.cursor, "search": "x"},
    "with a tag of zeroes": lambda target: {"after": "A" * 11 + target.own.cursor[11:]},
    "cut short": lambda target: {"after": target.own.cursor[:-4]},
    "doubled": lambda target: {"before": target.own.cursor * 2},
}


@pytest.mark.parametrize("cursor", CURSORS)
async def test_a_cursor_of_another_list_is_bad_input(
    target: Target, caplog: pytest.LogCaptureFixture, cursor: str
) -> None:
    async with target.unharmed(caplog):
        response = await target.front.post(LIST, CURSORS[cursor](target), target.bearer, GRAPHQL)
    body = told(response)
    assert (codes_of(body), body["data"]) == ({"BAD_USER_INPUT"}, None)


@pytest.mark.parametrize("after", ["", "x", "A" * 300, "A" * 36, "é", "page"])
async def test_a_stream_after_a_malformed_cursor_is_over_at_once(
    target: Target, caplog: pytest.LogCaptureFixture, after: str
) -> None:
    variables = {"after": target.own.cursor if after == "page" else after}
    async with target.unharmed(caplog):
        response = await target.front.post(WATCH, variables, target.bearer, STREAM)
    assert codes_of(told(response)) == {"BAD_USER_INPUT"}
    assert response.text.endswith("event: complete\ndata:\n\n")


MUTATIONS: list[tuple[str, Variables, set[str]]] = [
    (CREATE, {"customerId": "x", "currency": "EUR", "items": []}, {"INVALID"}),
    (CREATE, {"customerId": "FOREIGN", "currency": "EUR", "items": [{"productId": "x", "quantity": 1}]}, {"INVALID"}),
    (CREATE, {"customerId": "FOREIGN", "currency": "EUR", "items": []}, {"NOT_FOUND", "REQUIRED"}),
    (CREATE, {"customerId": "OWN", "currency": "€", "items": []}, {"UNKNOWN_CURRENCY", "REQUIRED"}),
    (CREATE, {"customerId": "OWN", "currency": "EUR", "items": [], "notes": "x" * 4_001}, {"TOO_LONG", "REQUIRED"}),
    (
        CREATE,
        {"customerId": "OWN", "currency": "EUR", "items": [{"productId": f"prd_{ZEROES}", "quantity": -1}] * 50},
        {"TOO_MANY", "OUT_OF_RANGE", "NOT_FOUND"},
    ),
    (UPDATE, {"id": "FOREIGN", "notes": "mine now"}, {"NOT_FOUND"}),
    (UPDATE, {"id": "ord_", "notes": "x"}, {"INVALID"}),
    (UPDATE, {"id": "OWN", "expectedVersion": -5, "notes": "x"}, {"CONFLICT"}),
    (UPDATE, {"id": "OWN", "nope": 1}, {"BAD_USER_INPUT"}),
    (UPDATE, {"id": "OWN", "expectedVersion": 2**31}, {"BAD_USER_INPUT"}),
    (MOVE, {"id": "FOREIGN", "status": "CONFIRMED"}, {"NOT_FOUND"}),
    (MOVE, {"id": "OWN", "status": "LOST"}, {"BAD_USER_INPUT"}),
    (MOVE, {"id": "OWN"}, {"BAD_USER_INPUT"}),
]


@pytest.mark.parametrize(("document", "given", "codes"), MUTATIONS)
async def test_a_mutation_that_makes_no_sense_changes_nothing(
    target: Target, caplog: pytest.LogCaptureFixture, document: str, given: Variables, codes: set[str]
) -> None:
    own, foreign = target.own, target.foreign
    real = {
        "customerId": {"OWN": own.customer, "FOREIGN": foreign.customer},
        "id": {"OWN": own.order, "FOREIGN": foreign.order},
    }
    given = {
        name: real.get(name, {}).get(value, value) if isinstance(value, str) else value for name, value in given.items()
    }
    async with target.unharmed(caplog):
        response = await target.front.post(document, {"i": given}, target.bearer, GRAPHQL)
    assert codes_of(told(response)) == codes


TEXTS = [
    'mutation { updateOrder(input: {id: "OWN", notes: TEXT}) { order { id } } }',
    'mutation { updateOrder(input: {id: "OWN", customerId: TEXT}) { order { id } userErrors { code } } }',
    "mutation { updateOrder(input: {id: TEXT}) { order { id } userErrors { code } } }",
    "mutation { createOrder(input: {customerId: TEXT, currency: TEXT, items: []}) { userErrors { code } } }",
    *(
        f"{{ orders(where: {{{condition}}}) {{ nodes {{ id }} }} }}"
        for condition in (
            "number: {eq: TEXT}",
            "number: {ne: TEXT}",
            "notes: {contains: TEXT}",
            "notes: {startsWith: TEXT}",
            "notes: {in: [TEXT]}",
            "id: {eq: TEXT}",
            "total: {eq: TEXT}",
            "createdAt: {eq: TEXT}",
        )
    ),
    *(
        f"{{ {argument} {{ nodes {{ id }} }} }}"
        for argument in (
            "orders(search: TEXT)",
            "orders(after: TEXT)",
            "orders(before: TEXT)",
            "customers(search: TEXT)",
            "customers(where: {email: {eq: TEXT}})",
            "products(where: {sku: {contains: TEXT}})",
            "products(search: TEXT)",
        )
    ),
    *(f"{{ {field} {{ id }} }}" for field in ("order(id: TEXT)", "node(id: TEXT)", "nodes(ids: [TEXT])")),
]
REFUSALS = {
    "BAD_USER_INPUT",
    "INVALID",
    "REQUIRED",
    "UNKNOWN_CURRENCY",
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
}


@pytest.mark.parametrize("text", [r'"a\u0000b"', r'"\uD800"', r'"\uDC00\uD800"', '"a\0b"'])
@pytest.mark.parametrize("document", TEXTS)
async def test_no_text_takes_nul_or_half_a_character(
    target: Target, caplog: pytest.LogCaptureFixture, document: str, text: str
) -> None:
    document = document.replace("OWN", target.own.order).replace("TEXT", text)
    async with target.unharmed(caplog):
        response = await target.front.post(document, None, target.bearer, GRAPHQL)
    codes = codes_of(told(response))
    assert codes
    assert codes <= REFUSALS


@pytest.mark.parametrize("text", ["\\u0000", "\\ud800", "\\udc00\\ud800"])
@pytest.mark.parametrize("name", ["query", "operationName", "variables", "extensions", "documentId"])
async def test_no_part_of_a_body_takes_nul_or_half_a_character(
    target: Target, caplog: pytest.LogCaptureFixture, name: str, text: str
) -> None:
    parts = {
        "query": '"{ __typename }"',
        name: f'{{"a": ["{text}"]}}' if name in {"variables", "extensions"} else f'"{text}"',
    }
    body = "{" + ", ".join(f'"{key}": {value}' for key, value in parts.items()) + "}"
    for accept, status in ((GRAPHQL, 400), (JSON, 200)):
        async with target.unharmed(caplog):
            fields = {"Content-Type": JSON, "Accept": accept, **target.bearer}
            response = await target.front.client.post("/graphql", content=body.encode(), headers=fields)
        assert (response.status_code, codes_of(told(response))) == (status, {"BAD_USER_INPUT"})
