"""What is shared by equal subscriptions, and what never is."""

import json

import pytest

from schema.live import run
from schema.live.feed import Feed
from schema.live.member import Member
from tests.support.facts import Json, new_order
from tests.support.feeds import Watched
from tests.support.told import change, events_in, frames_of, here
from tests.support.world import World

ROW = "subscription($after: String, $where: OrderWhere) { orderEvents(after: $after, where: $where) { cursor %s } }"
NOTES = ROW % "patch order { notes customer { name } }"


def member(feed: Feed) -> Member:
    assert isinstance(feed, Member)
    return feed


async def opened(world: World, *variables: Json, document: str = NOTES) -> list[Watched]:
    return [await world.subscribe(document, each) for each in variables]


def groups_of(streams: list[Watched]) -> int:
    return len({id(member(stream.feed).group) for stream in streams})


async def closed(streams: list[Watched], world: World) -> None:
    for stream in streams:
        await stream.aclose()
    assert list(world.gateway.groups.groups) == []
    assert world.hub.followers == 0


async def test_an_event_is_executed_once_however_many_are_told_of_it(world: World) -> None:
    order = await new_order(world)
    start = await here(world)
    streams = await opened(world, *[{"after": start}] * 20)
    async with world.statements() as seen:
        await change(world, order, notes="once")
        told = [events_in_one(await frames_of(stream, 1)) for stream in streams]
    assert len({json.dumps(each) for each in told}) == 1
    assert told[0]["order"]["notes"] == "once"
    assert len([sql for sql in seen if "FROM customers" in sql and "event" not in sql]) == 1
    await closed(streams, world)


def events_in_one(frames: list[Json]) -> Json:
    assert [frame["extensions"]["cursor"] for frame in frames] == [frame["id"] for frame in frames]
    event: Json = frames[0]["data"]["orderEvents"]
    return event


async def test_what_is_read_for_an_event_is_read_for_that_event(world: World) -> None:
    order = await new_order(world)
    streams = await opened(world, {"after": await here(world)})
    for notes in ("first", "second", "third"):
        await change(world, order, notes=notes)
        assert events_in_one(await frames_of(streams[0], 1))["order"]["notes"] == notes
    await closed(streams, world)


async def test_equal_subscriptions_share_a_group_wherever_they_begin(world: World) -> None:
    first = await here(world)
    await new_order(world)
    streams = await opened(world, {}, {"after": first}, {"after": await here(world)}, {"where": None, "after": None})
    assert groups_of(streams[:3]) == 1
    await closed(streams, world)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"where": {"status": {"eq": "PENDING"}}}, {"where": {"status": {"eq": "SHIPPED"}}}),
        ({"document": ROW % "patch"}, {"document": ROW % "patch "}),
        ({"caller": "viewer"}, {"caller": "partner"}),
        ({"caller": ("admin", "acme")}, {"caller": ("admin", "globex")}),
    ],
    ids=["variables", "documents", "permissions", "tenants"],
)
async def test_what_differs_is_not_shared(world: World, one: Json, other: Json) -> None:
    streams = []
    for each in (one, other):
        who = each.get("caller", "admin")
        caller = world.principal(*who) if isinstance(who, tuple) else who
        variables = {"where": each.get("where")}
        streams.append(await world.subscribe(each.get("document", ROW % "patch"), variables, caller=caller))
    assert groups_of(streams) == 2
    await closed(streams, world)


async def test_callers_of_equal_permissions_share_and_nobody_is_named_in_the_group(world: World) -> None:
    streams = [await world.subscribe(NOTES), await world.subscribe(NOTES)]
    group = member(streams[0].feed).group
    assert group is member(streams[1].feed).group
    assert (group.caller.user_id, group.caller.email, group.caller.session_id) == ("", "", None)
    assert group.request.request_id != "req-test"
    await closed(streams, world)


async def test_a_variable_that_is_more_than_the_cursor_counts(world: World) -> None:
    document = """subscription($after: String) {
        orderEvents(after: $after, where: {notes: {eq: $after}}) { cursor patch } }"""
    start = await here(world)
    await new_order(world)
    streams = await opened(world, {"after": start}, {"after": await here(world)}, document=document)
    assert groups_of(streams) == 2
    await closed(streams, world)


async def test_when_all_tails_together_hold_too_much_each_holds_little_and_nobody_misses_anything(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "TAILS_BYTES", 3_000)
    monkeypatch.setattr(run, "SHORT_TAIL_BYTES", 500)
    order, tally = await new_order(world), world.gateway.groups._runner.tally
    assert tally.kept == 0
    start = await here(world)
    streams = await opened(world, {"after": start})
    for number in range(40):
        await change(world, order, notes=f"n{number}")
        await frames_of(streams[0], 1)
    assert tally.kept <= 3_000
    assert tally.kept == sum(len(frame.payload) for frame in member(streams[0].feed).group.runs[0].frames)
    streams += await opened(world, {"after": start})
    assert [event["patch"]["notes"] for event in events_in(await frames_of(streams[1], 40))] == [
        f"n{number}" for number in range(40)
    ]
    await closed(streams, world)
    assert tally.kept == 0


async def test_who_resumes_further_back_than_the_tail_replays_alone_and_then_shares(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "TAIL_FRAMES", 3)
    order = await new_order(world)
    start = await here(world)
    streams = await opened(world, {"after": start})
    for number in range(8):
        await change(world, order, notes=f"n{number}")
        await frames_of(streams[0], 1)
    streams += await opened(world, {"after": start})
    assert len(member(streams[1].feed).group.runs) == 2
    assert len(events_in(await frames_of(streams[1], 8))) == 8
    await change(world, order, notes="last")
    both = [events_in_one(await frames_of(stream, 1)) for stream in streams]
    assert both[0] == both[1]
    assert len(member(streams[1].feed).group.runs) == 1
    assert world.hub.followers == 1
    await closed(streams, world)
