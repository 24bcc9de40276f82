"""Registered documents: their texts, who may run them by their ids, and how much they are used."""

from sqlalchemy import ARRAY, BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Index, Table, Text

from db.tables.base import metadata, text_column, time_column, uuid_column

documents = Table(
    "documents",
    metadata,
    Column("id", Text(collation="C"), primary_key=True),
    text_column("text"),
    Column("operations", ARRAY(Text), nullable=False),
    Column("coordinates", ARRAY(Text), nullable=False),
    text_column("owner", nullable=True),
    text_column("role", nullable=True),
    Column("everybody", Boolean, nullable=False, server_default="false"),
    time_column("created_at"),
    time_column("updated_at"),
    time_column("published_at", nullable=True),
    time_column("sunset_at", nullable=True),
    time_column("retired_at", nullable=True),
    CheckConstraint("id = encode(sha256(convert_to(text, 'UTF8')), 'hex')", name="id_hashes_text"),
    CheckConstraint("published_at IS NOT NULL OR (NOT everybody AND owner IS NULL)", name="published_by_somebody"),
    Index(None, "created_at", "id"),
)
"""``id`` is SHA-256 of the exact text, in hex. ``operations`` are as ``query Orders``; ``coordinates`` what it selects.
``owner`` answers for it; ``role`` is what it was checked for. ``published_at`` is null for what only a request
registered. ``everybody``: it takes no grant. After ``retired_at`` or ``sunset_at`` nobody runs it by its id.
"""

document_grants = Table(
    "document_grants",
    metadata,
    Column("document_id", Text(collation="C"), ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("tenant_id", uuid_column("tenant_id").type, ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    Column("key_name", Text(collation="C"), primary_key=True, server_default=""),
    Column("trusted", Boolean, nullable=False),
    time_column("created_at"),
    Index(None, "tenant_id"),
)
"""Who may run a document by its id: a tenant, or one of its keys (``key_name``). ``trusted`` when an operator said so,
and not a request that registered it.
"""

document_uses = Table(
    "document_uses",
    metadata,
    Column("document_id", Text(collation="C"), ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("tenant_id", uuid_column("tenant_id").type, ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    time_column("first_at"),
    time_column("last_at"),
    Column("count", BigInteger, nullable=False),
    Column("durations", ARRAY(BigInteger), nullable=False),
    Index(None, "tenant_id"),
)
"""How much a tenant uses a document: ``durations`` counts the uses by how long they took (``db/durations.py``)."""
