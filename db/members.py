"""Members of one tenant: a part of the directory's door. Every statement names the tenant.

What may take a tenant's last admin away waits for all else of its kind, on the tenant's row of that role (``LOCK``): so
of two admins who remove each other at once, one stays.
"""

from collections.abc import Sequence
from typing import cast

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Table,
    Text,
    and_,
    any_,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from db.audit_records import AuditRecord
from db.columns import selected
from db.list_statements import Listing
from db.statements import compile_statement
from db.tables import member_roles, memberships, roles, users
from db.tenant_lists import Row, Run, TenantList

ADMIN = "admin"
"""The system role that somebody in every tenant has."""
_NOW = bindparam("now", type_=DateTime(timezone=True))
_TENANT = bindparam("tenant", type_=memberships.c.tenant_id.type)
_USER = bindparam("user_id", type_=memberships.c.user_id.type)
_ROLE = bindparam("role", type_=Text)
_ONE: ColumnElement[int] = literal_column("1")

_held = (
    select(member_roles.c.role)
    .where(
        member_roles.c.tenant_id == memberships.c.tenant_id,
        member_roles.c.user_id == memberships.c.user_id,
    )
    .order_by(member_roles.c.role)
    .correlate(memberships)
)
MEMBERS = (
    select(
        memberships.c.tenant_id,
        users.c.id,
        users.c.email,
        users.c.name,
        func.array(_held.scalar_subquery(), type_=ARRAY(Text)).label("roles"),
        func.coalesce(memberships.c.disabled_at, users.c.disabled_at).label("disabled_at"),
        memberships.c.version,
        memberships.c.created_at,
        memberships.c.updated_at,
    )
    .join_from(memberships, users, users.c.id == memberships.c.user_id)
    .subquery("members")
)
LISTING = Listing("member", cast(Table, MEMBERS), ())
"""It has what a list asks of a table."""

_this = and_(memberships.c.tenant_id == _TENANT, memberships.c.user_id == _USER)
_role_of_this = and_(member_roles.c.tenant_id == _TENANT, member_roles.c.user_id == _USER)


def _admin(*, itself: bool) -> ColumnElement[bool]:
    """Whether this member, or any of the others, is an admin who can act."""
    holders = member_roles.alias("holders")
    places, people = memberships.alias("places"), users.alias("people")
    return exists(
        select(_ONE)
        .select_from(
            holders.join(
                places, and_(places.c.tenant_id == holders.c.tenant_id, places.c.user_id == holders.c.user_id)
            ).join(people, people.c.id == holders.c.user_id)
        )
        .where(
            holders.c.tenant_id == _TENANT,
            holders.c.role == literal_column(f"'{ADMIN}'"),
            places.c.disabled_at.is_(None),
            people.c.disabled_at.is_(None),
            holders.c.user_id == _USER if itself else holders.c.user_id != _USER,
        )
    )


_AN_ADMIN_STAYS = or_(not_(_admin(itself=True)), _admin(itself=False))

LOCK = compile_statement(
    select(_ONE)
    .select_from(roles)
    .where(roles.c.tenant_id == _TENANT, roles.c.name == literal_column(f"'{ADMIN}'"))
    .with_for_update()
)
_changed = update(memberships).values(version=memberships.c.version + 1, updated_at=_NOW)
_given = (
    upsert(member_roles)
    .from_select(
        ["tenant_id", "user_id", "role"],
        select(_TENANT, _USER, roles.c.name).where(
            roles.c.tenant_id == _TENANT,
            roles.c.name == _ROLE,
            roles.c.version == bindparam("role_version", type_=roles.c.version.type),
            exists(select(_ONE).where(_this)),
        ),
    )
    .on_conflict_do_nothing()
    .returning(member_roles.c.user_id)
    .cte("given")
)
GIVE = compile_statement(
    _changed.where(_this, memberships.c.user_id == _given.c.user_id).returning(memberships.c.user_id)
)
"""Only the role as it was when it was looked at: it may grant more by now."""
_others = member_roles.alias("others")
_taken = (
    delete(member_roles)
    .where(
        _role_of_this,
        member_roles.c.role == _ROLE,
        or_(literal_column(f"'{ADMIN}'") != _ROLE, _AN_ADMIN_STAYS),
        exists(select(_ONE).where(_others.c.tenant_id == _TENANT, _others.c.user_id == _USER, _others.c.role != _ROLE)),
    )
    .returning(member_roles.c.user_id)
    .cte("taken")
)
TAKE = compile_statement(
    _changed.where(_this, memberships.c.user_id == _taken.c.user_id).returning(memberships.c.user_id)
)
"""Not the only role that a member has, and not the last admin's."""
REMOVE = compile_statement(delete(memberships).where(_this, _AN_ADMIN_STAYS).returning(memberships.c.user_id))
DISABLE = compile_statement(
    _changed.values(disabled_at=_NOW)
    .where(_this, memberships.c.disabled_at.is_(None), _AN_ADMIN_STAYS)
    .returning(memberships.c.user_id)
)
ENABLE = compile_statement(
    _changed.values(disabled_at=None)
    .where(_this, memberships.c.disabled_at.is_not(None))
    .returning(memberships.c.user_id)
)
_ids = bindparam("ids", type_=ARRAY(users.c.id.type))
BY_ID = compile_statement(
    select(*selected(MEMBERS, None)).where(MEMBERS.c.tenant_id == _TENANT, MEMBERS.c.id == any_(_ids))
)


class Members(TenantList):
    """Reached as ``directory.members``; raises what the directory raises. What changes goes on ``record`` with it."""

    def __init__(self, run: Run) -> None:
        super().__init__(run, LISTING)

    async def by_id(self, tenant_id: str, user_ids: Sequence[str]) -> dict[str, Row]:
        """Those of these users who are members of the tenant, able to act or not."""
        rows = await self._run(BY_ID, tenant=tenant_id, ids=list(user_ids))
        return {row["id"]: row for row in rows}

    async def give(
        self, tenant_id: str, user_id: str, role: str, role_version: int, *, record: AuditRecord | None = None
    ) -> bool:
        """Whether anything changed: not for a role that is held already, or is not as it was."""
        values = {"tenant": tenant_id, "user_id": user_id, "role": role, "role_version": role_version}
        return bool(await self._run(GIVE, record=record, **values))

    async def take(self, tenant_id: str, user_id: str, role: str, *, record: AuditRecord | None = None) -> bool:
        """Whether it was taken: the last admin's is not, nor the only one that a member has."""
        return bool(await self._run(TAKE, lock=LOCK, record=record, tenant=tenant_id, user_id=user_id, role=role))

    async def remove(self, tenant_id: str, user_id: str, *, record: AuditRecord | None = None) -> bool:
        """Whether there was such a member, who was not the last admin."""
        return bool(await self._run(REMOVE, lock=LOCK, record=record, tenant=tenant_id, user_id=user_id))

    async def disable(self, tenant_id: str, user_id: str, *, record: AuditRecord | None = None) -> bool:
        """Whether there was such a member, able to act, who was not the last admin."""
        return bool(await self._run(DISABLE, lock=LOCK, record=record, tenant=tenant_id, user_id=user_id))

    async def enable(self, tenant_id: str, user_id: str, *, record: AuditRecord | None = None) -> bool:
        return bool(await self._run(ENABLE, record=record, tenant=tenant_id, user_id=user_id))
