"""The roles of one tenant: a part of the directory's door. Every statement names the tenant; system roles stay as they
are.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import asyncpg
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Integer,
    Text,
    and_,
    any_,
    bindparam,
    delete,
    false,
    func,
    insert,
    literal_column,
    select,
    update,
)

from db.audit_records import AuditRecord
from db.statements import compile_statement
from db.tables import member_roles, roles

Row = asyncpg.Record
Run = Callable[..., Awaitable[list[Row]]]
"""``await run(statement, **values)``: one statement as the directory, with ``now``."""
MOST = 1_000
"""Roles of one tenant."""
_NOW = bindparam("now", type_=DateTime(timezone=True))
_TENANT = bindparam("tenant", type_=roles.c.tenant_id.type)
_NAME = bindparam("name", type_=Text)
_SAID: dict[str, ColumnElement[Any]] = {  # Any: of their types
    "permissions": bindparam("permissions", type_=ARRAY(Text)),
    "elevatable": bindparam("elevatable", type_=ARRAY(Text)),
    "scope": bindparam("scope", type_=Text),
    "description": bindparam("description", type_=Text),
}
_own = and_(roles.c.tenant_id == _TENANT, roles.c.name == _NAME, roles.c.system.is_(false()))

_members = (
    select(func.count())
    .where(member_roles.c.tenant_id == roles.c.tenant_id, member_roles.c.role == roles.c.name)
    .correlate(roles)
    .scalar_subquery()
    .label("members")
)
OF_TENANT = compile_statement(
    select(*(column for column in roles.c if column.name != "tenant_id"), _members)
    .where(roles.c.tenant_id == _TENANT)
    .order_by(roles.c.system.desc(), roles.c.name)
    .limit(literal_column(str(MOST)))
)
BY_NAME = compile_statement(
    select(*(column for column in roles.c if column.name != "tenant_id"), _members).where(
        roles.c.tenant_id == _TENANT, roles.c.name == any_(bindparam("names", type_=ARRAY(Text)))
    )
)
_room = select(func.count()).select_from(roles).where(roles.c.tenant_id == _TENANT).scalar_subquery()
CREATE = compile_statement(
    insert(roles)
    .from_select(
        ["tenant_id", "name", *_SAID, "created_at", "updated_at"],
        select(_TENANT, _NAME, *_SAID.values(), _NOW, _NOW).where(_room < literal_column(str(MOST))),
    )
    .returning(roles.c.name)
)
UPDATE = compile_statement(
    update(roles)
    .where(_own, roles.c.version == bindparam("seen_version", type_=Integer))
    .values(**_SAID, version=roles.c.version + 1, updated_at=_NOW)
    .returning(roles.c.name)
)
"""Only the role as it was when it was looked at."""
DELETE = compile_statement(delete(roles).where(_own).returning(roles.c.name))


class Roles:
    """Reached as ``directory.roles``; raises what the directory raises. What changes goes on ``record`` with it."""

    def __init__(self, run: Run) -> None:
        self._run = run

    async def of_tenant(self, tenant_id: str) -> list[Row]:
        """System roles first, by name: with how many members have each."""
        return await self._run(OF_TENANT, tenant=tenant_id)

    async def by_name(self, tenant_id: str, names: Sequence[str]) -> dict[str, Row]:
        rows = await self._run(BY_NAME, tenant=tenant_id, names=list(names))
        return {row["name"]: row for row in rows}

    async def create(self, tenant_id: str, name: str, *, record: AuditRecord | None = None, **said: object) -> bool:
        """A role that ``said`` says (``permissions elevatable scope description``). False when there are ``MOST``.
        Raises Duplicate.
        """
        return bool(await self._run(CREATE, record=record, tenant=tenant_id, name=name, **said))

    async def update(
        self, tenant_id: str, name: str, seen_version: int, *, record: AuditRecord | None = None, **said: object
    ) -> bool:
        """Whether the tenant has such a role of its own making that is still at that version."""
        values = {"tenant": tenant_id, "name": name, "seen_version": seen_version, **said}
        return bool(await self._run(UPDATE, record=record, **values))

    async def delete(self, tenant_id: str, name: str, *, record: AuditRecord | None = None) -> bool:
        """Whether there was such a role of the tenant's own making. Raises BadValue while any member has it."""
        return bool(await self._run(DELETE, record=record, tenant=tenant_id, name=name))
