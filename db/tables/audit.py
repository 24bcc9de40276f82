"""The audit trail: who did what, as whom, by what and from where; what came of it, and what it changed."""

from sqlalchemy import ARRAY, Column, Index, Integer, PrimaryKeyConstraint, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from db.tables.base import metadata, text_column, time_column, uuid_column

NOBODY = "0" * 32
"""The tenant of what concerns none: a caller who is not known, a sign-in of nobody's. No caller ever has it."""

audit_log = Table(
    "audit_log",
    metadata,
    uuid_column("tenant_id"),
    uuid_column("id"),
    time_column("created_at"),
    text_column("kind"),
    text_column("action"),
    text_column("outcome"),
    uuid_column("actor_id", nullable=True),
    uuid_column("acting_as_id", nullable=True),
    text_column("credential", nullable=True),
    text_column("key_name", nullable=True),
    uuid_column("elevation_id", nullable=True),
    text_column("space", nullable=True),
    text_column("operation_name", nullable=True),
    text_column("document_id", nullable=True),
    text_column("request_id", nullable=True),
    text_column("address", nullable=True),
    text_column("entity", nullable=True),
    text_column("entity_id", nullable=True),
    Column("coordinates", ARRAY(Text), nullable=False, server_default="{}"),
    Column("denials", JSONB, nullable=True),
    Column("changes", JSONB, nullable=True),
    Column("count", Integer, nullable=False, server_default="1"),
    PrimaryKeyConstraint("tenant_id", "created_at", "id"),
    Index(None, "tenant_id", "actor_id", "created_at", "id"),
    Index(None, "tenant_id", "action", "created_at", "id"),
    Index(None, "tenant_id", "entity", "created_at", "id"),
    Index(None, "tenant_id", "entity_id", "created_at", "id"),
    Index(None, "tenant_id", "outcome", "created_at", "id"),
    Index(None, "tenant_id", "operation_name", "created_at", "id"),
    postgresql_partition_by="RANGE (created_at)",
)
"""Append-only: a tenant's door may insert and select, the directory may insert, nobody may do anything else.
``entity_id`` is the public id, ``document_id`` SHA-256 of the text in hex. ``changes`` are by column, each before and
after; ``denials`` by coordinate, each with what was missing; ``coordinates`` are those that have a gate of their own.
"""
