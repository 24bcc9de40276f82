"""What every table shares: one MetaData, the column shapes, and the kinds of table.

A *tenant table* begins its primary key with ``tenant_id`` and is guarded by FORCE ROW LEVEL SECURITY; a *directory
table* is read before there is a tenant; a *shared table* says nothing of anybody. They are told apart by the two sets
below: every other table is taken for a tenant table, so a forgotten one fails closed.
"""

from sqlalchemy import BigInteger, Column, DateTime, Integer, MetaData, Table, Text, Uuid

TENANT_SETTING = "tidegate.tenant"
RUNTIME_ROLE = "tidegate_runtime"
DIRECTORY_ROLE = "tidegate_directory"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

DIRECTORY_TABLES = frozenset(
    {
        *("tenants", "users", "identities", "roles", "memberships", "member_roles", "api_keys"),
        *("sessions", "replaced_sessions", "sign_in_failures", "password_resets", "invitations", "peer_nonces"),
        *("documents", "document_grants", "document_uses"),
    }
)
"""Tables that the directory role alone may touch. ``event_heads`` is a tenant table that the directory may also
read.
"""
SHARED_TABLES = frozenset({"identity_head"})
"""Tables that hold nobody's data: the directory writes them, everybody may read them."""


def text_column(name: str, *, nullable: bool = False) -> Column[str]:
    """Text in collation "C": its comparisons are leakproof, so they can be index conditions under row-level
    security.
    """
    return Column(name, Text(collation="C"), nullable=nullable)


def uuid_column(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, Uuid(as_uuid=False), nullable=nullable)


def time_column(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def money_column(name: str) -> Column[int]:
    """Hundredths of the currency's main unit (bigint: numeric comparisons are not leakproof)."""
    return Column(name, BigInteger, nullable=False)


def version_column() -> Column[int]:
    return Column("version", Integer, nullable=False, server_default="1")


def tenant_tables() -> list[Table]:
    """All tenant tables, in order of their dependencies."""
    return [table for table in metadata.sorted_tables if table.name not in DIRECTORY_TABLES | SHARED_TABLES]
