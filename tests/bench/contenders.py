"""Who is measured against whom, and the proof that all answer alike."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from tests.bench import product, raw, stock
from tests.bench.load import ask
from tests.bench.servers import Server, running
from tests.bench.tenants import Tenant
from tests.bench.works import WORKS, MakeCursor, Requests, Work, requests_of
from tests.support.database import Dsns


class UnequalAnswers(Exception):
    """Two servers answered one request differently: nothing is measured then."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A kind of server: ``tests.bench.<name>``."""

    name: str
    title: str
    header: Callable[[Tenant], str]
    cursor: MakeCursor

    def requests(self, work: Work, tenants: Sequence[Tenant], count: int) -> Requests:
        return requests_of(work, tenants, self.header, self.cursor, count)

    def dsn(self, dsns: Dsns) -> str:
        """Ours has the runtime login, under row-level security; the others see every row."""
        return dsns.runtime if self.name == "product" else dsns.superuser


STOCK = Contender("stock", "stock Strawberry", stock.header, stock.cursor)
PRODUCT = Contender("product", "Tidegate", product.header, product.cursor)
RAW = Contender("raw", "raw, by hand", raw.header, raw.cursor)
CONTENDERS = (STOCK, PRODUCT, RAW)


@contextmanager
def all_running(dsns: Dsns, core: int, logs: Path) -> Iterator[dict[str, Server]]:
    """One server of each kind; those that are not asked wait without using the processor."""
    with ExitStack() as stack:
        yield {
            each.name: stack.enter_context(running(each.name, each.dsn(dsns), core, logs / f"{each.name}.log"))
            for each in CONTENDERS
        }


def check_equal(servers: Mapping[str, Server], tenants: Sequence[Tenant]) -> dict[str, int]:
    """Every work of every tenant, asked of each server. Answers the bytes of the largest tenant's answer for each work.

    Raises UnequalAnswers, BadAnswer.
    """
    sizes: dict[str, int] = {}
    for work in WORKS:
        for tenant in tenants:
            sizes.setdefault(work.name, _check(work, tenant, servers))
    return sizes


def _check(work: Work, tenant: Tenant, servers: Mapping[str, Server]) -> int:
    bodies = {each.name: ask(servers[each.name].port, each.requests(work, [tenant], 1)[0]) for each in CONTENDERS}
    expected = comparable(bodies[RAW.name])
    for name, body in bodies.items():
        if comparable(body) != expected:
            told = body[:500].decode(errors="replace")
            raise UnequalAnswers(f"{name} answers {work.title} of {tenant.slug} differently from {RAW.name}: {told}")
    return len(bodies[PRODUCT.name])


def comparable(body: bytes) -> bytes:
    """An answer's data, with its keys in their order; a cursor is each server's own, so only that there is one."""
    answer: dict[str, Any] = orjson.loads(body)
    if answer.get("errors") or not answer.get("data"):
        raise UnequalAnswers(f"an answer with errors, or without data: {body[:500].decode(errors='replace')}")
    page = answer["data"].get("orders")
    if page is not None:
        page["pageInfo"]["endCursor"] = page["pageInfo"]["endCursor"] is not None
        if not page["nodes"]:
            raise UnequalAnswers("an empty page proves nothing")
    return orjson.dumps(answer["data"])
