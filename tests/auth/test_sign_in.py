"""Signing in with a password, and out."""

from typing import Any

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher

from auth.errors import BadSession, Forbidden, WrongPassword
from auth.passwords import Passwords
from auth.sessions import USUAL, Visitor
from auth.sign_in import failed_sign_in, sign_in, sign_out
from db.audit_records import Outcome
from db.ids import public_id
from tests.support.people import PASSWORD, People


async def test_each_sign_in_is_a_new_session(people: People) -> None:
    email = await people.user(await people.tenant())
    secrets = {(await people.sign_in(email)).secret for _ in range(5)}
    assert len(secrets) == 5
    for secret in secrets:
        assert (await people.by_session(secret)).email == email


async def test_the_session_speaks_for_the_first_tenant_by_slug(people: People) -> None:
    slugs = [await people.tenant() for _ in range(3)]
    signed_in = await people.sign_in(await people.user(*slugs))
    assert signed_in.tenant["slug"] == min(slugs)
    assert (await people.by_session(signed_in.secret)).tenant_slug == min(slugs)


@pytest.mark.parametrize("spelling", ["  {}\t", "{}"])
async def test_an_email_is_known_in_any_spelling(people: People, spelling: str) -> None:
    email = await people.user(await people.tenant())
    assert (await people.sign_in(spelling.format(email.upper()))).user["email"] == email


async def test_an_unknown_user_and_a_wrong_password_are_told_alike_after_equal_work(people: People) -> None:
    email = await people.user(await people.tenant())
    told = []
    for attempt in (email, "nobody@people.example", "no address at all", ""):
        before = people.hasher.work
        with pytest.raises(WrongPassword) as refused:
            await people.sign_in(attempt, "wrong password")
        told.append((refused.value.message, refused.value.code, people.hasher.work - before))
    assert set(told) == {("Email or password is wrong.", "UNAUTHENTICATED", 1)}


@pytest.mark.parametrize("how", ["disabled_at = now()", "password_hash = NULL"])
async def test_a_user_who_may_not_sign_in_looks_unknown(people: People, how: str) -> None:
    email = await people.user(await people.tenant())
    await people.run(f"UPDATE users SET {how} WHERE email = $1", email)
    before = people.hasher.work
    with pytest.raises(WrongPassword, match="Email or password is wrong"):
        await people.sign_in(email)
    assert people.hasher.work == before + 1


async def test_a_user_of_no_tenant_is_told_so_only_with_the_right_password(people: People) -> None:
    email = await people.user()
    with pytest.raises(WrongPassword):
        await people.sign_in(email, "wrong password")
    with pytest.raises(Forbidden, match="no tenant yet"):
        await people.sign_in(email)


async def test_nothing_secret_is_stored(people: People) -> None:
    signed_in = await people.sign_in(await people.user(await people.tenant()))
    stored = await people.everything()
    assert signed_in.user["email"] in stored
    assert signed_in.secret not in stored
    assert signed_in.secret.encode().hex() not in stored
    assert PASSWORD not in stored


async def test_a_hash_of_older_costs_is_replaced_at_sign_in_and_sessions_live_on(people: People) -> None:
    email = await people.user(await people.tenant())
    session = await people.sign_in(email)
    old = Argon2Hasher(time_cost=2, memory_cost=32, parallelism=1).hash(PASSWORD)
    await people.run("UPDATE users SET password_hash = $2 WHERE email = $1", email, old)
    await people.sign_in(email)
    (row,) = await people.run("SELECT password_hash FROM users WHERE email = $1", email)
    assert row["password_hash"] != old
    await people.by_session(session.secret)
    await people.sign_in(email)


class _Meanwhile(Passwords):
    """Lets the password change while it is being checked."""

    def __init__(self, people: People, email: str) -> None:
        super().__init__(people.hasher)
        self._people = people
        self._email = email

    async def check(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        answer = await super().check(password, stored)
        await self._people.directory.set_password(await self._people.id_of(self._email), "$argon2id$another")
        return answer


async def test_a_sign_in_under_way_while_the_password_changes_leaves_no_session(people: People) -> None:
    email = await people.user(await people.tenant())
    with pytest.raises(WrongPassword):
        await sign_in(
            people.directory,
            _Meanwhile(people, email),
            people.clock,
            email,
            PASSWORD,
            brakes=people.brakes,
            lifetimes=USUAL,
        )
    assert await people.directory.sessions.revoke_others(await people.id_of(email)) == 0


async def test_what_a_request_says_of_itself_is_kept_short_and_printable(people: People) -> None:
    email = await people.user(await people.tenant())
    agent = "Browser\x00\x1b[31m " + "x" * 5_000
    await people.sign_in(email, visitor=Visitor(agent, "203.0.113.9"))
    (row,) = await people.run(
        "SELECT user_agent, address FROM sessions JOIN users ON users.id = user_id WHERE email = $1", email
    )
    assert row["user_agent"].startswith("Browser[31m xxx")
    assert len(row["user_agent"]) == 300
    assert row["address"] == "203.0.113.9"


async def test_signing_out_ends_the_session_and_no_other(people: People) -> None:
    email = await people.user(await people.tenant())
    gone, kept = await people.sign_in(email), await people.sign_in(email)
    assert await sign_out(people.directory, gone.secret)
    assert not await sign_out(people.directory, gone.secret)
    assert not await sign_out(people.directory, "no session")
    with pytest.raises(BadSession):
        await people.by_session(gone.secret)
    await people.by_session(kept.secret)


# ── what is on record ────────────────────────────────────────────────────────────────────────────────────────────────


async def records_of(people: People, user_id: str) -> list[Any]:  # Any: rows
    columns = "action, kind, outcome, address, request_id, entity, entity_id, changes::text"
    return await people.run(f"SELECT {columns} FROM audit_log WHERE actor_id = $1::uuid", user_id)


async def test_a_session_and_the_record_of_its_beginning_are_made_together(people: People) -> None:
    tenant = await people.tenant()
    email = await people.user(tenant)
    signed_in = await people.sign_in(email, visitor=Visitor("curl", "203.0.113.9", "req-1"))
    session = public_id("ses", (await people.by_session(signed_in.secret)).session_id or "")
    ((*told,),) = await records_of(people, await people.id_of(email))
    assert told == ["signIn", "SIGN_IN", "ALLOWED", "203.0.113.9", "req-1", "session", session, None]


async def test_a_failure_knows_whose_it_is_and_not_what_was_typed(people: People) -> None:
    email = await people.user(await people.tenant())
    with pytest.raises(WrongPassword) as wrong:
        await people.sign_in(email, "my secret")
    record = failed_sign_in(wrong.value, Visitor("curl", "203.0.113.9"), people.clock())
    assert (record.actor.user_id, record.tenant_id, record.outcome) == (await people.id_of(email), None, Outcome.FAILED)
    assert record.changes == {"reason": [None, "wrong password"]}
    with pytest.raises(WrongPassword) as unknown:
        await people.sign_in("my secret@nobody.example", "x")
    nobodys = failed_sign_in(unknown.value, Visitor(), people.clock())
    assert nobodys.actor.user_id is None
    assert "my secret" not in str(record.columns()) + str(nobodys.columns())
