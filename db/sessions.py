"""Sessions of browsers: a part of the directory's door.

A session is known by the hash of its cookie's secret, which is another one after each change of privilege, and by an id
that stays. Hashes that it had before are kept, so that whoever still uses one can be told why it is dead.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

import asyncpg
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Interval,
    Select,
    Text,
    any_,
    bindparam,
    column,
    insert,
    select,
    update,
)

from db.audit_records import AuditRecord
from db.callers import asked, chosen
from db.identity import MEMBER, SPOKEN_FOR, member
from db.ids import new_id, public_id
from db.rotations import LOWER, living, rotation
from db.statements import compile_statement
from db.tables import replaced_sessions, sessions, tenants, users

Row = asyncpg.Record
Run = Callable[..., Awaitable[list[Row]]]
"""``await run(statement, **values)``: one statement as the directory, with ``now``."""
LISTED = 200
"""Sessions of one user that are listed at most."""
_TIME = DateTime(timezone=True)
_NOW = bindparam("now", type_=_TIME)
SESSION = (
    sessions.c.id.label("session_id"),
    sessions.c.id_hash,
    sessions.c.created_at.label("session_created_at"),
    sessions.c.seen_at,
    sessions.c.expires_at,
    sessions.c.revoked_at,
    sessions.c.space,
    sessions.c.authenticated_at,
    sessions.c.elevation_id,
    sessions.c.elevation_tenant_id,
    sessions.c.elevation_scopes,
    sessions.c.elevated_until,
    sessions.c.acting_as_id,
)


def _session_in(tenant: ColumnElement[bool]) -> Select[*tuple[object, ...]]:
    whose = sessions.join(users, users.c.id == sessions.c.user_id)
    return (
        select(*MEMBER, *SESSION).select_from(member(whose, tenant)).where(sessions.c.id_hash == bindparam("id_hash"))
    )


OF_ITS_TENANT = compile_statement(_session_in(tenants.c.id == sessions.c.tenant_id))
OF_SLUG = compile_statement(_session_in(tenants.c.slug == bindparam("slug")))
_asked = asked(id_hashes=column("id_hash", sessions.c.id_hash.type), slugs=column("chosen", Text))
CALLERS = compile_statement(
    select(_asked.c.n, *MEMBER, *SESSION).select_from(
        _asked.join(sessions, sessions.c.id_hash == _asked.c.id_hash)
        .join(users, users.c.id == sessions.c.user_id)
        .outerjoin(SPOKEN_FOR, chosen(_asked.c.chosen, tenants.c.id == sessions.c.tenant_id))
    )
)
CREATE = compile_statement(
    insert(sessions)
    .from_select(
        [
            *("id", "id_hash", "user_id", "tenant_id", "user_agent", "address"),
            *("created_at", "seen_at", "authenticated_at", "expires_at"),
        ],
        select(
            bindparam("id", type_=sessions.c.id.type),
            bindparam("id_hash", type_=sessions.c.id_hash.type),
            users.c.id,
            bindparam("tenant_id", type_=sessions.c.tenant_id.type),
            bindparam("user_agent", type_=Text),
            bindparam("address", type_=Text),
            *(_NOW, _NOW, _NOW),
            bindparam("expires_at", type_=_TIME),
        ).where(users.c.id == bindparam("user_id"), users.c.version == bindparam("user_version")),
    )
    .returning(sessions.c.id)
)
"""Only for the user as it was when its password was checked: a sign-in that was under way when the password
changed leaves no session.
"""
_mine = sessions.c.user_id == bindparam("user_id")
REVOKE = compile_statement(
    living(sessions.c.id_hash == bindparam("id_hash")).values(revoked_at=_NOW).returning(sessions.c.id)
)
REVOKE_ONE = compile_statement(
    living(_mine).where(sessions.c.id == bindparam("id")).values(revoked_at=_NOW).returning(sessions)
)
REVOKE_OTHERS = compile_statement(
    living(_mine)
    .where(sessions.c.id.is_distinct_from(bindparam("kept", type_=sessions.c.id.type)))
    .values(revoked_at=_NOW)
    .returning(sessions.c.id)
)
LIVING = compile_statement(
    select(sessions)
    .where(
        _mine,
        sessions.c.revoked_at.is_(None),
        sessions.c.expires_at > _NOW,
        sessions.c.created_at > bindparam("made_after", type_=_TIME),
        sessions.c.seen_at > bindparam("seen_after", type_=_TIME),
    )
    .order_by(sessions.c.seen_at.desc(), sessions.c.id)
    .limit(LISTED)
)
_hashes = bindparam("id_hashes", type_=ARRAY(sessions.c.id_hash.type))
REPLACED = compile_statement(
    select(replaced_sessions.c.id_hash, replaced_sessions.c.reason).where(replaced_sessions.c.id_hash == any_(_hashes))
)
_used = asked(id_hashes=column("id_hash", sessions.c.id_hash.type), times=column("at", _TIME))
_used_and_free = (
    select(sessions.c.id_hash, _used.c.at)
    .join(_used, _used.c.id_hash == sessions.c.id_hash)
    .where(sessions.c.seen_at <= _used.c.at - bindparam("every", type_=Interval))
    .with_for_update(of=sessions, skip_locked=True)
    .cte("used_and_free")
)
TOUCH = compile_statement(
    update(sessions).where(sessions.c.id_hash == _used_and_free.c.id_hash).values(seen_at=_used_and_free.c.at)
)
"""Rows that somebody else is writing are passed over: that one notes the use, or the next use does."""


class Sessions:
    """Reached as ``directory.sessions``; raises what the directory raises. A user is an id, 32 hex digits."""

    def __init__(self, run: Run) -> None:
        self._run = run

    async def create(
        self,
        id_hash: bytes,
        user: Row,
        tenant_id: str,
        expires_at: datetime,
        user_agent: str | None = None,
        address: str | None = None,
        *,
        record: AuditRecord | None = None,
    ) -> str | None:
        """The new session's id, its beginning on ``record``, which names it; None when the user was changed since
        ``user`` was read: then there is no session.
        """
        session_id = new_id()
        if record is not None:
            record.entity, record.entity_id = "session", public_id("ses", session_id)
        rows = await self._run(
            CREATE,
            record=record,
            id=session_id,
            id_hash=id_hash,
            user_id=user["id"],
            user_version=user["version"],
            tenant_id=tenant_id,
            expires_at=expires_at,
            user_agent=user_agent,
            address=address,
        )
        return session_id if rows else None

    async def find(self, id_hash: bytes, tenant_slug: str | None = None) -> Row | None:
        """The session with its user and the membership of its own tenant, or of the tenant of that slug: the
        columns of ``Directory.membership``, the session's id and its times.
        """
        if tenant_slug is None:
            rows = await self._run(OF_ITS_TENANT, id_hash=id_hash)
        else:
            rows = await self._run(OF_SLUG, id_hash=id_hash, slug=tenant_slug)
        return rows[0] if rows else None

    async def callers(self, asked: Sequence[tuple[bytes, str | None]]) -> dict[int, Row]:
        """Where many stand, each asked about by its hash and the slug of the tenant it chose: rows as of ``find``, by
        place (from 0); what is unknown is missing.
        """
        id_hashes, slugs = (list(values) for values in zip(*asked, strict=True))
        rows = await self._run(CALLERS, id_hashes=id_hashes, slugs=slugs)
        return {row["n"] - 1: row for row in rows}

    async def rotate(
        self,
        old_hash: bytes,
        new_hash: bytes,
        reason: str,
        changes: Mapping[str, object],
        *,
        record: AuditRecord | None = None,
    ) -> str | None:
        """Give the session another hash and these columns, and put that on record: the old hash is dead from the commit
        on, and ``replaced`` says why. Answers the session's id, None when there was no such session any more.
        """
        rows = await self._run(
            rotation(tuple(sorted(changes))),
            record=record,
            old_hash=old_hash,
            was=old_hash,
            new_hash=new_hash,
            reason=reason,
            **{f"set_{name}": value for name, value in changes.items()},
        )
        return rows[0]["session_id"] if rows else None

    async def lower(self, id_hash: bytes, elevation_id: str, *, record: AuditRecord) -> bool:
        """End that elevation of the session, on record. Whether it was there."""
        return bool(await self._run(LOWER, record=record, id_hash=id_hash, ended_id=elevation_id))

    async def replaced(self, id_hashes: Sequence[bytes]) -> dict[bytes, str]:
        """Those that a session had before, with the reason for which it has another now."""
        rows = await self._run(REPLACED, id_hashes=list(id_hashes))
        return {row["id_hash"]: row["reason"] for row in rows}

    async def living(self, user_id: str, made_after: datetime, seen_after: datetime) -> list[Row]:
        """The user's sessions that are good now, those used last first."""
        return await self._run(LIVING, user_id=user_id, made_after=made_after, seen_after=seen_after)

    async def touch(self, used: Mapping[bytes, datetime], every: timedelta) -> None:
        """Note when sessions were used, each unless that was noted so lately."""
        await self._run(TOUCH, id_hashes=list(used), times=list(used.values()), every=every)

    async def revoke(self, id_hash: bytes, *, record: AuditRecord | None = None) -> bool:
        """Whether there was one to revoke."""
        return bool(await self._run(REVOKE, record=record, id_hash=id_hash))

    async def revoke_one(self, user_id: str, session_id: str, *, record: AuditRecord | None = None) -> Row | None:
        """The session as it was, if it was the user's and lived."""
        rows = await self._run(REVOKE_ONE, record=record, user_id=user_id, id=session_id)
        return rows[0] if rows else None

    async def revoke_others(self, user_id: str, kept: str | None = None, *, record: AuditRecord | None = None) -> int:
        """Revoke all of the user's but the one of that id. Answers how many."""
        return len(await self._run(REVOKE_OTHERS, record=record, user_id=user_id, kept=kept))
