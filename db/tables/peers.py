"""What other instances have said once: nonces of their requests, for as long as those are good."""

from sqlalchemy import Column, Index, LargeBinary, PrimaryKeyConstraint, Table

from db.tables.base import metadata, text_column, time_column

peer_nonces = Table(
    "peer_nonces",
    metadata,
    text_column("peer"),
    Column("nonce_hash", LargeBinary, nullable=False),
    time_column("expires_at"),
    PrimaryKeyConstraint("peer", "nonce_hash"),
    Index(None, "expires_at"),
)
"""A request whose nonce is here was seen before."""
