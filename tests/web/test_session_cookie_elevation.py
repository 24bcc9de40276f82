"""Elevation over HTTP: more rights under a new cookie, all on record, and every refusal leaves things as they were."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from auth.passwords import Passwords
from db.clock import utc_now
from schema.scalars import read_time
from tests.support.members import Person, following, past_every_door, person
from tests.support.people import PASSWORD, CountingHasher
from tests.support.server import Front
from tests.support.single import reserved, told
from tests.web.test_session_cookie import Headers, ask, audited, dead, with_cookie_of

ELEVATE = """mutation($i: ElevateInput!) { elevate(input: $i) {
    elevation { scopes expiresAt } userErrors { code field message } } }"""
END = "mutation { endElevation { elevation { scopes } userErrors { code } } }"
MINE = "{ viewer { elevation { scopes expiresAt } permissions { grants elevatable version } } }"
EMAIL = "query Elevated { customers(first: 1) { nodes { email } } }"
PRIVATE = 'subscription { customerEvents(where: {email: {eq: "x@y.example"}}) { id } }'
"""Which only those may follow who see emails."""
PII = {"scopes": ["customers:pii"], "reason": "A customer has written in", "minutes": 10}


@pytest.fixture
async def who(front: Front) -> Person:
    return await person(front, "support")


async def elevated(front: Front, headers: Headers, **given: Any) -> Headers:  # Any: JSON
    """The new cookie."""
    answer = await front.post(ELEVATE, {"i": {**PII, **given}}, headers=headers)
    assert answer.json()["data"]["elevate"]["userErrors"] == [], answer.text
    return with_cookie_of(answer)[0]


async def email_of(front: Front, headers: Headers) -> str:
    """Of some customer, as the caller is shown it."""
    (node,) = (await ask(front, EMAIL, headers))["customers"]["nodes"]
    return str(node["email"])


async def records(front: Front, who: Person) -> list[dict[str, Any]]:  # Any: JSON
    """What is on record of the person since the sign-in, in order."""
    await front.app.state.audit.settle()
    sql = """SELECT action, outcome, operation_name, elevation_id::text, changes::text, actor_id = $1 AS own
             FROM audit_log WHERE actor_id = $1 AND action <> 'signIn' ORDER BY created_at, id"""
    return [dict(row) for row in await past_every_door(front, sql, who.id)]


async def with_password(front: Front, who: Person) -> None:
    hashed = await Passwords(CountingHasher()).hash(PASSWORD)
    await past_every_door(front, "UPDATE users SET password_hash = $2 WHERE id = $1", who.id, hashed)


async def signed_in_long_ago(front: Front, who: Person) -> None:
    sql = "UPDATE sessions SET authenticated_at = now() - interval '6 minutes' WHERE user_id = $1"
    await past_every_door(front, sql, who.id)


async def test_the_new_cookie_shows_more_and_the_old_one_is_dead(front: Front, who: Person) -> None:
    old, _ = await who.session()
    assert (await email_of(front, old)).startswith("hash:")
    begun = utc_now()
    answer = await front.post(ELEVATE, {"i": PII}, headers=old)
    payload = answer.json()["data"]["elevate"]
    assert (payload["elevation"]["scopes"], payload["userErrors"]) == (["customers:pii"], [])
    new, attributes = with_cookie_of(answer)
    assert {"HttpOnly", "Path=/"} <= attributes
    assert new["Cookie"].partition("=")[2] not in answer.text
    assert "@" in await email_of(front, new)
    viewer = (await ask(front, MINE, new))["viewer"]
    assert viewer["elevation"] == payload["elevation"]
    assert (
        begun + timedelta(minutes=9) < read_time(viewer["elevation"]["expiresAt"]) < utc_now() + timedelta(minutes=11)
    )
    assert "customers:pii" in viewer["permissions"]["grants"]
    assert viewer["permissions"]["elevatable"] == ["customers:pii", "users:impersonate"]
    await dead(front, old)


async def test_whatever_is_done_while_elevated_is_on_record_with_it(front: Front, who: Person) -> None:
    new = await elevated(front, (await who.session())[0])
    await email_of(front, new)
    await ask(front, "query Plain { orders(first: 1) { nodes { id } } }", new)
    await ask(front, END, new)
    await ask(front, "query After { orders(first: 1) { nodes { id } } }", new)
    found = await records(front, who)
    assert [(each["action"], each["operation_name"], each["outcome"]) for each in found] == [
        ("elevate", None, "ALLOWED"),
        ("customers", "Elevated", "ALLOWED"),
        ("orders", "Plain", "ALLOWED"),
        ("endElevation", None, "ALLOWED"),
    ]
    assert len({each["elevation_id"] for each in found}) == 1
    assert found[0]["elevation_id"] is not None
    assert PII["reason"] in found[0]["changes"]


async def test_a_stream_goes_on_with_the_new_cookie_and_loses_the_rights_at_once(front: Front, who: Person) -> None:
    old, _ = await who.session()
    async with following(who, old) as stream:
        new = await elevated(front, old)
        await who.cause("after")
        blocks = await stream.wait_for_end()
    ends = [block.payload["extensions"]["stream"]["end"]["reason"] for block in blocks if block.event == "next"]
    assert ends == ["SESSION_ROTATED"]  # no ``complete``: the client comes back
    async with front.stream(PRIVATE, headers=new) as stream:
        await stream.wait_for_id()
        await ask(front, END, new)
        (last, *_) = [block for block in await stream.wait_for_end() if block.event == "next"]
    assert last.payload["extensions"]["stream"]["end"]["reason"] == "FORBIDDEN"


async def test_time_takes_the_rights_from_a_stream(front: Front, who: Person) -> None:
    new = await elevated(front, (await who.session())[0])
    async with front.stream(PRIVATE, headers=new) as stream:
        await stream.wait_for_id()
        sql = "UPDATE sessions SET elevated_until = now() + interval '0.2 seconds' WHERE user_id = $1"
        await past_every_door(front, sql, who.id)
        (last, *_) = [block for block in await stream.wait_for_end() if block.event == "next"]
    assert last.payload["extensions"]["stream"]["end"]["reason"] == "FORBIDDEN"
    assert (await email_of(front, new)).startswith("hash:")
    assert (await ask(front, MINE, new))["viewer"]["elevation"] is None


async def test_who_signed_in_long_ago_gives_the_password(front: Front, who: Person) -> None:
    await with_password(front, who)
    old, _ = await who.session()
    await signed_in_long_ago(front, who)
    assert await refused(front, who, old) == [("UNCONFIRMED", ["password"])]
    assert await refused(front, who, old, password="not this one") == [("UNCONFIRMED", ["password"])]
    new = await elevated(front, old, password=PASSWORD)
    assert "@" in await email_of(front, new)
    told_of = [(each["action"], each["outcome"]) for each in await records(front, who)]
    assert sorted(told_of) == [
        ("customers", "ALLOWED"),
        ("elevate", "ALLOWED"),
        ("elevate", "DENIED"),  # both of them: equal denials are one record
    ]
    everything = str(await records(front, who))
    assert PASSWORD not in everything
    assert "not this one" not in everything


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"scopes": ["admin:roles"]}, "BEYOND_YOURS"),
        ({"scopes": ["customers:*"]}, "BEYOND_YOURS"),
        ({"scopes": ["customers:pie"]}, "INVALID"),
        ({"scopes": []}, "REQUIRED"),
        ({"reason": " "}, "REQUIRED"),
        ({"reason": "x" * 501}, "TOO_LONG"),
        ({"minutes": 0}, "OUT_OF_RANGE"),
        ({"minutes": 61}, "OUT_OF_RANGE"),
    ],
)
async def test_what_is_refused_changes_nothing(front: Front, who: Person, given: dict[str, object], code: str) -> None:
    old, _ = await who.session()
    ((found, _),) = await refused(front, who, old, **given)
    assert found == code
    assert [each["outcome"] for each in await records(front, who)] == ["DENIED"]


async def refused(
    front: Front, who: Person, headers: Headers, **given: Any
) -> list[tuple[str, list[str]]]:  # Any: JSON
    """Codes and fields; the session is as it was."""
    answer = await front.post(ELEVATE, {"i": {**PII, **given}}, headers=headers)
    payload = answer.json()["data"]["elevate"]
    assert payload["elevation"] is None
    assert "set-cookie" not in answer.headers
    viewer = (await ask(front, MINE, headers))["viewer"]
    assert viewer["elevation"] is None
    assert "customers:pii" not in viewer["permissions"]["grants"]
    sql = "SELECT 1 FROM sessions WHERE user_id = $1 AND elevation_id IS NOT NULL"
    assert await past_every_door(front, sql, who.id) == []
    assert await audited(front, "elevate", who) == [] or all(
        each["outcome"] == "DENIED" for each in await records(front, who)
    )
    return [(each["code"], each["field"]) for each in payload["userErrors"]]


@pytest.mark.parametrize("role", ["viewer", "manager", "partner"])
async def test_a_role_that_names_nothing_is_elevated_to_nothing(front: Front, role: str) -> None:
    other = await person(front, role)
    headers, _ = await other.session()
    answer = await front.post(ELEVATE, {"i": {**PII, "scopes": ["users:impersonate"]}}, headers=headers)
    assert [each["code"] for each in answer.json()["data"]["elevate"]["userErrors"]] == ["BEYOND_YOURS"]


async def test_only_a_session_is_elevated_and_nobody_without_one(front: Front, who: Person) -> None:
    answer = await front.post(ELEVATE, {"i": PII}, headers=await who.bearer())
    assert [each["code"] for each in answer.json()["data"]["elevate"]["userErrors"]] == ["INVALID"]
    assert (await front.post(ELEVATE, {"i": PII})).status_code == 401
    single = await reserved(front, (await who.session())[0])
    async with single.open() as stream:
        await single.post("a", ELEVATE, {"i": PII})
        _, payload = told(await stream.wait_for_next())
    assert [each["code"] for each in payload["data"]["elevate"]["userErrors"]] == ["INVALID"]
    assert [each["outcome"] for each in await records(front, who)] == ["DENIED", "DENIED"]


async def test_who_is_not_elevated_has_nothing_to_end(front: Front, who: Person) -> None:
    here, _ = await who.session()
    payload = (await ask(front, END, here))["endElevation"]
    assert payload == {"elevation": None, "userErrors": [{"code": "NOT_FOUND"}]}
    assert await records(front, who) == []


HAND_ON = """mutation($key: CreateApiKeyInput!, $role: CreateRoleInput!, $more: CreateRoleInput!) {
    createApiKey(input: $key) { secret userErrors { code } }
    a: createRole(input: $role) { role { name } userErrors { code } }
    b: createRole(input: $more) { role { elevatable } userErrors { code } } }"""


async def test_an_elevated_admin_hands_nothing_of_it_on(front: Front) -> None:
    """But may let others be elevated to what it may be elevated to itself."""
    admin, slug = await person(front, "admin"), f"r-{uuid4().hex[:12]}"
    new = await elevated(front, (await admin.session())[0], scopes=["users:impersonate"])
    given = {
        "key": {"label": "A key", "permissions": ["users:impersonate"]},
        "role": {"name": slug, "permissions": ["users:impersonate"]},
        "more": {"name": slug, "permissions": ["orders:read"], "elevatable": ["users:impersonate"]},
    }
    data = (await front.post(HAND_ON, given, headers=new)).json()["data"]
    assert data["createApiKey"] == {"secret": None, "userErrors": [{"code": "BEYOND_YOURS"}]}
    assert data["a"] == {"role": None, "userErrors": [{"code": "INVALID"}]}
    assert data["b"] == {"role": {"elevatable": ["users:impersonate"]}, "userErrors": []}
    assert await past_every_door(front, "SELECT 1 FROM api_keys WHERE maker_id = $1", admin.id) == []
