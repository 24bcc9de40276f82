"""Credentials that are worth nothing and yet name somebody: refused as ever, and on record where that concerns."""

from collections.abc import Mapping
from typing import Any

import asyncpg
import pytest

from auth.key_desk import MadeKey, NewKey, create_key
from auth.operators import reset_password
from auth.passwords import Passwords
from auth.permissions import PermissionSet
from tests.support.members import Person, past_every_door, person
from tests.support.server import Front

VIEWER = "{ viewer { user { email } } }"
Headers = Mapping[str, str]


@pytest.fixture
async def who(front: Front) -> Person:
    return await person(front, "admin", "initech")


async def _refused(who: Person, headers: Headers, column: str, value: str) -> list[asyncpg.Record]:
    """What is on record of two requests, found by a column; each was refused and told nothing."""
    for _ in range(2):
        answer = await who.front.post(VIEWER, headers=dict(headers))
        assert answer.status_code in {401, 403}
        assert "data" not in answer.json()
        assert who.email not in answer.text
    await who.front.app.state.audit.settle()
    found = f"SELECT * FROM audit_log WHERE kind = 'ENTRY' AND {column} = $1"
    return await past_every_door(who.front, found, value)


def _told(record: asyncpg.Record) -> tuple[Any, ...]:  # Any: columns
    assert (record["action"], record["outcome"], record["address"]) == ("enter", "DENIED", "127.0.0.1")
    return record["tenant_id"].hex, record["credential"], record["changes"], record["count"]


async def _key(who: Person) -> MadeKey:
    new = NewKey("Depot", ("orders:read",))
    return await create_key(who.directory, who.tenant.hex, who.id, PermissionSet.of(["orders:read"]), new)


KEYS = {
    "wrong": ("UPDATE api_keys SET secret_hash = decode(repeat('00', 32), 'hex') WHERE name = $1", "unknown or wrong"),
    "expired": ("UPDATE api_keys SET expires_at = now() WHERE name = $1", "expired"),
    "revoked": ("UPDATE api_keys SET revoked_at = now() WHERE name = $1", "revoked"),
    "its maker gone": (
        "UPDATE users SET disabled_at = now() WHERE id = (SELECT maker_id FROM api_keys WHERE name = $1)",
        "user disabled",
    ),
}


@pytest.mark.parametrize("case", KEYS)
async def test_a_key_that_is_not_good_is_on_record_in_its_tenant_by_its_name_alone(who: Person, case: str) -> None:
    made, (spoilt, reason) = await _key(who), KEYS[case]
    await past_every_door(who.front, spoilt, made.name)
    (record,) = await _refused(who, {"Authorization": f"Bearer {made.text}"}, "key_name", made.name)
    assert _told(record) == (who.tenant.hex, "KEY", f'{{"reason": [null, "{reason}"]}}', 2)
    assert record["actor_id"] is None, "whoever has no more than a name is not who made it"
    assert made.text[16:] not in str(record)


async def test_a_token_from_before_a_new_password_is_on_record_in_its_tenant(who: Person) -> None:
    bearer = await who.bearer()
    await reset_password(who.directory, Passwords(), who.email, "another good password")
    (record,) = await _refused(who, bearer, "actor_id", who.id)
    assert _told(record) == (who.tenant.hex, "TOKEN", '{"reason": [null, "password changed since"]}', 2)


async def test_a_session_that_was_ended_is_on_record_in_its_tenant(who: Person) -> None:
    session, id_hash = await who.session()
    await who.directory.sessions.revoke(id_hash)
    (record,) = await _refused(who, session, "actor_id", who.id)
    assert _told(record) == (who.tenant.hex, "SESSION", '{"reason": [null, "revoked"]}', 2)


async def test_a_session_that_is_over_by_itself_is_no_news(who: Person) -> None:
    session, id_hash = await who.session()
    await past_every_door(who.front, "UPDATE sessions SET expires_at = now() WHERE id_hash = $1", id_hash)
    assert await _refused(who, session, "actor_id", who.id) == []


@pytest.mark.parametrize("slug", ["acme", "nowhere"])
async def test_who_comes_for_a_tenant_of_others_is_on_record_in_their_own(who: Person, slug: str) -> None:
    session, _ = await who.session()
    (record,) = await _refused(who, {**session, "X-Tenant": slug}, "actor_id", who.id)
    assert _told(record) == (who.tenant.hex, "SESSION", '{"reason": [null, "not a member"]}', 2)


@pytest.mark.parametrize("text", ["tgk_" + "0" * 45, "no token", "a.b.c"])
async def test_what_names_nobody_is_on_nobodys_record(who: Person, text: str) -> None:
    (before,) = await past_every_door(who.front, "SELECT count(*) FROM audit_log WHERE kind = 'ENTRY'")
    await _refused(who, {"Authorization": f"Bearer {text}"}, "actor_id", who.id)
    (after,) = await past_every_door(who.front, "SELECT count(*) FROM audit_log WHERE kind = 'ENTRY'")
    assert before == after
