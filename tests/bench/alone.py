"""The transaction of ``changeOrderStatus`` without GraphQL and HTTP: ``python -m tests.bench.alone CORE SECONDS``.

Reads each writer's changes from standard input, writes the figures to standard output. Locks the order, updates it,
records the event and the audit entry: the statements that the mutation sends.
"""

import asyncio
import os
import sys
import time

import orjson

from db.clock import utc_now
from db.engine import Database
from db.events import AuditDraft, EventDraft
from db.orders import lock_order, update_order
from db.tenancy import Actor, TenantId
from tests.bench.load import Sample
from tests.bench.serve import DSN_VARIABLE, pin, run_fast
from tests.bench.writes import Change, WriteRun


async def change(database: Database, wanted: Change) -> None:
    """One order, one status further."""
    async with database.writer(TenantId(wanted.tenant), Actor(wanted.user, None)) as writer:
        before = await lock_order(writer, wanted.order)
        assert before is not None
        after = await update_order(writer, before, {"status": wanted.status}, utc_now())
        held = dict(before)
        changes = {name: [held[name], value] for name, value in after.items() if held[name] != value}
        writer.record(EventDraft("order.status_changed", "order", after["id"], after["version"], held, dict(after)))
        writer.audit(AuditDraft("changeOrderStatus", "order", after["id"], changes))


async def measure(dsn: str, queues: list[list[Change]], seconds: float) -> WriteRun:
    """All writers at once, for that long or until there is nothing left to change."""
    database = await Database.open(dsn, size=len(queues), directory_size=1)
    latencies: list[float] = []
    started, used = time.perf_counter(), time.process_time()

    async def write(queue: list[Change]) -> None:
        for wanted in queue:
            began = time.perf_counter()
            if began - started >= seconds:
                return
            await change(database, wanted)
            latencies.append(time.perf_counter() - began)

    try:
        await asyncio.gather(*(write(queue) for queue in queues))
    finally:
        sample = Sample(len(latencies), time.perf_counter() - started, latencies)
        await database.close()
    return WriteRun.of(sample, time.process_time() - used)


def main(core: int, seconds: float) -> None:
    """Measure, and print the figures as JSON."""
    pin(core)
    queues = [[Change(**each) for each in queue] for queue in orjson.loads(sys.stdin.buffer.read())]
    run = run_fast(measure(os.environ[DSN_VARIABLE], queues, seconds))
    sys.stdout.buffer.write(orjson.dumps(run))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
