"""Invitations: who may become a member of a tenant, with which roles, and until when."""

from sqlalchemy import (
    ARRAY,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from db.tables.base import metadata, text_column, time_column, uuid_column, version_column

invitations = Table(
    "invitations",
    metadata,
    Column("tenant_id", uuid_column("tenant_id").type, ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
    uuid_column("id"),
    text_column("email"),
    Column("roles", ARRAY(Text), nullable=False),
    Column("inviter_id", uuid_column("inviter_id").type, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("token_hash", LargeBinary, nullable=False),
    version_column(),
    time_column("created_at"),
    time_column("updated_at"),
    time_column("expires_at"),
    time_column("accepted_at", nullable=True),
    time_column("revoked_at", nullable=True),
    PrimaryKeyConstraint("tenant_id", "id"),
    UniqueConstraint("token_hash"),
    Index(None, "tenant_id", "created_at", "id"),
    Index(None, "tenant_id", "email"),
    Index(None, "inviter_id"),
)
"""``token_hash`` is SHA-256 of what stands in the link: the database never holds one that is good."""
