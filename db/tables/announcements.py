"""What was announced to everybody in a tenant, with the words it is found by."""

from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, Table

from db.tables.base import metadata, text_column, time_column, uuid_column, version_column
from db.tables.catalog import terms_table

ANNOUNCEMENT_KINDS = ("START_DAY", "END_DAY", "NOTICE")

announcements = Table(
    "announcements",
    metadata,
    uuid_column("tenant_id"),
    uuid_column("id"),
    text_column("kind"),
    text_column("text", nullable=True),
    uuid_column("created_by", nullable=True),
    version_column(),
    time_column("created_at"),
    time_column("updated_at"),
    PrimaryKeyConstraint("tenant_id", "id"),
    CheckConstraint("kind IN ('" + "', '".join(ANNOUNCEMENT_KINDS) + "')", name="kind_known"),
    CheckConstraint("kind <> 'NOTICE' OR text IS NOT NULL", name="notice_says_something"),
    Index(None, "tenant_id", "created_at", "id"),
)
"""Append-only: what was announced cannot be unsaid."""

announcement_terms = terms_table("announcement")
