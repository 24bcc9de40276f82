"""Impersonation over HTTP: told in every answer and frame, masked, on record, and no way to anybody's credentials."""

import orjson
import pytest

from tests.support.members import following, past_every_door
from tests.support.play import END, WHO, Play, acting_of, played, records
from tests.support.server import GRAPHQL, JSON, STREAM, Front
from tests.support.single import reserved, told
from tests.web.test_session_cookie import ask, dead, with_cookie_of

EMAIL = "query Emails { customers(first: 1) { nodes { email } } }"
EVENTS = "subscription { orderEvents { id } }"
NOTES = """mutation Write($id: ID!) { updateOrder(input: {id: $id, notes: "as them"}) {
    order { notes } userErrors { code } } }"""


@pytest.fixture
async def play(front: Front) -> Play:
    return await played(front)


async def test_one_is_the_member_under_a_new_cookie_and_every_answer_says_so(front: Front, play: Play) -> None:
    answer = await play.begin()
    payload = answer.json()["data"]["impersonate"]
    assert (payload["actingAs"]["id"], payload["userErrors"]) == (f"usr_{play.member.id}", [])
    assert not acting_of(play, answer.json())  # that one was still asked in one's own name
    cookie, attributes = with_cookie_of(answer)
    assert {"HttpOnly", "Path=/"} <= attributes
    seen = (await front.post(WHO, headers=cookie)).json()
    assert acting_of(play, seen)
    viewer = seen["data"]["viewer"]
    assert viewer["user"] == {"id": f"usr_{play.member.id}", "email": "****mple"}
    assert viewer["actingAs"] == {"id": f"usr_{play.member.id}", "by": "Zoë"}
    assert viewer["sessions"] == []
    assert viewer["memberships"] == [{"tenant": {"slug": "acme"}}]  # globex is none of the admin's business
    await dead(front, play.cookie)


@pytest.mark.parametrize(
    "document",
    [
        "{ viewer { user { id } } }",
        EMAIL,
        "{ nothing }",
        "{ viewer {",
        "query($n: Int!) { orders(first: $n) { totalCount } }",
        "{ streams { totalCount } }",
        "mutation { revokeOtherSessions { count } }",
        "{ orders(first: 500) { totalCount } }",
        "",
    ],
)
async def test_also_those_that_refuse_say_so(front: Front, play: Play, document: str) -> None:
    cookie = await play.act()
    for accept in (JSON, GRAPHQL, STREAM):
        text = (await front.post(document, headers=cookie, accept=accept)).text
        if text.startswith(":"):
            (text,) = [line[6:] for line in text.splitlines() if line.startswith("data: {")]
        assert acting_of(play, orjson.loads(text)), text


async def test_a_refusal_of_the_front_door_says_so(front: Front, play: Play) -> None:
    asked = {"query": "{ __typename }", "token": "a reservation's"}
    answer = await front.get(asked, headers=await play.act())
    assert (answer.status_code, acting_of(play, answer.json())) == (400, True)


async def test_every_frame_of_a_stream_says_so_also_the_last(front: Front, play: Play) -> None:
    cookie = await play.act()
    async with following(play.member, cookie, EVENTS) as stream:
        await play.member.cause("one")
        await play.member.cause("two")
        first, second = await stream.wait_for_next(), await stream.wait_for_next()
        assert acting_of(play, first.payload)
        assert acting_of(play, second.payload)
        assert first.payload["extensions"]["cursor"]
        sql = "UPDATE sessions SET elevated_until = now() + interval '0.1 seconds' WHERE user_id = $1"
        await past_every_door(front, sql, play.admin.id)
        blocks = await stream.wait_for_end()
    (last,) = [block.payload for block in blocks if block.event == "next"]
    assert last["extensions"]["stream"]["end"]["reason"] == "SESSION_ROTATED"
    assert acting_of(play, last)
    seen = (await front.post(WHO, headers=cookie)).json()
    assert seen["data"]["viewer"]["user"]["email"] == play.admin.email
    assert not acting_of(play, seen)


async def test_in_single_connection_mode_too(front: Front, play: Play) -> None:
    single = await reserved(front, await play.act())
    async with single.open() as stream:
        await single.post("events", EVENTS)
        await single.post("query", "{ viewer { user { email } } }")
        name, payload = told(await stream.wait_for_next())
        assert name == "query"
        assert acting_of(play, payload)
        await stream.wait_for_complete()
        await play.member.cause("now")
        name, payload = told(await stream.wait_for_next())
        assert name == "events"
        assert acting_of(play, payload)


async def test_the_members_own_streams_share_nothing_of_it(front: Front, play: Play) -> None:
    own, _ = await play.member.session()
    async with following(play.member, await play.act()) as acting, following(play.member, own) as theirs:
        await play.member.cause("for both")
        assert acting_of(play, (await acting.wait_for_next()).payload)
        assert not acting_of(play, (await theirs.wait_for_next()).payload)


async def test_what_is_sensitive_is_masked_and_not_searched(front: Front, play: Play) -> None:
    cookie = await play.act()
    shown = (await front.post(EMAIL, headers=cookie)).json()["data"]["customers"]["nodes"][0]["email"]
    assert shown.startswith("hash:")
    for argument in ('where: {email: {contains: "@"}}', "orderBy: [{field: EMAIL}]"):
        refused = await front.post(f"{{ customers(first: 1, {argument}) {{ totalCount }} }}", headers=cookie)
        assert refused.status_code == 403
        assert "data" not in refused.json()


async def test_what_is_done_is_on_record_with_both(front: Front, play: Play) -> None:
    cookie = await play.act()
    answer = await front.post(NOTES, {"id": f"ord_{play.member.order}"}, headers=cookie)
    assert answer.json()["data"]["updateOrder"]["userErrors"] == []
    await front.post("query Plain { orders(first: 1) { nodes { id } } }", headers=cookie)
    ended = await front.post(END, headers=cookie)
    new, _ = with_cookie_of(ended)
    assert ended.json()["data"]["endImpersonation"] == {"actedAs": {"id": f"usr_{play.member.id}"}, "userErrors": []}
    await dead(front, cookie)
    assert (await ask(front, WHO, new))["viewer"]["user"]["email"] == play.admin.email
    found = await records(play)
    as_them = play.member.id
    assert [(each["action"], each["operation_name"], each["acting_as"]) for each in found][:4] == [
        ("impersonate", "Act", None),
        ("updateOrder", "Write", as_them),
        ("orders", "Plain", as_them),
        ("endImpersonation", None, as_them),
    ]
    assert all(each["elevated"] for each in found)
    assert "They asked me to look" in found[0]["changes"]
    log = """{ auditLog(where: {operationName: {eq: "Write"}}, first: 1) {
        nodes { actor { id } actingAs { id } elevated } } }"""
    (node,) = (await ask(front, log, new))["auditLog"]["nodes"]
    assert node == {"actor": {"id": f"usr_{play.admin.id}"}, "actingAs": {"id": f"usr_{as_them}"}, "elevated": True}


async def test_an_open_stream_is_left_when_the_member_is_disabled(front: Front, play: Play) -> None:
    cookie = await play.act()
    async with following(play.member, cookie) as stream:
        sql = "UPDATE memberships SET disabled_at = now() WHERE user_id = $1"
        await past_every_door(front, sql, play.member.id)
        blocks = await stream.wait_for_end()
    assert [block.payload["extensions"]["stream"]["end"]["reason"] for block in blocks if block.event == "next"] == [
        "SESSION_ROTATED"
    ]
