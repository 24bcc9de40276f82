"""Plain routes: the envelope, its statuses, pages by number and by cursor, and that all is as it is described."""

from typing import Any

import pytest

from db.documents import Terms
from schema.root import schema
from schema.routes.table import OWNER, drafts_of, read_route, routes_of, texts
from tests.support.json_schema import faults
from tests.support.server import Front
from tests.support.waiting import until
from web.rest.routes import plain_routes

ITEMS = "query { products(first: 1) { nodes { id } } customers(first: 1) { nodes { id } } }"


async def described(front: Front) -> Any:  # Any: JSON
    return (await front.client.get("/v1/openapi.json")).json()


async def call(
    front: Front, method: str, path: str, role: str | None = "admin", json: object = None, described_as: str = ""
) -> tuple[int, Any]:  # Any: JSON
    """Status and body, which is as the description says."""
    headers = {} if role is None else await front.bearer(role)
    response = await front.client.request(method, path, headers=headers, json=json)
    body = response.json()
    assert (response.headers["content-type"], {*body}) == ("application/json; charset=utf-8", {"data", "meta", "error"})
    assert body["meta"]["requestId"] == response.headers["x-request-id"]
    if described_as:
        root = await described(front)
        answers = root["paths"][described_as][method.lower()]["responses"]
        expected = answers[str(response.status_code)]["content"]["application/json"]["schema"]
        assert not list(faults(body, expected, root))
    return response.status_code, body


async def made(front: Front, **changes: Any) -> tuple[int, Any]:  # Any: JSON
    found = (await front.post(ITEMS, headers=await front.bearer())).json()["data"]
    product, customer = (found[name]["nodes"][0]["id"] for name in ("products", "customers"))
    given = {"customerId": customer, "currency": "EUR", "items": [{"productId": product, "quantity": 1}]}
    return await call(front, "POST", "/v1/orders", json={**given, **changes}, described_as="/v1/orders")


async def test_orders_are_paged_by_number_and_on_by_cursor(front: Front) -> None:
    status, first = await call(front, "GET", "/v1/orders?page=1&pageSize=3&sort=number", described_as="/v1/orders")
    assert (status, len(first["data"]), first["error"]) == (200, 3, None)
    assert (first["meta"]["page"], first["meta"]["pageSize"]) == (1, 3)
    _, second = await call(front, "GET", "/v1/orders?page=2&pageSize=3&sort=number")
    _, onward = await call(front, "GET", f"/v1/orders?pageSize=3&sort=number&cursor={first['meta']['nextCursor']}")
    assert second["data"] == onward["data"]
    assert onward["meta"]["page"] is None
    numbers = [each["number"] for each in first["data"] + second["data"]]
    assert numbers == sorted(set(numbers))


async def test_orders_are_filtered_searched_and_sorted(front: Front) -> None:
    _, found = await call(front, "GET", "/v1/orders?status=SHIPPED,PENDING&sort=-total,number&pageSize=50")
    assert {each["status"] for each in found["data"]} <= {"SHIPPED", "PENDING"}
    number = found["data"][0]["number"]
    _, searched = await call(front, "GET", f"/v1/orders?search={number}")
    assert number in [each["number"] for each in searched["data"]]


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("page=101&pageSize=100", "cursor="),
        ("page=2000&pageSize=25", "cursor="),
        ("page=0", "page"),
        ("page=x", "page"),
        ("page=1&cursor=abc", "not both"),
        ("cursor=abc", ""),
        ("pageSize=0", "pageSize"),
        ("pageSize=100000", ""),
        ("status=NOWHERE", ""),
        ("status=", "leave it out"),
        ("status=DRAFT,,", "leave it out"),
        ("sort=nothing", ""),
        ("first=3", "no parameter"),
        ("page=1&page=2", "twice"),
        ("search=%ff", "UTF-8"),
        ("search=%00", ""),
    ],
)
async def test_what_makes_no_sense_is_a_validation_error(front: Front, query: str, word: str) -> None:
    status, body = await call(front, "GET", f"/v1/orders?{query}", described_as="/v1/orders")
    assert (status, body["data"], body["error"]["code"]) == (400, None, "VALIDATION_ERROR")
    assert word in body["error"]["message"]


async def test_an_order_is_made_read_and_changed(front: Front) -> None:
    status, body = await made(front, notes="by hand")
    assert (status, body["error"]) == (201, None)
    path, order = f"/v1/orders/{body['data']['id']}", body["data"]
    status, read = await call(front, "GET", path, described_as="/v1/orders/{id}")
    assert (status, read["data"]["notes"], len(read["data"]["items"])) == (200, "by hand", 1)
    change = {"notes": "again", "expectedVersion": order["version"]}
    status, changed = await call(front, "PATCH", path, json=change, described_as="/v1/orders/{id}")
    assert (status, changed["data"]["notes"]) == (200, "again")
    status, stale = await call(front, "PATCH", path, json=change, described_as="/v1/orders/{id}")
    assert (status, stale["error"]["code"], stale["data"]) == (409, "CONFLICT", None)
    moved = await call(front, "POST", f"{path}/status", json={"status": "CONFIRMED"})
    assert (moved[0], moved[1]["data"]["status"]) == (200, "CONFIRMED")
    status, illegal = await call(front, "POST", f"{path}/status", json={"status": "REFUNDED"})
    assert (status, illegal["error"]["code"]) == (400, "VALIDATION_ERROR")
    assert illegal["error"]["fields"][0]["code"] == "INVALID_TRANSITION"


@pytest.mark.parametrize("body", [[], "x", {}, {"customerId": 7}, {"items": "x"}, {"nothing": 1}])
async def test_a_body_that_does_not_fit_makes_nothing(front: Front, body: object) -> None:
    before = (await call(front, "GET", "/v1/orders"))[1]["meta"]["totalCount"]
    status, answer = await call(front, "POST", "/v1/orders", json=body, described_as="/v1/orders")
    assert (status, answer["error"]["code"]) == (400, "VALIDATION_ERROR")
    assert (await call(front, "GET", "/v1/orders"))[1]["meta"]["totalCount"] == before


async def test_another_tenants_order_is_as_little_there_as_none(front: Front) -> None:
    order = (await call(front, "GET", "/v1/orders?pageSize=1"))[1]["data"][0]["id"]
    headers = await front.bearer("admin", "globex")
    theirs = await front.client.get(f"/v1/orders/{order}", headers=headers)
    none = await front.client.get(f"/v1/orders/ord_{'0' * 32}", headers=headers)
    assert theirs.status_code == none.status_code == 404
    assert theirs.json()["error"] == none.json()["error"]
    change = await front.client.patch(f"/v1/orders/{order}", headers=headers, json={"notes": "mine"})
    assert (change.status_code, change.json()["error"]["code"]) == (404, "NOT_FOUND")


async def test_me_and_the_overview_are_told(front: Front) -> None:
    status, me = await call(front, "GET", "/v1/me", "viewer", described_as="/v1/me")
    assert (status, me["data"]["tenant"]["slug"], me["data"]["roles"]) == (200, "acme", ["viewer"])
    status, tiles = await call(front, "GET", "/v1/overview?timeZone=Europe/Berlin", described_as="/v1/overview")
    assert (status, tiles["data"]["timeZone"]) == (200, "Europe/Berlin")


@pytest.mark.parametrize(
    ("method", "path", "role", "status", "code"),
    [
        ("GET", "/v1/orders", None, 401, "UNAUTHENTICATED"),
        ("GET", "/v1/orders?page=0", None, 401, "UNAUTHENTICATED"),
        ("POST", "/v1/orders", None, 401, "UNAUTHENTICATED"),
        pytest.param("GET", "/v1/orders?search=" + "x" * 9_000, "admin", 414, "BAD_REQUEST", id="too long an address"),
        ("GET", "/v1/stream/events?lastEventId=%00", None, 401, "UNAUTHENTICATED"),
        ("POST", "/v1/orders/ord_1/status", "viewer", 403, "FORBIDDEN"),
        ("DELETE", "/v1/orders", "admin", 405, "BAD_REQUEST"),
        ("GET", "/v1/nothing", "admin", 404, "NOT_FOUND"),
        ("GET", "/v1/orders/not-an-id", "admin", 400, "VALIDATION_ERROR"),
    ],
)
async def test_refusals_come_in_the_envelope(
    front: Front, method: str, path: str, role: str | None, status: int, code: str
) -> None:
    json = {"status": "CONFIRMED"} if method == "POST" else None
    found, body = await call(front, method, path, role, json)
    assert (found, body["data"], body["error"]["code"]) == (status, None, code)


async def test_a_cookie_alone_changes_nothing(front: Front) -> None:
    response = await front.client.post("/v1/orders", json={}, headers=await front.cookie())
    assert (response.status_code, response.json()["error"]["code"]) == (403, "CSRF_PREVENTION")


async def test_who_retires_the_document_retires_the_route(front: Front) -> None:
    directory, me = front.database.directory, next(each for each in plain_routes() if each.path == "/v1/me")
    drafts = drafts_of(schema()._schema)
    assert (await call(front, "GET", "/v1/me"))[0] == 200
    await directory.documents.retire([me.id])
    await until(lambda: not front.app.state.documents.knows(me.id))
    assert (await call(front, "GET", "/v1/me"))[1]["error"]["code"] == "DOCUMENT_NOT_ALLOWED"
    await directory.documents.provide(drafts, OWNER)
    assert (await call(front, "GET", "/v1/me"))[0] == 403
    await directory.documents.publish([each for each in drafts if each.id == me.id], Terms(OWNER))
    await until(lambda: not front.app.state.documents.knows(me.id))
    assert (await call(front, "GET", "/v1/me"))[0] == 200


def test_each_routes_document_is_described_and_named_once() -> None:
    routes = routes_of(schema()._schema)
    assert len({(each.method, each.path) for each in routes}) == len({each.name for each in routes}) == len(texts())
    with pytest.raises(ValueError, match="begins with its method"):
        read_route(schema()._schema, "{ __typename }")
