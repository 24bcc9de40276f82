"""The event log and its heads."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, PrimaryKeyConstraint, Table
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
    Column("tally", Boolean, nullable=False, server_default="false"),
    Index("ix_event_log_seq", "tenant_id", "seq"),
    postgresql_partition_by="RANGE (ts)",
)
"""``before`` and ``after`` hold every column that a filter, an order or a row scope can judge. ``tally``: no trigger
counted this change, it is folded into the sums from here (``db/folding.py``). No unique key: (tenant, seq) is unique by
the head row.
"""
