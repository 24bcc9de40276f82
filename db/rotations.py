"""How a session changes what it may do: it gets another hash, or loses an elevation."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from sqlalchemy import ColumnElement, DateTime, Text, bindparam, insert, select, update
from sqlalchemy.sql.dml import Update

from db.statements import Statement, compile_statement
from db.tables import replaced_sessions, sessions

_NOW = bindparam("now", type_=DateTime(timezone=True))
NO_ELEVATION: Mapping[str, object] = MappingProxyType(
    dict.fromkeys(("elevation_id", "elevation_tenant_id", "elevation_scopes", "elevated_until", "acting_as_id"))
)
"""The columns of a session that has no more rights than its person's roles grant."""


def living(whose: ColumnElement[bool]) -> Update:
    """A change of sessions that were not revoked."""
    return update(sessions).where(whose, sessions.c.revoked_at.is_(None))


LOWER = compile_statement(
    living(sessions.c.id_hash == bindparam("id_hash"))
    .where(sessions.c.elevation_id == bindparam("ended_id", type_=sessions.c.elevation_id.type))
    .values(**NO_ELEVATION)
    .returning(sessions.c.id)
)


@lru_cache(maxsize=16)
def rotation(columns: tuple[str, ...]) -> Statement:
    """The session under its new hash, and a note of the old one: both or none."""
    moved = (
        living(sessions.c.id_hash == bindparam("old_hash"))
        .where(sessions.c.expires_at > _NOW)
        .values(
            id_hash=bindparam("new_hash"),
            seen_at=_NOW,
            **{name: bindparam(f"set_{name}", type_=sessions.c[name].type) for name in columns},
        )
        .returning(sessions.c.id)
        .cte("moved")
    )
    return compile_statement(
        insert(replaced_sessions)
        .from_select(
            ["id_hash", "session_id", "reason", "replaced_at"],
            select(bindparam("was", type_=sessions.c.id_hash.type), moved.c.id, bindparam("reason", type_=Text), _NOW),
        )
        .returning(replaced_sessions.c.session_id)
    )
