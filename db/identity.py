"""The directory's statements: users, tenants, roles, memberships, and the heads of the logs, each built once.

They are asked before there is a tenant, so none of them carries the tenant predicate of the tenant tables; the
directory's role reaches no other table.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    DateTime,
    FromClause,
    Integer,
    Join,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    column,
    func,
    insert,
    literal,
    literal_column,
    select,
    table,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.sql.selectable import LateralFromClause

from db.statements import compile_statement
from db.tables import event_heads, member_roles, memberships, roles, sessions, tenants, users

_NOW = bindparam("now", type_=DateTime(timezone=True))


def _held() -> LateralFromClause:
    """The roles of a membership side by side, in the order of their names; empty arrays for none. What they may be
    elevated to is one text, in words: nearly nobody asks for it.
    """
    none = {"name": "'{}'::text[]", "scope": "'{}'::text[]", "version": "'{}'::integer[]"}
    labels = {"name": "roles", "scope": "scopes", "version": "role_versions"}
    arrays = [
        func.coalesce(
            func.array_agg(aggregate_order_by(roles.c[name], roles.c.name)), literal_column(none[name])
        ).label(label)
        for name, label in labels.items()
    ]
    space: ColumnElement[str] = literal_column("' '")
    words = func.string_agg(func.array_to_string(roles.c.elevatable, space), space).label("elevatable")
    return select(*arrays, words).select_from(_ROLES).where(_OF_MEMBER).correlate(memberships).lateral("held")


def _granted() -> LateralFromClause:
    """What the roles of a membership grant together, each permission once."""
    each = func.unnest(roles.c.permissions).table_valued("permission").render_derived(name="each")
    grants = select(each.c.permission).distinct().select_from(_ROLES.join(each, true())).where(_OF_MEMBER)
    ordered = grants.order_by(each.c.permission).correlate(memberships)
    found = func.array(ordered.scalar_subquery()).label("permissions")
    return select(found).correlate(memberships).lateral("granted")


_ROLES = member_roles.join(
    roles, and_(roles.c.tenant_id == member_roles.c.tenant_id, roles.c.name == member_roles.c.role)
)
_OF_MEMBER = and_(member_roles.c.tenant_id == memberships.c.tenant_id, member_roles.c.user_id == memberships.c.user_id)
_HELD, _GRANTED = _held(), _granted()
_LIVING = and_(memberships.c.tenant_id == tenants.c.id, memberships.c.disabled_at.is_(None))
SPOKEN_FOR = tenants.join(memberships, _LIVING).join(_HELD, true()).join(_GRANTED, true())
MEMBER = (
    users.c.id.label("user_id"),
    users.c.email,
    users.c.name.label("user_name"),
    users.c.disabled_at,
    users.c.version.label("user_version"),
    users.c.credentials_version,
    tenants.c.id.label("tenant_id"),
    tenants.c.slug.label("tenant_slug"),
    tenants.c.name.label("tenant_name"),
    tenants.c.address_lists,
    memberships.c.version.label("membership_version"),
    memberships.c.spaces,
    _HELD.c.roles,
    _HELD.c.scopes,
    _HELD.c.role_versions,
    _HELD.c.elevatable,
    _GRANTED.c.permissions,
)
"""``membership_version`` is null for who is no member; a member without any role has empty arrays."""


def member(source: FromClause, tenant: ColumnElement[bool]) -> Join:
    """The users of ``source``, each with its membership of that tenant, or with nulls."""
    return source.outerjoin(SPOKEN_FOR, and_(memberships.c.user_id == users.c.id, tenant))


def _user_in(tenant: ColumnElement[bool]) -> Select[*tuple[object, ...]]:
    return select(*MEMBER).select_from(member(users, tenant)).where(users.c.id == bindparam("user_id"))


USER_BY_EMAIL = compile_statement(select(users).where(users.c.email == bindparam("email")))
USER_BY_ID = compile_statement(select(users).where(users.c.id == bindparam("user_id")))
USERS_BY_ID = compile_statement(
    select(users.c.id, users.c.email, users.c.name).where(
        users.c.id == any_(bindparam("user_ids", type_=ARRAY(users.c.id.type)))
    )
)
TENANT_BY_SLUG = compile_statement(select(tenants).where(tenants.c.slug == bindparam("slug")))
MEMBERSHIPS_OF = compile_statement(
    select(
        tenants.c.id.label("tenant_id"),
        tenants.c.slug,
        tenants.c.name,
        _HELD.c.roles,
        _GRANTED.c.permissions,
        memberships.c.created_at.label("since"),
        memberships.c.spaces,
        tenants.c.address_lists,
    )
    .select_from(SPOKEN_FOR)
    .where(memberships.c.user_id == bindparam("user_id"))
    .order_by(tenants.c.slug)
)
MEMBER_OF_ID = compile_statement(_user_in(tenants.c.id == bindparam("tenant_id")))
MEMBER_OF_SLUG = compile_statement(_user_in(tenants.c.slug == bindparam("slug")))

_new_tenant = (
    insert(tenants)
    .values(id=bindparam("id"), slug=bindparam("slug"), name=bindparam("name"), created_at=_NOW, updated_at=_NOW)
    .returning(tenants.c.id)
    .cte("new_tenant")
)
_given = func.unnest(*(bindparam(f"role_{part}", type_=ARRAY(Text)) for part in ("names", "grants", "elevatable")))
_role = _given.table_valued(
    column("name", Text), column("grants", Text), column("elevatable", Text), name="role"
).render_derived()
_system_roles = insert(roles).from_select(
    ["tenant_id", "name", "permissions", "elevatable", "system", "created_at", "updated_at"],
    select(
        _new_tenant.c.id,
        _role.c.name,
        func.string_to_array(_role.c.grants, literal(" ", Text)),
        func.string_to_array(_role.c.elevatable, literal(" ", Text)),
        true(),
        _NOW,
        _NOW,
    ),
)
CREATE_TENANT = compile_statement(select(_new_tenant.c.id).add_cte(_system_roles.cte("system_roles")))
"""The tenant and its system roles at once. ``role_grants`` and ``role_elevatable`` hold permissions separated by
spaces: arrays of arrays may not be ragged.
"""

PUT_SPACES = compile_statement(
    update(memberships)
    .where(memberships.c.tenant_id == bindparam("tenant_id"), memberships.c.user_id == bindparam("user_id"))
    .values(spaces=bindparam("spaces"), version=memberships.c.version + 1, updated_at=_NOW)
    .returning(memberships.c.user_id)
)
_new_password = (
    update(users)
    .where(users.c.id == bindparam("user_id"))
    .values(
        password_hash=bindparam("password_hash"),
        credentials_version=users.c.credentials_version + 1,
        version=users.c.version + 1,
        updated_at=_NOW,
    )
    .returning(users.c.id)
    .cte("new_password")
)
_ended = (
    update(sessions)
    .where(sessions.c.user_id == bindparam("user_id"), sessions.c.revoked_at.is_(None))
    .values(revoked_at=_NOW)
    .cte("ended")
)
SET_PASSWORD = compile_statement(select(_new_password.c.id).add_cte(_ended))
"""One statement: no moment in which the new password stands and an old session lives."""
REFRESH_PASSWORD = compile_statement(
    update(users)
    .where(users.c.id == bindparam("user_id"), users.c.password_hash == bindparam("old_hash"))
    .values(password_hash=bindparam("password_hash"))
)

HEADS = compile_statement(
    select(event_heads).where(
        event_heads.c.tenant_id == any_(bindparam("tenant_ids", type_=ARRAY(event_heads.c.tenant_id.type)))
    )
)
NOTIFY = compile_statement(
    # A notification is a hint: its transaction need not wait for the disk, as a commit with work in it must.
    select(
        func.set_config("synchronous_commit", "off", true()),
        func.pg_notify(bindparam("channel", type_=Text), bindparam("payload", type_=Text)).label("sent"),
    )
)
REVISION = compile_statement(select(column("version_num", Text)).select_from(table("alembic_version")))
CLUSTER = compile_statement(
    select(column("system_identifier", BigInteger), column("timeline_id", Integer)).select_from(
        func.pg_control_system().table_valued("system_identifier").alias("system"),
        func.pg_control_checkpoint().table_valued("timeline_id").alias("checkpoint"),
    )
)
