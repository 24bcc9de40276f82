"""Sessions over HTTP: seen, ended, and taken to another tenant with a new cookie."""

from typing import Any

import httpx2
import pytest

from db.ids import new_id
from tests.support.members import Person, following, past_every_door, person
from tests.support.server import STREAM, Front
from tests.support.single import reserved, told
from tests.support.waiting import until_answered

WHO = "{ viewer { user { email } tenant { slug } memberships { roles current since tenant { slug } } } }"
SESSIONS = "{ viewer { sessions { id device address createdAt lastSeenAt expiresAt current } } }"
ERRORS = "userErrors { code message field }"
REVOKE = f"mutation($id: ID!) {{ revokeSession(input: {{id: $id}}) {{ session {{ id current }} {ERRORS} }} }}"
REVOKE_OTHERS = f"mutation {{ revokeOtherSessions {{ count {ERRORS} }} }}"
SWITCH = f"""mutation($slug: String!) {{ switchTenant(input: {{slug: $slug}}) {{
    membership {{ roles current tenant {{ slug }} }} {ERRORS} }} }}"""
Headers = dict[str, str]


@pytest.fixture
async def who(front: Front) -> Person:
    """A member of acme, and a viewer in globex."""
    who = await person(front)
    globex = await who.directory.tenant_by_slug("globex")
    assert globex is not None
    await who.directory.put_membership(globex["id"], who.id, "viewer")
    return who


async def ask(front: Front, document: str, headers: Headers, **variables: str) -> Any:  # Any: JSON
    answer = await front.post(document, variables, headers=headers)
    assert "errors" not in answer.json(), answer.text
    return answer.json()["data"]


async def sessions(front: Front, headers: Headers) -> list[dict[str, Any]]:  # Any: JSON
    return list((await ask(front, SESSIONS, headers))["viewer"]["sessions"])


async def dead(front: Front, headers: Headers) -> None:
    async def refused() -> bool:
        return (await front.post("{ viewer { user { id } } }", headers=headers)).status_code == 401

    await until_answered(refused)


def with_cookie_of(answer: httpx2.Response) -> tuple[Headers, set[str]]:
    """The cookie that an answer sets, as a browser sends it, and its attributes."""
    (field,) = answer.headers.get_list("set-cookie")
    pair, *attributes = field.split("; ")
    return {"Cookie": pair, "X-Tidegate-Csrf": "1"}, set(attributes)


async def audited(front: Front, action: str, who: Person) -> list[Any]:  # Any: JSON
    sql = """SELECT replace(tenant_id::text, '-', ''), entity, entity_id, changes
             FROM audit_log WHERE action = $1 AND actor_id = $2"""
    return [tuple(row.values()) for row in await past_every_door(front, sql, action, who.id)]


async def test_ones_sessions_are_seen_with_the_current_one_marked(front: Front, who: Person) -> None:
    (here, _), (there, _) = await who.session(), await who.session()
    mine, other = await sessions(front, here), await sessions(front, there)
    assert {each["id"] for each in mine} == {each["id"] for each in other}
    assert [each["current"] for each in mine].count(True) == 1
    assert [each["id"] for each in mine if each["current"]] != [each["id"] for each in other if each["current"]]
    assert all(each["id"].startswith("ses_") and each["device"] for each in mine)


async def test_a_session_that_is_ended_is_dead_for_every_request(front: Front, who: Person) -> None:
    (here, _), (there, _) = await who.session(), await who.session()
    (victim,) = [each["id"] for each in await sessions(front, there) if each["current"]]
    answer = await ask(front, REVOKE, here, id=victim)
    assert answer["revokeSession"] == {"session": {"id": victim, "current": False}, "userErrors": []}
    await dead(front, there)
    assert [each["current"] for each in await sessions(front, here)] == [True]
    again = (await ask(front, REVOKE, here, id=victim))["revokeSession"]
    assert (again["session"], again["userErrors"][0]["code"]) == (None, "NOT_FOUND")
    assert await audited(front, "revokeSession", who) == [(who.tenant.hex, "session", victim, None)]


@pytest.mark.parametrize("wanted", ["a stranger's", "nobody's", "malformed"])
async def test_what_is_not_ones_own_session_cannot_be_ended(front: Front, who: Person, wanted: str) -> None:
    here, _ = await who.session()
    stranger, _ = await (await person(front)).session()
    (theirs,) = [each["id"] for each in await sessions(front, stranger)]
    given = {"a stranger's": theirs, "nobody's": f"ses_{new_id()}", "malformed": "usr_1"}[wanted]
    payload = (await ask(front, REVOKE, here, id=given))["revokeSession"]
    assert payload["session"] is None
    assert [error["code"] for error in payload["userErrors"]] == ["INVALID" if wanted == "malformed" else "NOT_FOUND"]
    assert len(await sessions(front, stranger)) == 1
    assert await audited(front, "revokeSession", who) == []


async def test_ending_the_current_session_takes_the_cookie(front: Front, who: Person) -> None:
    here, _ = await who.session()
    (mine,) = await sessions(front, here)
    answer = await front.post(REVOKE, {"id": mine["id"]}, headers=here)
    headers, attributes = with_cookie_of(answer)
    assert headers["Cookie"] in {"tidegate=", 'tidegate=""'}
    assert "Max-Age=0" in attributes
    await dead(front, here)


async def test_all_others_are_ended_at_once(front: Front, who: Person) -> None:
    (here, _), *others = [await who.session() for _ in range(3)]
    assert await ask(front, REVOKE_OTHERS, here) == {"revokeOtherSessions": {"count": 2, "userErrors": []}}
    for headers, _ in others:
        await dead(front, headers)
    assert len(await sessions(front, here)) == 1


async def test_a_session_goes_to_another_tenant_with_a_new_cookie(front: Front, who: Person) -> None:
    old, _ = await who.session()
    (before,) = await sessions(front, old)
    answer = await front.post(SWITCH, {"slug": "globex"}, headers=old)
    there = {"roles": ["viewer"], "current": True, "tenant": {"slug": "globex"}}
    assert answer.json() == {"data": {"switchTenant": {"membership": there, "userErrors": []}}}
    new, attributes = with_cookie_of(answer)
    assert attributes == {"HttpOnly", "Max-Age=1209600", "Path=/", "SameSite=lax"}
    assert new["Cookie"].partition("=")[2] not in answer.text
    viewer = (await ask(front, WHO, new))["viewer"]
    assert viewer["tenant"]["slug"] == "globex"
    assert {each["tenant"]["slug"]: each["current"] for each in viewer["memberships"]} == {
        "acme": False,
        "globex": True,
    }
    await dead(front, old)
    (after,) = await sessions(front, new)
    assert (after["id"], after["createdAt"]) == (before["id"], before["createdAt"])
    ((tenant, *_, changes),) = await audited(front, "switchTenant", who)
    assert (tenant, changes) == (who.tenant.hex, None)  # whoever reads it learns of no other tenant


@pytest.mark.parametrize("slug", ["initech", "atlantis", "", "Globex", "x" * 5_000])
async def test_nobody_goes_where_they_do_not_belong(front: Front, who: Person, slug: str) -> None:
    here, _ = await who.session()
    answer = await front.post(SWITCH, {"slug": slug}, headers=here)
    problem = {"code": "NOT_FOUND", "message": "You belong to no tenant of that name.", "field": ["slug"]}
    assert answer.json() == {"data": {"switchTenant": {"membership": None, "userErrors": [problem]}}}
    assert "set-cookie" not in answer.headers
    assert (await ask(front, WHO, here))["viewer"]["tenant"]["slug"] == "acme"
    assert await audited(front, "switchTenant", who) == []


async def test_a_token_switches_nothing(front: Front, who: Person) -> None:
    answer = await front.post(SWITCH, {"slug": "globex"}, headers=await who.bearer())
    payload = answer.json()["data"]["switchTenant"]
    assert [error["code"] for error in payload["userErrors"]] == ["INVALID"]
    assert "set-cookie" not in answer.headers


async def test_a_second_switch_in_one_operation_finds_the_session_changed(front: Front, who: Person) -> None:
    here, _ = await who.session()
    twice = """mutation { a: switchTenant(input: {slug: "globex"}) { userErrors { code } }
        b: switchTenant(input: {slug: "acme"}) { userErrors { code } } }"""
    answer = await front.post(twice, headers=here)
    assert answer.json()["data"] == {"a": {"userErrors": []}, "b": {"userErrors": [{"code": "CONFLICT"}]}}
    new, _ = with_cookie_of(answer)
    assert (await ask(front, WHO, new))["viewer"]["tenant"]["slug"] == "globex"


async def test_a_switch_that_is_answered_as_an_event_stream_brings_its_cookie(front: Front, who: Person) -> None:
    here, _ = await who.session()
    answer = await front.post(SWITCH, {"slug": "globex"}, headers=here, accept=STREAM)
    new, _ = with_cookie_of(answer)
    assert (await ask(front, WHO, new))["viewer"]["tenant"]["slug"] == "globex"


async def test_on_a_reserved_stream_no_session_changes_its_secret(front: Front, who: Person) -> None:
    here, _ = await who.session()
    single = await reserved(front, here)
    async with single.open() as stream:
        await single.post("a", SWITCH, {"slug": "globex"})
        _, payload = told(await stream.wait_for_next())
    (problem,) = payload["data"]["switchTenant"]["userErrors"]
    assert (problem["code"], problem["message"].partition(":")[0]) == ("INVALID", "Send this to /graphql by itself")
    assert (await ask(front, WHO, here))["viewer"]["tenant"]["slug"] == "acme"


async def test_a_stream_of_the_old_tenant_says_that_it_was_left(front: Front, who: Person) -> None:
    here, _ = await who.session()
    async with following(who, here) as stream:
        await front.post(SWITCH, {"slug": "globex"}, headers=here)
        await who.cause("after the switch")
        blocks = await stream.wait_for_end()
    ends = [block.payload["extensions"]["stream"]["end"]["reason"] for block in blocks if block.event == "next"]
    assert ends == ["TENANT_SWITCHED"]
