"""Writes to the log: ``changeOrderStatus`` over HTTP, against the same transaction without GraphQL, fsync on.

Sixteen writers, each with orders of its own, walk them along their statuses: on one tenant, where all wait for the
log's head, and on all tenants evenly. The transaction alone runs in a process of its own on the server's core.
"""

import asyncio
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import orjson

from db.ids import public_id
from tests.bench import load, product
from tests.bench.measure import Say
from tests.bench.serve import DSN_VARIABLE, run_fast
from tests.bench.servers import ROOT, Server, running
from tests.bench.tenants import Tenant
from tests.bench.works import post
from tests.support.database import Dsns

DATABASE, ORDERS = "writes", 60_000
WRITERS = 16
GOAL = 0.8
"""The share of the transaction alone that is to be reached."""
PATH = ("CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED", "REFUNDED")
"""Where each order goes from PENDING, one change at a time."""
DOCUMENT = """mutation Move($input: ChangeOrderStatusInput!) {
  changeOrderStatus(input: $input) { order { id status version } userErrors { code } }
}"""
_DONE = b'"userErrors":[]'
_ORDERS_OF_EACH = 4_000


@dataclass(frozen=True, slots=True)
class Change:
    """One order's next status. Ids are hex digits."""

    tenant: str
    user: str
    order: str
    status: str


@dataclass(frozen=True, slots=True)
class WriteRun:
    """Changes a second, the process's seconds of processor for one, and latencies in seconds."""

    rate: float
    processor: float
    p50: float
    p99: float

    @classmethod
    def median(cls, runs: Sequence["WriteRun"]) -> "WriteRun":
        names = ("rate", "processor", "p50", "p99")
        rate, processor, p50, p99 = (statistics.median(getattr(run, name) for run in runs) for name in names)
        return cls(rate, processor, p50, p99)

    @classmethod
    def of(cls, sample: load.Sample, processor_seconds: float) -> "WriteRun":
        processor = processor_seconds / sample.requests
        return cls(sample.rate, processor, sample.percentile(0.5), sample.percentile(0.99))


@dataclass(frozen=True, slots=True)
class WriteFigure:
    """The product's changes beside the transaction alone."""

    product: WriteRun
    alone: WriteRun


async def tenants_with_orders(dsns: Dsns, tenants: Sequence[Tenant]) -> dict[str, list[str]]:
    """The ids of orders to move, by tenant, all of them PENDING again."""
    connection = await asyncpg.connect(dsns.superuser)
    try:
        await connection.execute("UPDATE orders SET status = 'PENDING' WHERE status <> 'PENDING'")
        await connection.execute("VACUUM (ANALYZE) orders")
        await connection.execute("CHECKPOINT")
        sql = "SELECT id FROM orders WHERE tenant_id = $1 ORDER BY id LIMIT $2"
        return {
            tenant.id: [row["id"].hex for row in await connection.fetch(sql, tenant.id, _ORDERS_OF_EACH)]
            for tenant in tenants
        }
    finally:
        await connection.close()


def queues_of(tenants: Sequence[Tenant], orders: dict[str, list[str]]) -> list[list[Change]]:
    """A queue for each writer: its own orders, one tenant after the other, all of them one status further each lap."""
    queues: list[list[Change]] = [[] for _ in range(WRITERS)]
    longest = max(len(orders[tenant.id]) for tenant in tenants) // WRITERS
    for status in PATH:
        for place in range(longest):
            for tenant in tenants:
                own = orders[tenant.id]
                for writer in range(WRITERS):
                    index = place * WRITERS + writer
                    if index < len(own):
                        queues[writer].append(Change(tenant.id, tenant.user, own[index], status))
    return queues


def measure_writes(
    dsns: Dsns, tenants: Sequence[Tenant], core: int, rounds: int, seconds: float, logs: Path, say: Say
) -> dict[str, WriteFigure]:
    """Both kinds of writing in turn, on one tenant and on all."""
    figures = {}
    with _product(dsns, core, logs) as server:
        for title, chosen in (("one tenant", tenants[:1]), (f"{len(tenants)} tenants", tenants)):
            over_http, alone = [], []
            for turn in range(1, rounds + 1):
                queues = queues_of(chosen, asyncio.run(tenants_with_orders(dsns, chosen)))
                alone.append(_alone(dsns, queues, core, seconds, logs))
                queues = queues_of(chosen, asyncio.run(tenants_with_orders(dsns, chosen)))
                over_http.append(_over_http(server, queues, chosen, seconds))
                rates = f"{over_http[-1].rate:,.0f}/s, alone {alone[-1].rate:,.0f}/s"
                say(f"round {turn} of {rounds}: writing, {title}: {rates}")
            figures[title] = WriteFigure(WriteRun.median(over_http), WriteRun.median(alone))
    return figures


def _product(dsns: Dsns, core: int, logs: Path) -> AbstractContextManager[Server]:
    environment = {product.POOL_VARIABLE: str(WRITERS)}
    return running("product", dsns.runtime, core, logs / "product-writes.log", environment)


def _over_http(server: Server, queues: list[list[Change]], tenants: Sequence[Tenant], seconds: float) -> WriteRun:
    headers = {tenant.id: product.header(tenant) for tenant in tenants}

    def requests(queue: list[Change]) -> Iterator[bytes]:
        for change in queue:
            wanted = {"id": public_id("ord", change.order), "status": change.status}
            yield post(DOCUMENT, {"input": wanted}, headers[change.tenant])

    before = server.processor_seconds()
    sample = run_fast(load.run(server.port, [requests(queue) for queue in queues], seconds, _DONE))
    return WriteRun.of(sample, server.processor_seconds() - before)


def _alone(dsns: Dsns, queues: list[list[Change]], core: int, seconds: float, logs: Path) -> WriteRun:
    """``tests.bench.alone`` in a process on the server's core."""
    with (logs / "alone.log").open("wb") as said:
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.alone", str(core), str(seconds)],
            cwd=ROOT,
            env={**os.environ, DSN_VARIABLE: dsns.runtime},
            input=orjson.dumps(queues),
            stdout=subprocess.PIPE,
            stderr=said,
            check=True,
        )
    return WriteRun(**orjson.loads(done.stdout))
