"""Links between users of ours and what sign-in providers call them: a part of the directory's door."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import asyncpg
from sqlalchemy import DateTime, Text, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from db.ids import new_id
from db.memberships import JOIN, NEW_MEMBER, NEW_ROLE, NEW_USER
from db.statements import Statement, compile_statement
from db.tables import identities, sessions, users

Row = asyncpg.Record
Run = Callable[..., Awaitable[list[Row]]]
"""``await run(statement, **values)``: one statement as the directory, with ``now``."""
_NOW = bindparam("now", type_=DateTime(timezone=True))
_who = and_(identities.c.issuer == bindparam("issuer"), identities.c.subject == bindparam("subject"))

USER_BY_IDENTITY = compile_statement(select(users).join(identities, identities.c.user_id == users.c.id).where(_who))
_link = upsert(identities).values(
    issuer=bindparam("issuer"), subject=bindparam("subject"), user_id=bindparam("user_id"), created_at=_NOW
)
LINK = compile_statement(_link.on_conflict_do_nothing())
CREATE_LINKED = compile_statement(
    insert(identities)
    .values(issuer=bindparam("issuer"), subject=bindparam("subject"), user_id=bindparam("user_id"), created_at=_NOW)
    .add_cte(NEW_USER.cte("new_user"), NEW_MEMBER.cte("new_member"), NEW_ROLE.cte("new_role"))
)
"""The user, its first membership and its link: all or none."""
VOUCHED_BY = compile_statement(
    update(sessions)
    .where(sessions.c.id_hash == bindparam("id_hash"))
    .values(provider=bindparam("issuer", type_=Text), provider_session=bindparam("sid", type_=Text))
)
PROVIDER_OF = compile_statement(select(sessions.c.provider).where(sessions.c.id_hash == bindparam("id_hash")))
_subjects = select(identities.c.user_id).where(_who).scalar_subquery()
END_PROVIDER_SESSIONS = compile_statement(
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
    .returning(sessions.c.id_hash)
)


class Links:
    """Reached as ``directory.links``; raises what the directory raises."""

    def __init__(self, run: Run) -> None:
        self._run = run

    async def user(self, issuer: str, subject: str) -> Row | None:
        """The user whom the provider calls so."""
        return await self._one(USER_BY_IDENTITY, issuer=issuer, subject=subject)

    async def link(self, issuer: str, subject: str, user_id: str) -> None:
        """Link them for good; whoever was linked first stays."""
        await self._run(LINK, issuer=issuer, subject=subject, user_id=user_id)

    async def create(self, issuer: str, subject: str, email: str, name: str, member_of: tuple[str, str]) -> str:
        """A new user without password, member of the tenant (id) with the role. Raises Duplicate, and BadValue when
        there is no such role.
        """
        user_id, (tenant_id, role) = new_id(), member_of
        await self._run(
            CREATE_LINKED,
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

    async def join(self, tenant_id: str, user_id: str, role: str) -> None:
        """Make the user a member, unless it is one: then it keeps its role. Raises BadValue."""
        await self._run(JOIN, tenant_id=tenant_id, user_id=user_id, role=role)

    async def vouch(self, id_hash: bytes, issuer: str, sid: str | None) -> None:
        """Note which provider a session came by, and what that calls its own."""
        await self._run(VOUCHED_BY, id_hash=id_hash, issuer=issuer, sid=sid)

    async def provider_of(self, id_hash: bytes) -> str | None:
        """The issuer that a session came by; None for a password."""
        row = await self._one(PROVIDER_OF, id_hash=id_hash)
        return None if row is None else row["provider"]

    async def end_sessions(self, issuer: str, subject: str, sid: str | None, until: datetime) -> int:
        """Revoke the sessions that came by the provider's session ``sid``, or without one all of the subject's, made
        until then. Answers how many.
        """
        rows = await self._run(END_PROVIDER_SESSIONS, issuer=issuer, subject=subject, sid=sid, until=until)
        return len(rows)

    async def _one(self, statement: Statement, **values: object) -> Row | None:
        rows = await self._run(statement, **values)
        return rows[0] if rows else None
