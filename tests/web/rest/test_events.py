"""`GET /v1/stream/events`: exactly the plain shape, with ids, resumed by the last of them."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from db.errors import Unavailable
from tests.support.server import STREAM, Front
from tests.web.rest.test_routes import made

PATH = "/v1/stream/events"


@asynccontextmanager
async def opened(front: Front, headers: Mapping[str, str], query: str = "") -> AsyncIterator[httpx2.Response]:
    fields = {"Accept": STREAM, **headers}
    async with front.client.stream("GET", f"{PATH}{query}", headers=fields) as response:
        yield response


async def events_of(lines: AsyncIterator[str], count: int) -> list[tuple[str, Any]]:  # Any: JSON
    """So many events: id and data."""
    found, id = [], ""
    async for line in lines:
        assert not line.startswith("event:")
        if line.startswith("id: "):
            id = line.removeprefix("id: ")
        if line.startswith("data: "):
            found.append((id, json.loads(line.removeprefix("data: "))))
            if len(found) == count:
                break
    return found


async def test_changes_come_in_exactly_that_shape_and_resume_by_their_ids(front: Front) -> None:
    headers = await front.bearer()
    async with opened(front, headers) as stream:
        assert stream.headers["content-type"] == f"{STREAM}; charset=utf-8"
        lines = stream.aiter_lines()
        orders = [(await made(front))[1]["data"]["id"] for _ in range(3)]
        told = await events_of(lines, 3)
    assert [event["id"] for _, event in told] == orders
    for _, event in told:
        assert [*event] == ["type", "id", "patch", "ts"]
        assert (event["type"], type(event["patch"]), type(event["ts"])) == ("order.created", dict, int)
    for resumed in ({"Last-Event-ID": told[0][0]}, {}):
        query = "" if resumed else f"?lastEventId={told[0][0]}"
        async with opened(front, {**headers, **resumed}, query) as stream:
            assert await events_of(stream.aiter_lines(), 2) == told[1:]


@pytest.mark.parametrize(
    ("method", "accept", "signed_in", "status", "code"),
    [
        ("GET", STREAM, False, 401, "UNAUTHENTICATED"),
        ("GET", "application/json", True, 406, "BAD_REQUEST"),
        ("POST", STREAM, True, 405, "BAD_REQUEST"),
    ],
)
async def test_what_opens_no_stream_is_refused_in_the_envelope(
    front: Front, method: str, accept: str, signed_in: bool, status: int, code: str
) -> None:
    headers = {"Accept": accept, **(await front.bearer() if signed_in else {})}
    response = await front.client.request(method, PATH, headers=headers)
    body = response.json()
    assert (response.status_code, body["data"], body["error"]["code"]) == (status, None, code)


async def test_a_last_event_id_that_is_not_ours_is_refused(front: Front) -> None:
    async with opened(front, {**await front.bearer(), "Last-Event-ID": "nonsense"}) as response:
        told = (await response.aread()).decode()
    assert "data:" not in told
    assert response.status_code == 400 or "BAD_USER_INPUT" in told


async def test_an_event_source_comes_back_when_its_route_cannot_be_looked_up_now(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise Unavailable("away")

    headers = {**await front.bearer(), "Accept": STREAM}
    monkeypatch.setattr(front.app.state.gateway._admission, "admit", fail)
    monkeypatch.setattr(front.app.state.gateway._admission, "policy_of", lambda caller: None)
    answer = await front.client.get(PATH, headers=headers)
    assert (answer.status_code, answer.text) == (200, ":OVERLOADED\n\nretry: 1000\n\n")
