"""What is over goes, a while after: done by the owner, once a day (``tidegate migrate``).

Nobody's rights follow from it any more, so nobody is told when it goes. It stays for as long as somebody may still ask
what became of it.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

KEPT = timedelta(days=30)
"""Of what people may ask about: sessions, what they were known by before, and invitations."""
SPARE = timedelta(hours=1)
"""Of the rest: more than clocks differ by."""
AT_ONCE = 10_000
"""Rows of one transaction."""
_OVER = {
    "invitations": ("least(expires_at, accepted_at, revoked_at)", KEPT),
    "sessions": ("least(expires_at, revoked_at)", KEPT),
    "replaced_sessions": ("replaced_at", KEPT),
    "password_resets": ("expires_at", SPARE),
    "peer_nonces": ("expires_at", SPARE),
    "sign_in_failures": ("last_at", timedelta(days=1)),
}
"""Since when a row of each table is over, and for how long it is kept from then on."""
_UNHEARD = text("SELECT set_config('tidegate.pruning', 'on', true)")
"""Until the transaction ends, triggers tell of no session that goes."""


async def prune(connection: AsyncConnection, now: datetime | None = None) -> dict[str, int]:
    """Remove what is over, some rows at a time. How many rows of each table went."""
    now = now or datetime.now(UTC)
    gone = dict.fromkeys(_OVER, 0)
    for table, (over, kept) in _OVER.items():
        old = f"SELECT ctid FROM {table} WHERE {over} < :before LIMIT {AT_ONCE} FOR UPDATE SKIP LOCKED"  # noqa: S608
        statement = text(f"DELETE FROM {table} WHERE ctid = ANY (ARRAY({old}))")  # noqa: S608  names that stand above
        count = AT_ONCE
        while count == AT_ONCE:
            await connection.execute(_UNHEARD)
            count = (await connection.execute(statement, {"before": now - kept})).rowcount
            await connection.commit()
            gone[table] += count
    return gone
