"""What is over goes when it was over for long enough, and nothing else; nobody is told, for nobody's rights changed."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from db.directory import IDENTITY_CHANNEL
from db.ids import new_id
from db.migrations import prune as pruning
from db.migrations.prune import prune
from tests.support.database import Dsns

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


async def pruned(dsns: Dsns) -> dict[str, int]:
    async def connect() -> asyncpg.Connection:
        return await asyncpg.connect(dsns.owner)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return await prune(connection, NOW)
    finally:
        await engine.dispose()


class Attic:
    """A tenant and a user of a test's own, with things that are over since some time."""

    def __init__(self, superuser: asyncpg.Connection, user: str, tenant: str) -> None:
        self.superuser, self._user, self._tenant = superuser, user, tenant

    async def session(self, ends: timedelta, revoked: timedelta | None = None) -> str:
        id_ = new_id()
        await self.superuser.execute(
            "INSERT INTO sessions (id_hash, id, user_id, tenant_id, created_at, seen_at, expires_at, revoked_at) "
            "VALUES ($1, $2::uuid, $3::uuid, $4::uuid, $5, $5, $6, $7)",
            *(id_.encode(), id_, self._user, self._tenant, NOW - 90 * DAY, NOW + ends),
            None if revoked is None else NOW + revoked,
        )
        return id_

    async def replaced(self, session: str, since: timedelta) -> None:
        await self.superuser.execute(
            "INSERT INTO replaced_sessions VALUES ($1, $2::uuid, 'because', $3)",
            new_id().encode(),
            session,
            NOW + since,
        )

    async def invitation(self, ends: timedelta, accepted: timedelta | None = None) -> str:
        id_ = new_id()
        await self.superuser.execute(
            "INSERT INTO invitations (tenant_id, id, email, roles, inviter_id, token_hash, created_at, updated_at, "
            "expires_at, accepted_at) VALUES ($1::uuid, $2::uuid, 'a@b.example', '{}', $3::uuid, $4, $5, $5, $6, $7)",
            *(self._tenant, id_, self._user, id_.encode(), NOW - 90 * DAY, NOW + ends),
            None if accepted is None else NOW + accepted,
        )
        return id_

    async def trifles(self, ends: timedelta) -> None:
        """A link to a new password, a nonce, a count of wrong passwords."""
        at, name = NOW + ends, new_id().encode()
        whose = "INSERT INTO password_resets VALUES ($1, $2::uuid, $3, $3)"
        await self.superuser.execute(whose, name, self._user, at)
        await self.superuser.execute("INSERT INTO peer_nonces VALUES ('north', $1, $2)", name, at)
        await self.superuser.execute("INSERT INTO sign_in_failures VALUES ($1, 1, 1, 1, $2, $2)", name, at)

    async def left(self, table: str, column: str = "id") -> set[str]:
        rows = await self.superuser.fetch(f"SELECT replace({column}::text, '-', '') AS id FROM {table}")
        return {row["id"] for row in rows}


@pytest.fixture
async def attic(fresh_dsns: Dsns) -> AsyncIterator[Attic]:
    user, tenant, now = new_id(), new_id(), "now(), now()"
    superuser = await asyncpg.connect(fresh_dsns.superuser)
    await superuser.execute(
        f"INSERT INTO users (id, email, name, created_at, updated_at) VALUES ($1::uuid, 'a@b.example', 'Ann', {now})",
        user,
    )
    await superuser.execute(
        f"INSERT INTO tenants (id, slug, name, created_at, updated_at) VALUES ($1::uuid, 'attic', 'Attic', {now})",
        tenant,
    )
    yield Attic(superuser, user, tenant)
    await superuser.close()


async def test_what_is_over_for_long_goes_and_what_may_still_be_asked_about_stays(
    attic: Attic, fresh_dsns: Dsns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "AT_ONCE", 2)
    living, lately = await attic.session(DAY), await attic.session(-29 * DAY)
    for ends, revoked in ((-31 * DAY, None), (-31 * DAY, None), (-31 * DAY, None), (DAY, -31 * DAY)):
        await attic.replaced(await attic.session(ends, revoked), -40 * DAY)
    await attic.replaced(living, -31 * DAY)
    await attic.replaced(living, -29 * DAY)
    open_, fresh = await attic.invitation(DAY), await attic.invitation(-DAY)
    await attic.invitation(-31 * DAY)
    await attic.invitation(DAY, -31 * DAY)
    for ends in (-2 * DAY, -2 * DAY, timedelta(0)):
        await attic.trifles(ends)
    told: list[str] = []
    await attic.superuser.add_listener(IDENTITY_CHANNEL, lambda *said: told.append(str(said[-1])))
    number = await attic.superuser.fetchval("SELECT number FROM identity_head")
    gone = await pruned(fresh_dsns)
    assert gone == {
        "invitations": 2,
        "sessions": 4,
        "replaced_sessions": 1,  # those of sessions went with them
        "password_resets": 2,
        "peer_nonces": 2,
        "sign_in_failures": 2,
    }
    assert await attic.left("sessions") == {living, lately}
    assert await attic.left("invitations") == {open_, fresh}
    assert len(await attic.left("replaced_sessions", "id_hash")) == 1
    assert await attic.superuser.fetchval("SELECT number FROM identity_head") == number
    assert told == []
    assert set((await pruned(fresh_dsns)).values()) == {0}


async def test_a_session_that_anybody_else_removes_is_told_of(attic: Attic) -> None:
    session = await attic.session(DAY)
    number = await attic.superuser.fetchval("SELECT number FROM identity_head")
    await attic.superuser.execute("DELETE FROM sessions WHERE id = $1::uuid", session)
    assert await attic.superuser.fetchval("SELECT number FROM identity_head") == number + 1
