"""API keys: a part of the directory's door. A key is known by its public name; its secret only by a hash."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import (
    ARRAY,
    BindParameter,
    DateTime,
    Integer,
    Interval,
    Table,
    Text,
    and_,
    any_,
    bindparam,
    column,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.sql.dml import Update

from db.audit_records import AuditRecord
from db.callers import asked
from db.columns import selected
from db.identity import MEMBER, SPOKEN_FOR
from db.list_statements import Listing
from db.statements import compile_statement
from db.tables import api_keys, memberships, tenants, users
from db.tenant_lists import Row, Run, TenantList

MOST = 1_000
"""Keys of one tenant that are good at the same time; rotations, which need both for a while, reach twice as many."""
_NOW = bindparam("now", type_=DateTime(timezone=True))
_KEY = (
    api_keys.c.name.label("key_name"),
    api_keys.c.label.label("key_label"),
    api_keys.c.tenant_id.label("key_tenant_id"),
    api_keys.c.secret_hash,
    api_keys.c.permissions.label("key_permissions"),
    api_keys.c.networks,
    api_keys.c.expires_at,
    api_keys.c.revoked_at,
    api_keys.c.used_at,
    api_keys.c.space.label("key_space"),
    api_keys.c.documents.label("key_documents"),
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
_SAID = (
    *("name", "secret_hash", "tenant_id", "maker_id", "label", "permissions", "networks", "space", "documents"),
    "expires_at",
)
_COLUMNS = [*_SAID, "created_at"]


def _given(name: str) -> BindParameter[object]:
    return bindparam(name, type_=api_keys.c[name].type)


_TENANT, _NAME = _given("tenant_id"), _given("name")
_alive = and_(api_keys.c.revoked_at.is_(None), api_keys.c.expires_at > _NOW)
_room = select(func.count()).select_from(api_keys).where(
    api_keys.c.tenant_id == _TENANT, _alive
).scalar_subquery() < bindparam("most", type_=Integer)
CREATE = compile_statement(
    insert(api_keys).from_select(_COLUMNS, select(*map(_given, _SAID), _NOW).where(_room)).returning(api_keys.c.name)
)
KEYS = select(api_keys.c.name.label("id"), *(each for each in api_keys.c if each.name != "secret_hash")).subquery(
    "keys"
)
LISTING = Listing("key", cast(Table, KEYS), ())
"""It has what a list asks of a table: a key's name is its id."""
BY_NAMES = compile_statement(
    select(*selected(KEYS, None)).where(
        KEYS.c.tenant_id == _TENANT, KEYS.c.name == any_(bindparam("names", type_=ARRAY(Text)))
    )
)
OF_TENANT = compile_statement(
    select(KEYS, users.c.email)
    .join(users, users.c.id == KEYS.c.maker_id)
    .where(
        KEYS.c.tenant_id == _TENANT,
        KEYS.c.name >= bindparam("prefix", type_=Text),
        KEYS.c.name < func.concat(bindparam("prefix", type_=Text), "~"),
    )
    .order_by(KEYS.c.created_at.desc(), KEYS.c.name)
    .limit(bindparam("limit"))
)


def _change() -> Update:
    return update(api_keys).where(api_keys.c.name == _NAME, api_keys.c.tenant_id == _TENANT)


REVOKE = compile_statement(
    _change().where(api_keys.c.revoked_at.is_(None)).values(revoked_at=_NOW).returning(api_keys.c.name)
)
BIND = compile_statement(_change().where(_alive).values(documents=_given("documents")).returning(api_keys.c.name))
_old = (
    _change()
    .where(_alive, _room)
    .values(expires_at=func.least(api_keys.c.expires_at, bindparam("old_ends_at", type_=DateTime(timezone=True))))
    .returning(api_keys)
    .cte("old")
)
_fresh = {"name": bindparam("new_name", type_=Text)} | {
    name: _given(name) for name in ("secret_hash", "maker_id", "expires_at")
}
ROTATE = compile_statement(
    insert(api_keys)
    .from_select(_COLUMNS, select(*(_fresh.get(name, _old.c[name]) for name in _SAID), _NOW))
    .returning(api_keys.c.name)
)
"""One statement: the old key has an end if and only if there is a new one."""
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


class ApiKeys(TenantList):
    """Reached as ``directory.api_keys``; raises what the directory raises. What changes goes on ``record`` with it."""

    def __init__(self, run: Run) -> None:
        super().__init__(run, LISTING)

    async def callers(self, names: Sequence[str]) -> dict[str, Row]:
        """By name each key that there is, with its maker as a member of its tenant (as ``Directory.membership``)."""
        rows = await self._run(BY_NAME, names=list(names))
        return {row["key_name"]: row for row in rows}

    async def create(self, tenant_id: str, name: str, *, record: AuditRecord | None = None, **said: object) -> bool:
        """A key that ``said`` says: ``secret_hash maker_id label permissions networks space documents expires_at``.
        False when ``MOST`` are good.
        """
        return bool(await self._run(CREATE, record=record, tenant_id=tenant_id, name=name, most=MOST, **said))

    async def by_name(self, tenant_id: str, name: str) -> Row | None:
        """The tenant's key, without its hash."""
        rows = await self._run(BY_NAMES, tenant_id=tenant_id, names=[name])
        return rows[0] if rows else None

    async def of_tenant(self, tenant_id: str, prefix: str = "", limit: int = 1_000) -> list[Row]:
        """The tenant's keys whose name begins so, the newest first."""
        return await self._run(OF_TENANT, tenant_id=tenant_id, prefix=prefix, limit=limit)

    async def revoke(self, tenant_id: str, name: str, *, record: AuditRecord | None = None) -> bool:
        """Whether there was one to revoke."""
        return bool(await self._run(REVOKE, record=record, tenant_id=tenant_id, name=name))

    async def bind(self, tenant_id: str, name: str, documents: str, *, record: AuditRecord | None = None) -> bool:
        """Let the key run these documents and no others. Whether it is good."""
        return bool(await self._run(BIND, record=record, tenant_id=tenant_id, name=name, documents=documents))

    async def rotate(
        self, tenant_id: str, name: str, old_ends_at: datetime, *, record: AuditRecord | None = None, **fresh: object
    ) -> bool:
        """A new key like the old one but for what is ``fresh`` (``new_name secret_hash maker_id expires_at``); the old
        one ends then, if it would not earlier. False when it is not good, or there are too many.
        """
        values = {"tenant_id": tenant_id, "name": name, "old_ends_at": old_ends_at, "most": 2 * MOST, **fresh}
        return bool(await self._run(ROTATE, record=record, **values))

    async def touch(self, used: Mapping[str, datetime], every: timedelta) -> None:
        """Note when keys were used, each unless that was noted so lately."""
        await self._run(TOUCH, names=list(used), times=list(used.values()), every=every)
