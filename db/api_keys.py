"""API keys: a part of the directory's door. A key is known by its public name; its secret only by a hash."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

import asyncpg
from sqlalchemy import (
    ARRAY,
    DateTime,
    Interval,
    Text,
    and_,
    any_,
    bindparam,
    case,
    column,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.sql.dml import Update

from db.callers import asked
from db.identity import MEMBER, SPOKEN_FOR
from db.statements import compile_statement
from db.tables import api_keys, memberships, tenants, users

Row = asyncpg.Record
Run = Callable[..., Awaitable[list[Row]]]
"""``await run(statement, **values)``: one statement as the directory, with ``now``."""
_NOW = bindparam("now", type_=DateTime(timezone=True))
_KEY = (
    api_keys.c.name.label("key_name"),
    api_keys.c.label.label("key_label"),
    api_keys.c.secret_hash,
    api_keys.c.permissions.label("key_permissions"),
    api_keys.c.networks,
    api_keys.c.expires_at,
    api_keys.c.revoked_at,
    api_keys.c.used_at,
    api_keys.c.space.label("key_space"),
)
BY_NAME = compile_statement(
    select(*MEMBER, *_KEY)
    .select_from(
        api_keys.join(users, users.c.id == api_keys.c.maker_id).outerjoin(
            SPOKEN_FOR, and_(memberships.c.user_id == users.c.id, tenants.c.id == api_keys.c.tenant_id)
        )
    )
    .where(api_keys.c.name == any_(bindparam("names", type_=ARRAY(Text))))
)
CREATE = compile_statement(
    insert(api_keys).values(
        name=bindparam("name"),
        tenant_id=bindparam("tenant_id"),
        maker_id=bindparam("maker_id"),
        label=bindparam("label"),
        secret_hash=bindparam("secret_hash"),
        permissions=bindparam("permissions"),
        networks=bindparam("networks"),
        space=bindparam("space"),
        created_at=_NOW,
        expires_at=bindparam("expires_at"),
    )
)
OF_TENANT = compile_statement(
    select(api_keys, users.c.email)
    .join(users, users.c.id == api_keys.c.maker_id)
    .where(
        api_keys.c.tenant_id == bindparam("tenant_id"),
        api_keys.c.name >= bindparam("prefix", type_=Text),
        api_keys.c.name < func.concat(bindparam("prefix", type_=Text), "~"),
    )
    .order_by(api_keys.c.created_at.desc(), api_keys.c.name)
    .limit(bindparam("limit"))
)


def _change() -> Update:
    mine = and_(api_keys.c.name == bindparam("name"), api_keys.c.tenant_id == bindparam("tenant_id"))
    return update(api_keys).where(mine, api_keys.c.revoked_at.is_(None))


REVOKE = compile_statement(_change().values(revoked_at=_NOW).returning(api_keys.c.name))
_end = bindparam("ends_at", type_=DateTime(timezone=True))
END_BY = compile_statement(
    _change()
    .values(expires_at=case((api_keys.c.expires_at < _end, api_keys.c.expires_at), else_=_end))
    .returning(api_keys)
)
_used = asked(names=column("name", api_keys.c.name.type), times=column("at", DateTime(timezone=True)))
_used_and_free = (
    select(api_keys.c.name, _used.c.at)
    .join(_used, _used.c.name == api_keys.c.name)
    .where(api_keys.c.used_at.is_(None) | (api_keys.c.used_at <= _used.c.at - bindparam("every", type_=Interval)))
    .with_for_update(of=api_keys, skip_locked=True)
    .cte("used_and_free")
)
TOUCH = compile_statement(
    update(api_keys).where(api_keys.c.name == _used_and_free.c.name).values(used_at=_used_and_free.c.at)
)
"""Rows that somebody else is writing are passed over: that one notes the use, or the next use does."""


class ApiKeys:
    """Reached as ``directory.api_keys``; raises what the directory raises."""

    def __init__(self, run: Run) -> None:
        self._run = run

    async def callers(self, names: Sequence[str]) -> dict[str, Row]:
        """By name each key that there is, with its maker as a member of its tenant (as ``Directory.membership``)."""
        rows = await self._run(BY_NAME, names=list(names))
        return {row["key_name"]: row for row in rows}

    async def create(  # noqa: PLR0913  # a key's columns, by name
        self,
        name: str,
        secret_hash: bytes,
        *,
        tenant_id: str,
        maker_id: str,
        label: str,
        permissions: Sequence[str],
        networks: Sequence[str],
        space: str,
        expires_at: datetime,
    ) -> None:
        await self._run(
            CREATE,
            name=name,
            secret_hash=secret_hash,
            tenant_id=tenant_id,
            maker_id=maker_id,
            label=label,
            permissions=list(permissions),
            networks=list(networks),
            space=space,
            expires_at=expires_at,
        )

    async def of_tenant(self, tenant_id: str, prefix: str = "", limit: int = 1_000) -> list[Row]:
        """The tenant's keys whose name begins so, the newest first."""
        return await self._run(OF_TENANT, tenant_id=tenant_id, prefix=prefix, limit=limit)

    async def revoke(self, tenant_id: str, name: str) -> bool:
        """Whether there was one to revoke."""
        return bool(await self._run(REVOKE, tenant_id=tenant_id, name=name))

    async def end_by(self, tenant_id: str, name: str, ends_at: datetime) -> Row | None:
        """Let the key end then, if it would not earlier; answers it, None for none that lives."""
        rows = await self._run(END_BY, tenant_id=tenant_id, name=name, ends_at=ends_at)
        return rows[0] if rows else None

    async def touch(self, used: Mapping[str, datetime], every: timedelta) -> None:
        """Note when keys were used, each unless that was noted so lately."""
        await self._run(TOUCH, names=list(used), times=list(used.values()), every=every)
