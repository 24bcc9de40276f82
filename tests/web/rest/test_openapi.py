"""The description of the plain routes: whole, and true of every answer, whatever is asked."""

import random
from typing import Any
from urllib.parse import quote

import pytest

from schema.root import schema
from tests.support.json_schema import faults
from tests.support.server import Front
from tests.web.rest.test_routes import described
from web.rest.openapi import openapi
from web.rest.routes import plain_routes

NASTY = (
    *("", "0", "-1", "1", "25", "99999999999999999999", "1e9", "true", "null", "NaN", "[]", '{"a":1}', "%", "'--"),
    *("SHIPPED", "SHIPPED,PENDING", "shipped", "createdAt", "-total,number", "-", ",,,", "total,total,total,total"),
    *("2026-01-01T00:00:00Z", "yesterday", "Europe/Berlin", "No/Where", "ord_" + "0" * 32, "ä" * 50, "x" * 2_000),
    *("\u202e", "😀", "a\u0000b", "../../etc/passwd", "${x}", "\r\nSet-Cookie: a=b"),
)
ASKED = 150


async def test_whatever_is_asked_the_answer_is_as_described(front: Front) -> None:
    root, headers, chance = await described(front), await front.bearer(), random.Random(7)
    routes = [each for each in plain_routes() if each.method == "GET" and not each.streams and not each.exports]
    told = set()
    for _ in range(ASKED):
        route = chance.choice(routes)
        operation = root["paths"][route.path]["get"]
        path, query = route.path, []
        for parameter in operation["parameters"]:
            value = quote(chance.choice(NASTY), safe="")
            if parameter["in"] == "path":
                path = path.replace(f"{{{parameter['name']}}}", value or "x")
            elif chance.random() < 0.5:
                query.append(f"{parameter['name']}={value}")
        response = await front.client.get(f"{path}?{'&'.join(query)}", headers=headers)
        answer = operation["responses"].get(str(response.status_code))
        assert answer is not None, (response.status_code, path, query)
        assert not list(faults(response.json(), answer["content"]["application/json"]["schema"], root)), (path, query)
        told.add(response.status_code)
    assert {200, 400} <= told


async def test_every_route_is_described_with_its_parameters_and_body(front: Front) -> None:
    root = await described(front)
    assert root["openapi"] == "3.1.0"
    assert {(path, method.upper()) for path, found in root["paths"].items() for method in found} == {
        (route.path, route.method) for route in plain_routes()
    }
    listing = {each["name"] for each in root["paths"]["/v1/orders"]["get"]["parameters"]}
    assert listing == {"page", "pageSize", "cursor", "search", "status", "sort"}
    change = root["paths"]["/v1/orders/{id}"]["patch"]["requestBody"]["content"]["application/json"]["schema"]
    assert "id" not in change["properties"]
    event = root["paths"]["/v1/stream/events"]["get"]["responses"]["200"]["content"]["text/event-stream"]["schema"]
    assert event["required"] == ["type", "id", "patch", "ts"]


def test_every_reference_leads_somewhere() -> None:
    root = openapi(schema()._schema, plain_routes(), "1")
    found = list(_references(root))
    assert found
    for reference in found:
        target: Any = root  # Any: JSON
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]


def _references(value: Any) -> Any:  # Any: JSON; an iterator of texts
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from [inner] if name == "$ref" else _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


@pytest.mark.parametrize("method", ["PUT", "OPTIONS", "HEAD", "TRACE"])
async def test_what_is_not_described_is_not_there(front: Front, method: str) -> None:
    response = await front.client.request(method, "/v1/me", headers=await front.bearer())
    assert response.status_code == 405
    assert response.headers["allow"] == "GET"
