"""What nobody does while acting as somebody else, and as whom nobody acts: refused, on record, nothing has changed."""

from typing import Any

import pytest

from tests.support.members import past_every_door, person
from tests.support.play import ACT, END, WHO, Play, played, records
from tests.support.server import Front
from tests.web.test_session_cookie import ask
from tests.web.test_session_cookie_elevation import elevated


@pytest.fixture
async def play(front: Front) -> Play:
    return await played(front)


CREDENTIALS = [
    "mutation { revokeOtherSessions { count } }",
    'mutation { revokeSession(input: {id: "ses_%s"}) { session { id } } }' % ("0" * 32),
    'mutation { switchTenant(input: {slug: "globex"}) { membership { since } } }',
    "mutation { switchSpace(input: {space: CLIENT}) { space } }",
    'mutation { elevate(input: {scopes: ["users:impersonate"], reason: "more"}) { elevation { scopes } } }',
    "mutation { endElevation { elevation { scopes } } }",
    ACT,
]


@pytest.mark.parametrize("document", CREDENTIALS)
async def test_nobodys_credentials_are_changed_meanwhile(front: Front, play: Play, document: str) -> None:
    await play.member.session()
    cookie = await play.act()
    before = await sessions_of(play)
    variables = {"i": {"userId": f"usr_{play.member.id}", "justification": "again"}} if document == ACT else None
    answer = await front.post(document, variables, headers=cookie)
    assert answer.status_code == 403
    assert {error["extensions"]["code"] for error in answer.json()["errors"]} == {"FORBIDDEN"}
    assert "set-cookie" not in answer.headers
    assert await sessions_of(play) == before
    denied = [each for each in await records(play) if each["outcome"] == "DENIED"]
    assert [each["acting_as"] for each in denied] == [play.member.id]


ADMINISTERS = {
    "inviteMember": ('email: "new@invited.example", roles: ["viewer"]', "invitation { id } link"),
    "createRole": ('name: "seller", permissions: ["orders:read"]', "role { name }"),
    "createApiKey": ('label: "Depot", permissions: ["orders:read"]', "secret"),
    "setAddressList": ('permission: "*", networks: ["127.0.0.0/8"]', "addressLists { permission }"),
    "disableUser": ('userId: "usr_%s"' % ("0" * 32), "member { id }"),
}


@pytest.mark.parametrize("mutation", ADMINISTERS)
async def test_nobody_invites_or_administers_as_another_who_could(front: Front, play: Play, mutation: str) -> None:
    """As another admin: whom one could do it as oneself."""
    await play.member.become("admin")
    cookie = await play.act()
    tables = ("invitations", "roles", "api_keys", "tenants", "memberships")
    counted = " UNION ALL ".join(
        f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {name} t" for name in tables
    )
    before = await past_every_door(front, counted)
    given, selected = ADMINISTERS[mutation]
    answer = await front.post(f"mutation {{ {mutation}(input: {{{given}}}) {{ {selected} }} }}", headers=cookie)
    assert answer.status_code == 403, answer.text
    (error,) = answer.json()["errors"]
    assert (error["extensions"]["code"], error["extensions"]["permission"][:6]) == ("FORBIDDEN", "admin:")
    assert await past_every_door(front, counted) == before
    (denied,) = [each for each in await records(play) if each["outcome"] == "DENIED"]
    assert (denied["action"], denied["acting_as"]) == (mutation, play.member.id)


async def sessions_of(play: Play) -> list[Any]:  # Any: rows
    sql = """SELECT id_hash, user_id, tenant_id, space, revoked_at, elevation_id, acting_as_id FROM sessions
             WHERE user_id = ANY($1::uuid[]) ORDER BY id"""
    return [tuple(row) for row in await past_every_door(play.front, sql, [play.admin.id, play.member.id])]


async def test_who_is_not_elevated_is_refused_before_anything_is_looked_at(front: Front, play: Play) -> None:
    plain, _ = await play.admin.session()
    wanted = {"userId": f"usr_{play.member.id}", "justification": "They asked"}
    answer = await front.post(ACT, {"i": wanted}, headers=plain)
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["extensions"]["permission"] == "users:impersonate"
    assert play.member.email not in answer.text
    assert "DENIED" in {each["outcome"] for each in await records(play)}
    sql = "SELECT 1 FROM sessions WHERE acting_as_id = $1"
    assert await past_every_door(front, sql, play.member.id) == []


@pytest.mark.parametrize(
    ("who", "code"),
    [
        ("nobody", "NOT_FOUND"),
        ("stranger", "NOT_FOUND"),
        ("disabled", "NOT_FOUND"),
        ("oneself", "INVALID"),
        ("malformed", "INVALID"),
        ("silent", "REQUIRED"),
    ],
)
async def test_as_whom_nobody_can_act(front: Front, play: Play, who: str, code: str) -> None:
    given: dict[str, str] = {}
    if who == "nobody":
        given = {"userId": f"usr_{'0' * 32}"}
    elif who == "stranger":
        given = {"userId": f"usr_{(await person(front, 'viewer', 'globex')).id}"}
    elif who == "disabled":
        sql = "UPDATE memberships SET disabled_at = now() WHERE user_id = $1"
        await past_every_door(front, sql, play.member.id)
    elif who == "oneself":
        given = {"userId": f"usr_{play.admin.id}"}
    elif who == "malformed":
        given = {"userId": "ord_1"}
    else:
        given = {"justification": "  "}
    await untouched(play, given, code)
    denied = [each["action"] for each in await records(play) if each["outcome"] == "DENIED"]
    assert denied == ["impersonate"]


async def test_who_may_do_more_is_out_of_reach_and_the_attempt_on_record(front: Front, play: Play) -> None:
    supporter, manager = await person(front, "support"), play.member
    cookie = await elevated(front, (await supporter.session())[0], scopes=["users:impersonate"])
    await untouched(Play(front, supporter, manager, cookie), {}, "BEYOND_YOURS")
    denied = [each for each in await records(Play(front, supporter, manager, cookie)) if each["outcome"] == "DENIED"]
    assert [each["action"] for each in denied] == ["impersonate"]


async def untouched(play: Play, given: dict[str, str], code: str) -> None:
    """It is refused for that, tells nothing of anybody, and the session is as it was."""
    answer = await play.begin(**given)
    payload = answer.json()["data"]["impersonate"]
    assert payload["actingAs"] is None
    assert [each["code"] for each in payload["userErrors"]] == [code]
    assert "set-cookie" not in answer.headers
    assert play.member.email not in answer.text
    seen = (await play.front.post(WHO, headers=play.cookie)).json()
    assert seen["data"]["viewer"]["user"]["email"] == play.admin.email
    sql = "SELECT 1 FROM sessions WHERE user_id = $1 AND acting_as_id IS NOT NULL"
    assert await past_every_door(play.front, sql, play.admin.id) == []


async def test_who_acts_as_nobody_has_nothing_to_end(front: Front, play: Play) -> None:
    payload = (await ask(front, END, play.cookie))["endImpersonation"]
    assert payload == {"actedAs": None, "userErrors": [{"code": "NOT_FOUND"}]}
