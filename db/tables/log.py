"""The event log, its heads, and the audit trail."""

from sqlalchemy import ARRAY, BigInteger, Column, Index, Integer, PrimaryKeyConstraint, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from db.tables.base import metadata, text_column, time_column, uuid_column

event_heads = Table(
    "event_heads",
    metadata,
    uuid_column("tenant_id"),
    Column("seq", BigInteger, nullable=False),
    time_column("ts"),
    PrimaryKeyConstraint("tenant_id"),
)
"""The newest number of each tenant's log and its time: locked last in a writing transaction, so numbers are
gapless and in commit order.
"""

event_log = Table(
    "event_log",
    metadata,
    uuid_column("tenant_id"),
    Column("seq", BigInteger, nullable=False),
    time_column("ts"),
    text_column("type"),
    text_column("entity"),
    uuid_column("entity_id"),
    Column("version", Integer, nullable=False),
    uuid_column("actor_id", nullable=True),
    Column("before", JSONB, nullable=True),
    Column("after", JSONB, nullable=True),
    Index("ix_event_log_seq", "tenant_id", "seq"),
    postgresql_partition_by="RANGE (ts)",
)
"""``before`` and ``after`` hold every column that a filter, an order or a row scope can judge. No unique key:
(tenant, seq) is unique by the head row.
"""

audit_log = Table(
    "audit_log",
    metadata,
    uuid_column("tenant_id"),
    uuid_column("id"),
    time_column("ts"),
    uuid_column("actor_id", nullable=True),
    text_column("action"),
    text_column("entity"),
    uuid_column("entity_id", nullable=True),
    text_column("request_id", nullable=True),
    Column("coordinates", ARRAY(Text), nullable=False, server_default="{}"),
    Column("changes", JSONB, nullable=True),
    PrimaryKeyConstraint("tenant_id", "id"),
    Index(None, "tenant_id", "ts"),
)
"""Append-only: the runtime role may insert and select, nothing else."""
