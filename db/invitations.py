"""Invitations: a part of the directory's door. Whoever manages a tenant names it; whoever accepts, a token's hash.

Accepting is one statement: the invitation is used up and the member is there with its roles, or nothing happens.
"""

from collections.abc import Callable
from typing import cast

from sqlalchemy import (
    ARRAY,
    CTE,
    ColumnElement,
    DateTime,
    Insert,
    Integer,
    Table,
    Text,
    and_,
    bindparam,
    column,
    exists,
    false,
    func,
    insert,
    literal_column,
    select,
    update,
)

from db.audit_records import AuditRecord
from db.columns import selected
from db.list_statements import Listing
from db.statements import Statement, compile_statement
from db.tables import invitations, member_roles, memberships, roles, tenants, users
from db.tenant_lists import Row, Run, TenantList

MOST = 1_000
"""Open invitations of one tenant."""
SHOWN = select(*(each for each in invitations.c if each.name != "token_hash")).subquery("shown")
LISTING = Listing("invitation", cast(Table, SHOWN), ())
"""It has what a list asks of a table."""
_NOW = bindparam("now", type_=DateTime(timezone=True))
_TENANT = bindparam("tenant", type_=invitations.c.tenant_id.type)
_ID = bindparam("id", type_=invitations.c.id.type)
_EMAIL = bindparam("email", type_=Text)
_ONE: ColumnElement[int] = literal_column("1")
_open = and_(invitations.c.accepted_at.is_(None), invitations.c.revoked_at.is_(None), invitations.c.expires_at > _NOW)
_ended = update(invitations).values(revoked_at=_NOW, updated_at=_NOW, version=invitations.c.version + 1)

_before = _ended.where(invitations.c.tenant_id == _TENANT, invitations.c.email == _EMAIL, _open).cte("before")
_room = select(func.count()).where(invitations.c.tenant_id == _TENANT, _open).scalar_subquery()
CREATE = compile_statement(
    insert(invitations)
    .from_select(
        ["tenant_id", "id", "email", "roles", "inviter_id", "token_hash", "created_at", "updated_at", "expires_at"],
        select(
            _TENANT,
            _ID,
            _EMAIL,
            bindparam("roles", type_=ARRAY(Text)),
            bindparam("inviter_id", type_=invitations.c.inviter_id.type),
            bindparam("token_hash", type_=invitations.c.token_hash.type),
            _NOW,
            _NOW,
            bindparam("expires_at", type_=DateTime(timezone=True)),
        ).where(_room < literal_column(str(MOST))),
    )
    .returning(invitations.c.id)
    .add_cte(_before)
)
"""A new invitation ends the open one of that address."""
BY_ID = compile_statement(select(*selected(SHOWN, None)).where(SHOWN.c.tenant_id == _TENANT, SHOWN.c.id == _ID))
IS_MEMBER = compile_statement(
    select(_ONE)
    .select_from(memberships.join(users, users.c.id == memberships.c.user_id))
    .where(memberships.c.tenant_id == _TENANT, users.c.email == _EMAIL)
)
REVOKE = compile_statement(
    _ended.where(invitations.c.tenant_id == _TENANT, invitations.c.id == _ID, _open).returning(invitations.c.id)
)
_by_token = and_(invitations.c.token_hash == bindparam("token_hash"), _open)
BY_TOKEN = compile_statement(
    select(invitations, tenants.c.slug, tenants.c.name.label("tenant_name"))
    .join(tenants, tenants.c.id == invitations.c.tenant_id)
    .where(_by_token)
)

_inviter = exists(
    select(_ONE)
    .select_from(memberships.join(users, users.c.id == memberships.c.user_id))
    .where(
        memberships.c.tenant_id == invitations.c.tenant_id,
        memberships.c.user_id == invitations.c.inviter_id,
        memberships.c.version == bindparam("inviter_version", type_=Integer),
        memberships.c.disabled_at.is_(None),
        users.c.disabled_at.is_(None),
    )
)
_versions = func.unnest(bindparam("role_names", type_=ARRAY(Text)), bindparam("role_versions", type_=ARRAY(Integer)))
_seen = _versions.table_valued(column("name", Text), column("version", Integer), name="seen").render_derived()
_unmoved = (
    select(func.count())
    .select_from(_seen.join(roles, and_(roles.c.name == _seen.c.name, roles.c.version == _seen.c.version)))
    .where(roles.c.tenant_id == invitations.c.tenant_id)
    .correlate(invitations)
    .scalar_subquery()
)
_judged = and_(_by_token, _inviter, _unmoved == func.cardinality(bindparam("role_names", type_=ARRAY(Text))))
"""The invitation is open, and inviter and roles are as they were when they were judged."""
_USER = bindparam("user_id", type_=users.c.id.type)


def _accepting(condition: ColumnElement[bool], *first: Callable[[CTE], Insert]) -> Statement:
    """``first``: what is to be inserted for the invitation before the membership is."""
    taken = (
        update(invitations)
        .where(condition)
        .values(accepted_at=_NOW, updated_at=_NOW, version=invitations.c.version + 1)
        .returning(invitations.c.tenant_id, invitations.c.id, invitations.c.email, invitations.c.roles)
        .cte("taken")
    )
    member = insert(memberships).from_select(
        ["tenant_id", "user_id", "created_at", "updated_at"], select(taken.c.tenant_id, _USER, _NOW, _NOW)
    )
    given = insert(member_roles).from_select(
        ["tenant_id", "user_id", "role"], select(taken.c.tenant_id, _USER, func.unnest(taken.c.roles))
    )
    before = [make(taken).cte(f"first_{at}") for at, make in enumerate(first)]
    return compile_statement(select(taken.c.tenant_id).add_cte(*before, member.cte("member"), given.cte("given")))


def _new_user(taken: CTE) -> Insert:
    return insert(users).from_select(
        ["id", "email", "name", "password_hash", "email_proven", "created_at", "updated_at"],
        select(
            _USER,
            taken.c.email,
            bindparam("name", type_=Text),
            bindparam("password_hash", type_=Text),
            false(),
            _NOW,
            _NOW,
        ),
    )


ACCEPT_AS_NEW = _accepting(_judged, _new_user)
_same_user = exists(
    select(_ONE).where(
        users.c.id == _USER,
        users.c.email == invitations.c.email,
        users.c.version == bindparam("user_version", type_=Integer),
        users.c.disabled_at.is_(None),
    )
)
ACCEPT = _accepting(and_(_judged, _same_user))


class Invitations(TenantList):
    """Reached as ``directory.invitations``; raises what the directory raises."""

    def __init__(self, run: Run) -> None:
        super().__init__(run, LISTING)

    async def by_id(self, tenant_id: str, invitation_id: str) -> Row | None:
        return await self._one(BY_ID, tenant=tenant_id, id=invitation_id)

    async def is_member(self, tenant_id: str, email: str) -> bool:
        """Whether the address is that of a member, able to act or not."""
        return bool(await self._run(IS_MEMBER, tenant=tenant_id, email=email))

    async def create(self, tenant_id: str, *, record: AuditRecord | None = None, **said: object) -> bool:
        """A new invitation that ``said`` says (``id email roles inviter_id token_hash expires_at``). False when there
        are ``MOST`` open ones.
        """
        return bool(await self._run(CREATE, record=record, tenant=tenant_id, **said))

    async def revoke(self, tenant_id: str, invitation_id: str, *, record: AuditRecord | None = None) -> bool:
        """Whether there was such an open invitation."""
        return bool(await self._run(REVOKE, record=record, tenant=tenant_id, id=invitation_id))

    async def by_token(self, token_hash: bytes) -> Row | None:
        """The open invitation, with its tenant's ``slug`` and ``tenant_name``."""
        return await self._one(BY_TOKEN, token_hash=token_hash)

    async def accept(
        self, token_hash: bytes, user_id: str, user_version: int, *, record: AuditRecord | None = None, **judged: object
    ) -> bool:
        """Make a user that there is a member, on ``record``. Whether it came to that: only while all is as it was
        ``judged`` (``inviter_version role_names role_versions``), and for the user of the invitation's address. Raises
        Duplicate for who is a member already, BadValue for a role that is gone.
        """
        given = {"token_hash": token_hash, "user_id": user_id, "user_version": user_version, **judged}
        return bool(await self._run(ACCEPT, record=record, **given))

    async def accept_as_new(
        self,
        token_hash: bytes,
        user_id: str,
        name: str,
        password_hash: str,
        *,
        record: AuditRecord | None = None,
        **judged: object,
    ) -> bool:
        """Make a new user of the invitation's address, and a member. Whether it came to that, as with ``accept``.
        Raises Duplicate when there is a user of that address by now.
        """
        given = {"token_hash": token_hash, "user_id": user_id, "name": name, "password_hash": password_hash, **judged}
        return bool(await self._run(ACCEPT_AS_NEW, record=record, **given))

    async def _one(self, statement: Statement, **values: object) -> Row | None:
        rows = await self._run(statement, **values)
        return rows[0] if rows else None
