"""Who writes a seed's rows while the server is busy with the last ones: a thread, or processes for a large seed."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing import get_context

from db.seed.plan import TenantPlan

Rows = Callable[[TenantPlan, int], bytes]
"""A batch of a plan's rows, by its number, as COPY wants it."""
MANY = 200_000
"""Orders that are worth the second in which processes come up."""
PROCESSES = 2


@dataclass(frozen=True, slots=True)
class Hands:
    """``write`` has a batch written; ``ahead`` says how many are to be under way at once."""

    write: Callable[[Rows, TenantPlan, int], Awaitable[bytes]]
    ahead: int

    async def batches(self, rows: Rows, plan: TenantPlan, count: int) -> AsyncIterator[bytes]:
        """All batches in their order, the next ones written while the caller is busy."""
        coming = [asyncio.ensure_future(self.write(rows, plan, index)) for index in range(min(self.ahead, count))]
        try:
            for index in range(count):
                data = await coming.pop(0)
                if index + self.ahead < count:
                    coming.append(asyncio.ensure_future(self.write(rows, plan, index + self.ahead)))
                yield data
        finally:
            for each in coming:
                each.cancel()


A_THREAD = Hands(asyncio.to_thread, 1)


@asynccontextmanager
async def hands_for(orders: int) -> AsyncIterator[Hands]:
    """Those for a seed of so many orders."""
    if orders < MANY or (os.cpu_count() or 1) < 2:
        yield A_THREAD
        return
    loop = asyncio.get_running_loop()
    pool = ProcessPoolExecutor(PROCESSES, get_context("spawn"), _leave_interrupts_to_the_parent)
    try:
        yield Hands(lambda rows, plan, index: loop.run_in_executor(pool, rows, plan, index), PROCESSES + 1)
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
