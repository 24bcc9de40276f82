"""Links between users of ours and what sign-in providers call them: a part of the directory's door."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import asyncpg
from sqlalchemy import (
    ColumnElement,
    DateTime,
    Text,
    and_,
    bindparam,
    cast,
    false,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from db.audit_records import AuditRecord
from db.ids import new_id
from db.memberships import JOIN, NEW_MEMBER, NEW_ROLE, NEW_USER
from db.statements import Statement, compile_statement
from db.tables import audit_log, identities, sessions, users

Row = asyncpg.Record
Run = Callable[..., Awaitable[list[Row]]]
"""``await run(statement, **values)``: one statement as the directory, with ``now``."""
_NOW = bindparam("now", type_=DateTime(timezone=True))
_who = and_(identities.c.issuer == bindparam("issuer"), identities.c.subject == bindparam("subject"))

USER_BY_IDENTITY = compile_statement(select(users).join(identities, identities.c.user_id == users.c.id).where(_who))
_link = upsert(identities).values(
    issuer=bindparam("issuer"), subject=bindparam("subject"), user_id=bindparam("user_id"), created_at=_NOW
)
_linked = _link.on_conflict_do_nothing().returning(identities.c.user_id).cte("linked")
_claimed = (
    update(users)
    .where(users.c.id == _linked.c.user_id, users.c.email_proven.is_(false()))
    .values(
        email_proven=true(),
        password_hash=None,
        credentials_version=users.c.credentials_version + 1,
        version=users.c.version + 1,
        updated_at=_NOW,
    )
    .returning(users.c.id)
    .cte("claimed")
)
_ended = (
    update(sessions)
    .where(sessions.c.user_id == _claimed.c.id, sessions.c.revoked_at.is_(None))
    .values(revoked_at=_NOW)
    .cte("ended")
)
LINK = compile_statement(select(_linked.c.user_id).add_cte(_ended))
"""Whoever proves an address that nobody had proven takes the user over: what was signed in by the password of before is
over, and the password with it.
"""
CREATE_LINKED = compile_statement(
    insert(identities)
    .values(issuer=bindparam("issuer"), subject=bindparam("subject"), user_id=bindparam("user_id"), created_at=_NOW)
    .returning(identities.c.user_id)
    .add_cte(NEW_USER.cte("new_user"), NEW_MEMBER.cte("new_member"), NEW_ROLE.cte("new_role"))
)
"""The user, its first membership and its link: all or none."""
VOUCHED_BY = compile_statement(
    update(sessions)
    .where(sessions.c.id_hash == bindparam("id_hash"))
    .values(
        provider=bindparam("issuer", type_=Text),
        provider_session=bindparam("sid", type_=Text),
        authenticated_at=bindparam("asked_at", type_=DateTime(timezone=True)),
    )
)
PROVIDER_OF = compile_statement(select(sessions.c.provider).where(sessions.c.id_hash == bindparam("id_hash")))
_subjects = select(identities.c.user_id).where(_who).scalar_subquery()
_signed_out = (
    update(sessions)
    .where(
        sessions.c.provider == bindparam("issuer"),
        sessions.c.revoked_at.is_(None),
        sessions.c.created_at <= bindparam("until", type_=DateTime(timezone=True)),
        or_(
            sessions.c.provider_session == bindparam("sid", type_=Text),
            and_(func.cast(bindparam("sid", type_=Text), Text).is_(None), sessions.c.user_id == _subjects),
        ),
    )
    .values(revoked_at=_NOW)
    .returning(sessions.c.tenant_id, sessions.c.user_id, sessions.c.id, sessions.c.space)
    .cte("signed_out")
)
_NAMED = func.concat("ses_", func.replace(cast(_signed_out.c.id, Text), "-", ""), type_=Text)
_SAID: dict[str, ColumnElement[Any]] = {  # Any: of their types
    "tenant_id": _signed_out.c.tenant_id,
    "id": func.gen_random_uuid(),
    "created_at": _NOW,
    "kind": literal("SIGN_OUT", Text),
    "action": literal("signOut", Text),
    "outcome": literal("ALLOWED", Text),
    "actor_id": _signed_out.c.user_id,
    "credential": literal("SESSION", Text),
    "space": _signed_out.c.space,
    "request_id": bindparam("request_id", type_=Text),
    "entity": literal("session", Text),
    "entity_id": _NAMED,
    "changes": func.jsonb_build_object("by", func.jsonb_build_array(null(), bindparam("by", type_=Text))),
}
END_PROVIDER_SESSIONS = compile_statement(
    select(_signed_out.c.id).add_cte(
        insert(audit_log).from_select(list(_SAID), select(*_SAID.values())).cte("on_record")
    )
)
"""However many they are, each is on record in the tenant that it spoke for."""


class Links:
    """Reached as ``directory.links``; raises what the directory raises. What changes goes on ``record`` with it."""

    def __init__(self, run: Run) -> None:
        self._run = run

    async def user(self, issuer: str, subject: str) -> Row | None:
        """The user whom the provider calls so."""
        return await self._one(USER_BY_IDENTITY, issuer=issuer, subject=subject)

    async def link(self, issuer: str, subject: str, user_id: str, *, record: AuditRecord | None = None) -> None:
        """Link them for good; whoever was linked first stays. A password that nobody proved the address for ends."""
        await self._run(LINK, record=record, issuer=issuer, subject=subject, user_id=user_id)

    async def create(
        self,
        issuer: str,
        subject: str,
        email: str,
        name: str,
        member_of: tuple[str, str],
        *,
        record: AuditRecord | None = None,
    ) -> str:
        """A new user (``whose`` the record is) without password, member of the tenant (id) with the role. Raises
        Duplicate, and BadValue when there is no such role.
        """
        user_id, (tenant_id, role) = (record and record.whose) or new_id(), member_of
        await self._run(
            CREATE_LINKED,
            record=record,
            issuer=issuer,
            subject=subject,
            user_id=user_id,
            email=email,
            name=name,
            password_hash=None,
            tenant_id=tenant_id,
            role=role,
        )
        return user_id

    async def join(self, tenant_id: str, user_id: str, role: str, *, record: AuditRecord | None = None) -> None:
        """Make the user a member, unless it is one: then it keeps its role. Raises BadValue."""
        await self._run(JOIN, record=record, tenant_id=tenant_id, user_id=user_id, role=role)

    async def vouch(self, id_hash: bytes, issuer: str, sid: str | None, asked_at: datetime | None = None) -> None:
        """Note which provider a session came by, what that calls its own, and when it asked its person."""
        await self._run(VOUCHED_BY, id_hash=id_hash, issuer=issuer, sid=sid, asked_at=asked_at)

    async def provider_of(self, id_hash: bytes) -> str | None:
        """The issuer that a session came by; None for a password."""
        row = await self._one(PROVIDER_OF, id_hash=id_hash)
        return None if row is None else row["provider"]

    async def end_sessions(
        self, issuer: str, subject: str, sid: str | None, until: datetime, request_id: str | None = None
    ) -> int:
        """Revoke the sessions that came by the provider's session ``sid``, or without one all of the subject's, made
        until then; on record. Answers how many.
        """
        who = {"issuer": issuer, "subject": subject, "sid": sid, "by": issuer}
        return len(await self._run(END_PROVIDER_SESSIONS, **who, until=until, request_id=request_id))

    async def _one(self, statement: Statement, **values: object) -> Row | None:
        rows = await self._run(statement, **values)
        return rows[0] if rows else None
