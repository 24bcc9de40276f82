"""What the caller may do: asked of a coordinate or a type, and watched."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from schema.execute import Answer, OperationRequest
from schema.live.member import Member
from tests.support.facts import new_order
from tests.support.feeds import Watched
from tests.support.live_orders import here
from tests.support.waiting import until
from tests.support.world import World

WATCH = 'subscription { permissionsChanged { version grants fields(type: "Customer") { name access } } }'


async def can(world: World, role: str, *coordinates: str) -> list[str | None]:
    asked = " ".join(f"c{index}: can(coordinate: {json.dumps(each)})" for index, each in enumerate(coordinates))
    reply = await world.ask(f"{{ viewer {{ {asked} }} }}", caller=role)
    return [*reply.data["viewer"].values()]


@pytest.mark.parametrize(
    ("role", "answers"),
    [
        ("admin", ["ALLOWED", "ALLOWED", "ALLOWED"]),
        ("support", ["MASKED", "ALLOWED", "DENIED"]),
        ("viewer", ["DENIED", "ALLOWED", "DENIED"]),
    ],
)
async def test_a_caller_is_told_how_it_stands_to_a_coordinate(world: World, role: str, answers: list[str]) -> None:
    assert await can(world, role, "Customer.email", "Order.total", "Mutation.updateOrder") == answers


async def test_what_is_denied_is_denied_and_what_is_allowed_runs(world: World) -> None:
    for coordinate, document in {
        "Query.customers": "{ customers { totalCount } }",
        "CustomerSortField.EMAIL": "{ customers(orderBy: {field: EMAIL}) { totalCount } }",
        "Query.auditLog": "{ auditLog { totalCount } }",
    }.items():
        for role in ("admin", "viewer", "partner"):
            reply = await world.ask(document, caller=role)
            assert (await can(world, role, coordinate) == ["ALLOWED"]) is (reply.errors == [])


async def test_an_unknown_coordinate_is_null_with_an_error_beside_those_that_are_known(world: World) -> None:
    reply = await world.ask(
        'query($c: String!) { viewer { known: can(coordinate: "Order.total") unknown: can(coordinate: $c) } }',
        {"c": "Order.nothing" + "x" * 5_000},
    )
    assert reply.data == {"viewer": {"known": "ALLOWED", "unknown": None}}
    (error,) = reply.errors
    assert (error["path"], error["extensions"]["code"]) == (["viewer", "unknown"], "BAD_USER_INPUT")
    assert len(error["message"]) < 200


async def test_nobody_is_told_nothing(world: World) -> None:
    reply = await world.ask('{ viewer { can(coordinate: "Order.total") } }', caller=None)
    assert (reply.code, "data" in reply.body) == ("UNAUTHENTICATED", False)


async def test_the_fields_of_a_type_are_those_that_the_caller_may_use(world: World) -> None:
    document = "query($t: String!) { viewer { permissions { fields(type: $t) { name access } } } }"
    told = {}
    for role in ("viewer", "support", "partner"):
        reply = await world.ask(document, {"t": "Customer"}, caller=role)
        told[role] = {each["name"]: each["access"] for each in reply.data["viewer"]["permissions"]["fields"]}
    assert told["partner"] == {}
    assert told["support"] == {**told["viewer"], "email": "MASKED"}
    assert set(told["viewer"].values()) == {"ALLOWED"}
    assert told["viewer"].keys() >= {"name", "orders"}
    reply = await world.ask(document, {"t": "Nothing"})
    assert (reply.data["viewer"]["permissions"]["fields"], reply.codes) == (None, ["BAD_USER_INPUT"])


async def test_what_may_be_done_costs_a_tenant_nothing(world: World) -> None:
    async with world.statements() as seen:
        await can(world, "viewer", "Order.total")
    assert seen == []


async def next_of(stream: Watched) -> Any:  # Any: JSON
    async with asyncio.timeout(60):
        body = json.loads((await anext(aiter(stream))).payload)
    assert "errors" not in body
    return body["data"]["permissionsChanged"]


def member_of(stream: Watched) -> Member:
    assert isinstance(stream.feed, Member)
    return stream.feed


async def test_a_watcher_is_told_what_it_may_and_again_when_that_has_changed(world: World) -> None:
    stream = await world.subscribe(WATCH, caller="viewer")
    try:
        first = await next_of(stream)
        assert (first["version"], "customers:read" in first["grants"]) == ("v1", True)
        now = replace(world.principal("support"), permissions_version="v2")
        world.gateway.judge_again(member_of(stream), now)
        second = await next_of(stream)
        assert second["version"] == "v2"
        assert second["grants"] == sorted(now.permissions.grants)
        assert {"name": "email", "access": "MASKED"} in second["fields"]
        assert {"name": "email", "access": "MASKED"} not in first["fields"]
    finally:
        await stream.aclose()


async def test_a_version_that_changes_alone_is_told(world: World) -> None:
    stream = await world.subscribe(WATCH, caller="viewer")
    try:
        first = await next_of(stream)
        world.gateway.judge_again(member_of(stream), replace(world.principal("viewer"), permissions_version="v2"))
        assert await next_of(stream) == {**first, "version": "v2"}
    finally:
        await stream.aclose()


async def test_the_log_moves_a_watcher_on_without_a_frame(world: World) -> None:
    stream = await world.subscribe("subscription { permissionsChanged { version } }", caller="partner")
    try:
        await next_of(stream)
        await new_order(world)
        cursor = await here(world)
        await until(lambda: stream.cursor == cursor)
        assert member_of(stream).behind == 0
    finally:
        await stream.aclose()


async def test_those_of_one_version_share_what_is_told_and_others_do_not(world: World) -> None:
    document = "subscription { permissionsChanged { grants } }"
    other = replace(world.principal("viewer"), permissions_version="v2")
    streams = [await world.subscribe(document, caller=who) for who in ("viewer", "viewer", other)]
    try:
        for stream in streams:
            assert await next_of(stream)
        one, same, apart = (member_of(stream).group for stream in streams)
        assert one is same
        assert one is not apart
        assert one.caller.user_id == ""
    finally:
        for stream in streams:
            await stream.aclose()


async def test_nobody_watches_nothing(world: World) -> None:
    request = OperationRequest(WATCH, None, None, None, "req-test", allow_stream=True)
    refused = await world.gateway.answer(request, None)
    assert isinstance(refused, Answer)
    assert refused.code == "UNAUTHENTICATED"
