"""When a caller's rights end or change, so do its streams: with the reason, and without one event that came after."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from auth.operators import reset_password
from auth.passwords import Passwords
from auth.sessions import Rotation, hash_of, new_secret
from tests.support.database import Dsns
from tests.support.members import EVENTS, Person, end_in, following, past_every_door, person
from tests.support.server import Front, open_front, serving, settings_for
from tests.support.single import Single, reserved, told
from tests.support.waiting import until, until_answered

End = Callable[[Person], Awaitable[object]]


async def closed(front: Front) -> None:
    await until(lambda: not front.open_streams and not front.app.state.rights.callers)


async def _reset(who: Person) -> None:
    await reset_password(who.directory, Passwords(), who.email, "another good password")


def _by_hand(sql: str) -> End:
    return lambda who: past_every_door(who.front, sql, who.id)


ENDS: dict[str, tuple[End, str]] = {
    "all sessions revoked": (lambda who: who.directory.sessions.revoke_others(who.id), "SESSION_REVOKED"),
    "a new password": (_reset, "SESSION_REVOKED"),
    "disabled": (_by_hand("UPDATE users SET disabled_at = now() WHERE id = $1"), "SESSION_REVOKED"),
    "no member any more": (_by_hand("DELETE FROM memberships WHERE user_id = $1"), "FORBIDDEN"),
    "a role that may not": (lambda who: who.become("nobody"), "FORBIDDEN"),
}


@pytest.fixture
async def who(front: Front) -> Person:
    """A manager of acme, which has a role that grants nothing too."""
    who = await person(front)
    await past_every_door(
        front,
        "INSERT INTO roles (tenant_id, name, permissions, created_at, updated_at) "
        "VALUES ($1, 'nobody', '{}', now(), now()) ON CONFLICT DO NOTHING",
        who.tenant.hex,
    )
    return who


@pytest.mark.parametrize(
    ("name", "by"),
    [(name, by) for name in ENDS for by in ("session", "token") if (name, by) != ("all sessions revoked", "token")],
)
async def test_a_stream_ends_with_its_callers_rights(front: Front, who: Person, name: str, by: str) -> None:
    end, reason = ENDS[name]
    headers = (await who.session())[0] if by == "session" else await who.bearer()
    async with following(who, headers) as stream:
        cursor = stream.last_id
        await end(who)
        await who.cause("after the end")
        end_told = end_in(await stream.wait_for_end())
    assert end_told == {"reason": reason, "code": reason, "cursor": cursor}
    await closed(front)


async def test_signing_out_ends_the_sessions_streams_and_no_others(front: Front, who: Person) -> None:
    (mine, _), (other, _) = await who.session(), await who.session()
    async with following(who, mine) as ended, following(who, other) as kept:
        assert (await front.client.post("/auth/logout", headers=mine)).status_code == 204
        await who.cause("after")
        assert end_in(await ended.wait_for_end())["reason"] == "SESSION_REVOKED"
        assert (await kept.wait_for_next()).payload["data"]["orderEvents"]["patch"] == {"notes": "after"}


async def test_a_token_ends_its_stream_when_it_expires(front: Front, who: Person) -> None:
    async with following(who, await who.bearer(seconds=2)) as stream:
        assert end_in(await stream.wait_for_end())["reason"] == "TOKEN_EXPIRED"
    await closed(front)


async def test_what_a_role_lost_is_no_longer_told_and_the_stream_goes_on(front: Front, who: Person) -> None:
    document = "subscription { orderEvents { patch order { notes customer { email } } } }"
    async with following(who, await who.bearer(), document) as stream:
        await who.become("viewer")
        await who.cause("as a viewer")
        payload = (await stream.wait_for_next()).payload
    assert payload["data"]["orderEvents"]["patch"] == {"notes": "as a viewer"}
    assert [error["extensions"]["code"] for error in payload["errors"]] == ["FORBIDDEN"]


async def test_a_role_that_grants_more_is_told_more(front: Front, who: Person) -> None:
    await who.become("viewer")
    document = "subscription { orderEvents { patch order { notes customer { email } } } }"
    async with following(who, await who.bearer(), document) as stream:
        await who.cause("as a viewer")
        assert "errors" in (await stream.wait_for_next()).payload
        await who.become("manager")
        await who.cause("as a manager")
        payload = (await stream.wait_for_next()).payload
    assert payload["data"]["orderEvents"]["patch"] == {"notes": "as a manager"}
    assert "errors" not in payload


async def test_what_others_of_the_tenant_lost_disturbs_nobody(front: Front, who: Person) -> None:
    other = await person(front)
    async with following(who, await who.bearer()) as kept, following(other, await other.bearer()) as ended:
        await _reset(other)
        assert end_in(await ended.wait_for_end())["reason"] == "SESSION_REVOKED"
        await who.cause("goes on")
        assert (await kept.wait_for_next()).payload["data"]["orderEvents"]["patch"] == {"notes": "goes on"}


async def _kill_ears(front: Front) -> None:
    """Whoever listens in this database loses the connection, again and again."""
    while True:
        await past_every_door(
            front,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE query LIKE ANY ('{LISTEN%,SELECT 1 AS heard}') AND datname = current_database()",
        )
        await asyncio.sleep(0.02)


async def test_a_stream_ends_while_nobody_hears_of_it(seeded_dsns: Dsns) -> None:
    """On a server of its own, which it leaves deaf."""
    async with open_front(seeded_dsns, 0) as front:
        who = await person(front)
        deaf = asyncio.create_task(_kill_ears(front))
        try:
            async with following(who, await who.bearer()) as stream:
                await _reset(who)
                await who.cause("after the end")
                assert end_in(await stream.wait_for_end())["reason"] == "SESSION_REVOKED"
        finally:
            deaf.cancel()
            await asyncio.gather(deaf, return_exceptions=True)


async def test_a_stream_ends_when_nobody_was_told(front: Front, who: Person) -> None:
    """As on a connection that died without a word: without its triggers the database tells nobody."""
    async with following(who, await who.bearer()) as stream:
        await past_every_door(
            front,
            "DO $$ BEGIN SET LOCAL session_replication_role = replica; "
            f"UPDATE users SET credentials_version = 2 WHERE id = '{who.id}'; "
            "UPDATE identity_head SET number = number + 1; END $$",
        )
        await who.cause("after the end")
        assert end_in(await stream.wait_for_end())["reason"] == "SESSION_REVOKED"


async def test_a_reserved_connection_ends_with_its_callers_rights_and_each_operation_says_why(
    front: Front, who: Person
) -> None:
    single = await reserved(front, await who.bearer())
    async with single.open() as stream:
        for name in ("one", "two"):
            assert (await single.post(name, EVENTS)).status_code == 202
        await _reset(who)
        await who.cause("after the end")
        rest = [block for block in await stream.wait_for_end() if block.event is not None]
    assert [(block.event, told(block)[0]) for block in rest] == [
        (event, name) for name in ("one", "two") for event in ("next", "complete")
    ]
    ends = [told(block)[1]["extensions"]["stream"]["end"]["reason"] for block in rest if block.event == "next"]
    assert ends == ["SESSION_REVOKED"] * 2
    await closed(front)
    assert (await single.post("three", EVENTS)).status_code == 401


async def test_operations_of_a_reserved_connection_run_under_the_permissions_of_the_moment(
    front: Front, who: Person
) -> None:
    single = await reserved(front, await who.bearer())
    async with single.open() as stream:
        assert (await single.post("before", EVENTS)).status_code == 202
        await who.become("nobody")
        ended = await stream.wait_for_next()
        assert told(ended)[1]["extensions"]["stream"]["end"]["reason"] == "FORBIDDEN"
        await stream.wait_for_complete()
        assert (await single.post("after", EVENTS)).status_code == 403
        await who.become("viewer")
        await until_allowed(single)
        await who.cause("again")
        frame = told(await stream.wait_for_next())
        assert frame[1]["data"]["orderEvents"]["patch"] == {"notes": "again"}


async def until_allowed(single: Single) -> None:
    async def allowed() -> bool:
        return (await single.post("again", EVENTS)).status_code == 202

    await until_answered(allowed)


async def test_a_change_that_one_worker_makes_ends_the_streams_of_another(seeded_dsns: Dsns) -> None:
    async with open_front(seeded_dsns, 0) as here, serving(settings_for(seeded_dsns)) as there:
        who = await person(here)
        (mine, _), (other, _) = await who.session(), await who.session()
        elsewhere = replace(who, front=there)
        async with following(elsewhere, mine) as ended, following(elsewhere, other) as kept:
            assert (await here.client.post("/auth/logout", headers=mine)).status_code == 204
            await who.cause("after the end")
            assert end_in(await ended.wait_for_end())["reason"] == "SESSION_REVOKED"
            assert (await kept.wait_for_next()).payload["data"]["orderEvents"]["patch"] == {"notes": "after the end"}


async def test_a_rotated_sessions_stream_is_cut_and_comes_back_with_the_new_secret(front: Front, who: Person) -> None:
    headers, id_hash = await who.session()
    async with following(who, headers) as stream:
        secret = new_secret()
        assert await who.directory.sessions.rotate(id_hash, hash_of(secret) or b"", Rotation.PRIVILEGE, {})
        await who.cause("while it was cut")
        blocks = await stream.wait_for_end()
        cursor = stream.last_id
    told = [block for block in blocks if block.event is not None]
    assert [block.payload["extensions"]["stream"]["end"] for block in told] == [
        {"reason": "SESSION_ROTATED", "code": "SESSION_REVOKED", "cursor": cursor}
    ]
    assert cursor is not None
    fields = {"Cookie": f"tidegate={secret}", "X-Tidegate-Csrf": "1", "Last-Event-ID": cursor}
    async with front.stream(EVENTS, headers=fields) as stream:
        assert (await stream.wait_for_next()).payload["data"]["orderEvents"]["patch"] == {"notes": "while it was cut"}
