"""Writes to the log: ``changeOrderStatus``, against the same transaction without GraphQL, fsync on.

Thirty-two writers, each with orders of its own, walk them along their statuses: on one tenant, where all wait for the
log's head, and on all tenants evenly. Both are asked over HTTP by the same load: what differs is GraphQL and the door.
"""

import asyncio
import statistics
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import orjson

from db.ids import public_id
from tests.bench import load, product
from tests.bench.measure import Say
from tests.bench.serve import run_fast
from tests.bench.servers import Server, running
from tests.bench.tenants import Tenant
from tests.bench.works import post
from tests.support.database import Dsns

DATABASE, ORDERS = "writes", 60_000
WRITERS = 32
GOAL = 0.8
"""The share of the transaction without GraphQL that is to be reached."""
PATH = ("CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED", "REFUNDED")
"""Where each order goes from PENDING, one change at a time."""
DOCUMENT = """mutation Move($input: ChangeOrderStatusInput!) {
  changeOrderStatus(input: $input) { order { id status version } userErrors { code } }
}"""
DONE = b'"userErrors":[]'
_ORDERS_OF_EACH = 4_000


@dataclass(frozen=True, slots=True)
class Change:
    """One order's next status. Ids are hex digits."""

    tenant: str
    user: str
    order: str
    status: str


Request = Callable[[Change], bytes]


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
    """The product's changes beside the same transaction behind bare HTTP."""

    product: WriteRun
    bare: WriteRun


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
    """A queue for each writer: its own orders, one tenant after the other, all of them one status further each lap.

    Each writer begins with another tenant: in step they would all wait for the same log's head, as on one tenant.
    """
    queues: list[list[Change]] = [[] for _ in range(WRITERS)]
    longest = max(len(orders[tenant.id]) for tenant in tenants) // WRITERS
    for writer, queue in enumerate(queues):
        first = writer % len(tenants)
        for status in PATH:
            for place in range(longest):
                for tenant in (*tenants[first:], *tenants[:first]):
                    own = orders[tenant.id]
                    index = place * WRITERS + writer
                    if index < len(own):
                        queue.append(Change(tenant.id, tenant.user, own[index], status))
    return queues


def measure_writes(
    dsns: Dsns, tenants: Sequence[Tenant], core: int, rounds: int, seconds: float, logs: Path, say: Say
) -> dict[str, WriteFigure]:
    """Both kinds of writing in turn, on one tenant and on all."""
    figures = {}
    with _product(dsns, core, logs) as server, _bare(dsns, core, logs) as bare:
        for title, chosen in (("one tenant", tenants[:1]), (f"{len(tenants)} tenants", tenants)):
            mutations, ours, plain = _mutations(chosen), list[WriteRun](), list[WriteRun]()
            for turn in range(1, rounds + 1):
                for contender, request, found in ((bare, _plain, plain), (server, mutations, ours)):
                    queues = queues_of(chosen, asyncio.run(tenants_with_orders(dsns, chosen)))
                    found.append(_run(contender, queues, request, seconds))
                rates = f"{ours[-1].rate:,.0f}/s, bare {plain[-1].rate:,.0f}/s"
                say(f"round {turn} of {rounds}: writing, {title}: {rates}")
            figures[title] = WriteFigure(WriteRun.median(ours), WriteRun.median(plain))
    return figures


def _product(dsns: Dsns, core: int, logs: Path) -> AbstractContextManager[Server]:
    environment = {product.POOL_VARIABLE: str(WRITERS)}
    return running("product", dsns.runtime, core, logs / "product-writes.log", environment)


def _bare(dsns: Dsns, core: int, logs: Path) -> AbstractContextManager[Server]:
    return running("bare", dsns.runtime, core, logs / "bare-writes.log")


def _mutations(tenants: Sequence[Tenant]) -> Request:
    headers = {tenant.id: product.header(tenant) for tenant in tenants}

    def request(change: Change) -> bytes:
        wanted = {"id": public_id("ord", change.order), "status": change.status}
        return post(DOCUMENT, {"input": wanted}, headers[change.tenant])

    return request


def _plain(change: Change) -> bytes:
    body = orjson.dumps(change)
    return b"POST / HTTP/1.1\r\nhost: bench\r\ncontent-length: %d\r\n\r\n" % len(body) + body


def _run(server: Server, queues: list[list[Change]], request: Request, seconds: float) -> WriteRun:
    before = server.processor_seconds()
    wanted = [map(request, queue) for queue in queues]
    sample = run_fast(load.run(server.port, wanted, seconds, DONE))
    return WriteRun.of(sample, server.processor_seconds() - before)
