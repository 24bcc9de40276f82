"""How many orders, worth how much: sums that are kept, so that nobody counts orders."""

from sqlalchemy import BigInteger, Column, Integer, Numeric, PrimaryKeyConstraint, Table

from db.tables.base import metadata, text_column, time_column, uuid_column

QUARTERS = ("00", "15", "30", "45")

order_hours = Table(
    "order_hours",
    metadata,
    uuid_column("tenant_id"),
    time_column("hour"),
    text_column("currency"),
    text_column("status"),
    *(Column(f"orders_{quarter}", Integer, nullable=False, server_default="0") for quarter in QUARTERS),
    *(Column(f"total_{quarter}", Numeric, nullable=False, server_default="0") for quarter in QUARTERS),
    PrimaryKeyConstraint("tenant_id", "hour", "currency", "status"),
    postgresql_with={"fillfactor": "70"},
)
"""The orders that were made in an hour (UTC), as they stand now, by the quarter of the hour: in every time zone a day
begins on a quarter. ``total_…`` in hundredths; numeric, for a sum of totals may be more than a bigint.

What a writer's entries in the log say is added from there, later (``folded_heads``). Changes by anybody else are
counted by triggers on ``orders`` when their transaction commits. Rows are updated in place: the pages keep room.
"""

folded_heads = Table(
    "folded_heads",
    metadata,
    uuid_column("tenant_id"),
    Column("seq", BigInteger, nullable=False),
    time_column("ts"),
    PrimaryKeyConstraint("tenant_id"),
)
"""Up to where each tenant's log is in the sums: the number and the time of the last entry; no row: nothing of it."""
