"""A session goes to another space over HTTP, with a new cookie."""

import pytest

from tests.support.members import Person, following, person
from tests.support.server import Front
from tests.web.test_session_cookie import ask, audited, dead, with_cookie_of

SWITCH = """mutation($space: Space!) { switchSpace(input: {space: $space}) {
    space userErrors { code message field } } }"""
WHERE = "{ viewer { space memberships { spaces } } }"


@pytest.fixture
async def who(front: Front) -> Person:
    return await person(front)


async def test_the_new_cookie_is_in_the_other_space_and_the_old_one_is_dead(front: Front, who: Person) -> None:
    old, _ = await who.session()
    answer = await front.post(SWITCH, {"space": "ACCOUNTING"}, headers=old)
    assert answer.json()["data"]["switchSpace"] == {"space": "ACCOUNTING", "userErrors": []}
    new, attributes = with_cookie_of(answer)
    assert {"HttpOnly", "Path=/"} <= attributes
    assert (await ask(front, WHERE, new))["viewer"]["space"] == "ACCOUNTING"
    await dead(front, old)
    refused = await front.post("{ streams { totalCount } }", headers=new)
    assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")
    assert [entry[1] for entry in await audited(front, "switchSpace", who)] == ["session"]


async def test_a_stream_of_the_old_space_ends(front: Front, who: Person) -> None:
    old, _ = await who.session()
    async with following(who, old) as stream:
        assert (await front.post(SWITCH, {"space": "CLIENT"}, headers=old)).status_code == 200
        await who.cause("after the switch")
        blocks = await stream.wait_for_end()
    ends = [block.payload["extensions"]["stream"]["end"]["reason"] for block in blocks if block.event == "next"]
    assert ends == ["SESSION_ROTATED"]


async def test_a_token_stays_where_it_is(front: Front, who: Person) -> None:
    payload = (await ask(front, SWITCH, await who.bearer(), space="CLIENT"))["switchSpace"]
    assert payload["space"] is None
    assert payload["userErrors"]
    assert await audited(front, "switchSpace", who) == []
