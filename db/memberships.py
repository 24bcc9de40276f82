"""How users become members: the directory's statements that write a membership together with its roles."""

from sqlalchemy import DateTime, Text, and_, bindparam, delete, exists, insert, literal_column, select
from sqlalchemy.dialects.postgresql import insert as upsert

from db.statements import compile_statement
from db.tables import member_roles, memberships, users

_NOW = bindparam("now", type_=DateTime(timezone=True))
_TENANT = bindparam("tenant_id", type_=memberships.c.tenant_id.type)
_USER = bindparam("user_id", type_=memberships.c.user_id.type)
_ROLE = bindparam("role", type_=Text)

NEW_USER = insert(users).values(
    id=_USER,
    email=bindparam("email"),
    name=bindparam("name"),
    password_hash=bindparam("password_hash"),
    created_at=_NOW,
    updated_at=_NOW,
)
NEW_MEMBER = insert(memberships).values(tenant_id=_TENANT, user_id=_USER, created_at=_NOW, updated_at=_NOW)
NEW_ROLE = insert(member_roles).values(tenant_id=_TENANT, user_id=_USER, role=_ROLE)

CREATE_USER = compile_statement(NEW_USER.returning(users.c.id))
CREATE_MEMBER = compile_statement(
    NEW_ROLE.returning(member_roles.c.user_id).add_cte(NEW_USER.cte("new_user"), NEW_MEMBER.cte("new_member"))
)
"""A user and its first membership, both or neither."""


_others = and_(
    member_roles.c.tenant_id == _TENANT,
    member_roles.c.user_id == _USER,
    member_roles.c.role != _ROLE,
)
_put = upsert(memberships).values(tenant_id=_TENANT, user_id=_USER, created_at=_NOW, updated_at=_NOW)
_put = _put.on_conflict_do_update(
    index_elements=["tenant_id", "user_id"],
    set_={"version": memberships.c.version + 1, "updated_at": _NOW},
    where=exists(select(literal_column("1")).where(_others)),
)
_put_now = _put.returning(memberships.c.user_id).cte("put")
_role = upsert(member_roles).values(tenant_id=_TENANT, user_id=_USER, role=_ROLE).on_conflict_do_nothing().cte("given")
PUT_MEMBERSHIP = compile_statement(
    select(_put_now.c.user_id).add_cte(_role, delete(member_roles).where(_others).cte("others"))
)
"""A member with that role and no other; no row for who is that already."""

_joined = upsert(memberships).values(tenant_id=_TENANT, user_id=_USER, created_at=_NOW, updated_at=_NOW)
_joined_now = _joined.on_conflict_do_nothing().returning(memberships.c.tenant_id, memberships.c.user_id).cte("joined")
JOIN = compile_statement(
    insert(member_roles)
    .from_select(["tenant_id", "user_id", "role"], select(_joined_now.c.tenant_id, _joined_now.c.user_id, _ROLE))
    .returning(member_roles.c.user_id)
)
"""A member with that role; who is one already keeps its roles."""
