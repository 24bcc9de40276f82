"""A tenant's bell as it is spoken: who rings it, who hears it, what a late comer reads."""

import json
from contextlib import aclosing

import pytest

from auth.principal import Principal
from db.event_cursors import EventCursorCodec
from schema.execute import Answer, OperationRequest
from tests.support.facts import Json, new_order
from tests.support.world import KEY, World

RING = """mutation($input: AnnounceInput!) { announce(input: $input) {
    announcement { __typename id kind text version } userErrors { code field } } }"""
LISTEN = """subscription($after: String, $kinds: [AnnouncementKind!]) {
    announcements(after: $after, kinds: $kinds) { id kind text createdAt } }"""
LAST = """query($kinds: [AnnouncementKind!]!) { announcements(first: 1, where: {kind: {in: $kinds}}) {
    nodes { id kind text } } }"""
DAY = {"kinds": ["START_DAY", "END_DAY"]}


async def ring(world: World, kind: str, text: str | None = None, tenant: str = "acme") -> str:
    reply = await world.ask(RING, {"input": {"kind": kind, "text": text}}, caller=world.principal("admin", tenant))
    made = reply.data["announce"]
    assert made["userErrors"] == []
    return str(made["announcement"]["id"])


async def here(world: World, tenant: str = "acme") -> str:
    """The cursor of the newest event."""
    position = await world.hub.head(world.tenants[tenant])
    return EventCursorCodec([KEY], epoch=7).encode(world.tenants[tenant], position)


async def heard(
    world: World, after: str, count: int, caller: Principal | str = "viewer", kinds: list[str] | None = None
) -> list[Json]:
    """The next rings after a cursor."""
    stream = await world.subscribe(LISTEN, {"after": after, "kinds": kinds}, caller=caller)
    async with aclosing(stream):
        frames = aiter(stream)
        return [json.loads((await anext(frames)).payload)["data"]["announcements"] for _ in range(count)]


@pytest.mark.parametrize("caller", ["admin", "manager", "viewer", "partner"])
async def test_everybody_in_the_tenant_hears_every_ring_in_order(world: World, caller: str) -> None:
    start = await here(world)
    rung = [await ring(world, "START_DAY"), await ring(world, "NOTICE", "Zoë is late")]
    await new_order(world)
    await ring(world, "NOTICE", "elsewhere", "globex")
    rung.append(await ring(world, "END_DAY", "Bye"))
    found = await heard(world, start, 3, caller)
    assert [each["id"] for each in found] == rung
    assert [(each["kind"], each["text"]) for each in found] == [
        ("START_DAY", None),
        ("NOTICE", "Zoë is late"),
        ("END_DAY", "Bye"),
    ]


async def test_only_the_kinds_asked_for_are_heard(world: World) -> None:
    start = await here(world)
    await ring(world, "NOTICE", "first")
    day = await ring(world, "START_DAY")
    await ring(world, "NOTICE", "second")
    assert [each["id"] for each in await heard(world, start, 1, kinds=DAY["kinds"])] == [day]


async def test_a_late_comer_reads_what_day_it_is_and_finds_notices_by_their_words(world: World) -> None:
    await ring(world, "END_DAY")
    start = await ring(world, "START_DAY", "Good morning")
    notice = await ring(world, "NOTICE", "Quagga in the yard")
    reply = await world.ask(LAST, DAY, caller="partner")
    assert reply.data["announcements"]["nodes"] == [{"id": start, "kind": "START_DAY", "text": "Good morning"}]
    document = '{ announcements(search: "quagga") { totalCount nodes { id } } }'
    reply = await world.ask(document, caller="viewer")
    assert reply.data["announcements"] == {"totalCount": 1, "nodes": [{"id": notice}]}
    node = await world.ask("query($id: ID!) { node(id: $id) { ... on Announcement { text } } }", {"id": notice})
    assert node.data["node"] == {"text": "Quagga in the yard"}


async def test_another_tenants_announcement_is_nobodys(world: World) -> None:
    foreign = await ring(world, "NOTICE", "secret zebra", "globex")
    reply = await world.ask("query($id: ID!) { node(id: $id) { id } }", {"id": foreign})
    assert reply.data == {"node": None}
    reply = await world.ask('{ announcements(search: "zebra") { nodes { id text } } }')
    assert reply.data["announcements"]["nodes"] == []


@pytest.mark.parametrize(
    ("caller", "code"), [(None, "UNAUTHENTICATED"), ("viewer", "FORBIDDEN"), ("manager", "FORBIDDEN")]
)
async def test_only_those_who_may_ring_ring(world: World, caller: str | None, code: str) -> None:
    before = await world.count("announcements")
    async with world.statements() as seen:
        reply = await world.ask(RING, {"input": {"kind": "START_DAY"}}, caller=caller)
    assert (set(reply.codes), "data" in reply.body, seen) == ({code}, False, [])
    assert await world.count("announcements") == before


async def test_who_is_not_signed_in_hears_and_reads_nothing(world: World) -> None:
    await ring(world, "NOTICE", "secret")
    answer = await world.gateway.answer(OperationRequest(LISTEN, {}, None, None, "r", allow_stream=True), None)
    assert isinstance(answer, Answer)
    assert (answer.code, b"data" in answer.body) == ("UNAUTHENTICATED", False)
    reply = await world.ask("{ announcements { nodes { text } } }", caller=None)
    assert (reply.code, "secret" in str(reply.body)) == ("UNAUTHENTICATED", False)


@pytest.mark.parametrize("given", [{"kind": "NOTICE"}, {"kind": "START_DAY", "text": ""}])
async def test_a_ring_that_says_nothing_is_refused(world: World, given: Json) -> None:
    reply = await world.ask(RING, {"input": given})
    assert reply.data["announce"] == {"announcement": None, "userErrors": [{"code": "REQUIRED", "field": ["text"]}]}
