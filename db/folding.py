"""Folding: what the log says of orders is added to the sums that are kept of them, many entries at a time.

A writer counts nothing: its entry in the log tells what an order was and what it is. From time to time one of them adds
the tenant's newest entries to the sums, after its own commit. In between they are the sums and the few entries past the
mark (``folded_heads``), which are read together (``db/overview.py``).
"""

import structlog

from db.pool import Slot
from db.tasks import RUNS

EVERY = 256
"""Entries of a tenant's log from one folding to the next."""
MOST = 10_000
"""Entries at a time, should so many have been left."""
FOLD = "SELECT fold_orders($1, $2)"
"""A function of the database: all in one go, or nothing where somebody else is at it."""
_log = structlog.get_logger()


def is_due(seq: int, count: int) -> bool:
    """Whether it is for the transaction to fold whose ``count`` entries end at ``seq``."""
    return seq // EVERY != (seq - count) // EVERY


async def fold(slot: Slot, tenant: str) -> bool:
    """Fold the log of the tenant that the connection carries; whether the connection can still be trusted. When it
    fails the next one does it.
    """
    try:
        await (await slot.prepared(FOLD)).fetchval(tenant, MOST)
    except Exception as error:  # whatever the database throws: what was written is committed
        _log.warning("folding_failed", error=type(error).__name__)
        RUNS["fold", "failed"] += 1
        return False
    RUNS["fold", "done"] += 1
    return True
