"""One-time tokens for a new password: a part of the directory's door. Only a token's hash is kept."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import asyncpg
from sqlalchemy import DateTime, bindparam, delete, insert, select, update

from db.audit_records import AuditRecord
from db.statements import Statement, compile_statement
from db.tables import password_resets, sessions, users

Row = asyncpg.Record
Run = Callable[..., Awaitable[list[Row]]]
"""``await run(statement, **values)``: one statement as the directory, with ``now``."""
_NOW = bindparam("now", type_=DateTime(timezone=True))
_this = password_resets.c.token_hash == bindparam("token_hash")
_old = delete(password_resets).where(password_resets.c.user_id == bindparam("whose")).cte("old")
CREATE = compile_statement(
    insert(password_resets)
    .values(
        token_hash=bindparam("token_hash"),
        user_id=bindparam("user_id"),
        created_at=_NOW,
        expires_at=bindparam("expires_at"),
    )
    .returning(password_resets.c.user_id)
    .add_cte(_old)
)
"""A new token ends those that were made before."""
USER_OF = compile_statement(
    select(users)
    .join(password_resets, password_resets.c.user_id == users.c.id)
    .where(_this, password_resets.c.expires_at > _NOW, users.c.disabled_at.is_(None))
)
_taken = (
    delete(password_resets)
    .where(_this, password_resets.c.expires_at > _NOW)
    .returning(password_resets.c.user_id)
    .cte("taken")
)
_new_password = (
    update(users)
    .where(users.c.id == _taken.c.user_id, users.c.disabled_at.is_(None))
    .values(
        password_hash=bindparam("password_hash"),
        credentials_version=users.c.credentials_version + 1,
        version=users.c.version + 1,
        updated_at=_NOW,
    )
    .returning(users.c.id, users.c.email)
    .cte("new_password")
)
_ended = (
    update(sessions)
    .where(sessions.c.user_id == _new_password.c.id, sessions.c.revoked_at.is_(None))
    .values(revoked_at=_NOW)
    .returning(sessions.c.id)
    .cte("ended")
)
TAKE = compile_statement(select(_new_password.c.id, _new_password.c.email).add_cte(_ended))
"""One statement: the token is used up, the password stands, and every session and bearer token of before is over."""


class Resets:
    """Reached as ``directory.resets``; raises what the directory raises. What changes goes on ``record`` with it."""

    def __init__(self, run: Run) -> None:
        self._run = run

    async def create(
        self, token_hash: bytes, user_id: str, expires_at: datetime, *, record: AuditRecord | None = None
    ) -> None:
        """Only the newest token of a user is good."""
        values = {"token_hash": token_hash, "user_id": user_id, "whose": user_id, "expires_at": expires_at}
        await self._run(CREATE, record=record, **values)

    async def user_of(self, token_hash: bytes) -> Row | None:
        """Whose password the token is for; None for one that is not good any more."""
        return await self._one(USER_OF, token_hash=token_hash)

    async def take(self, token_hash: bytes, password_hash: str, *, record: AuditRecord | None = None) -> Row | None:
        """Use the token up and set its user's password; every session and every bearer token of the user ends.
        None for one that is not good any more: then nothing happens.
        """
        return await self._one(TAKE, record=record, token_hash=token_hash, password_hash=password_hash)

    async def _one(self, statement: Statement, *, record: AuditRecord | None = None, **values: object) -> Row | None:
        rows = await self._run(statement, record=record, **values)
        return rows[0] if rows else None
