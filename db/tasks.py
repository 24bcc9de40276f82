"""Work in the background: how it ends, and how often it was done."""

import asyncio
from collections import Counter

AGAIN_SECONDS = 1.0
JOBS = ("audit", "document_uses", "fold", "isolation")
RUNS: Counter[tuple[str, str]] = Counter({(job, outcome): 0 for job in JOBS for outcome in ("done", "failed")})
"""Of this process, by job and outcome, for its metrics."""


async def end(*tasks: asyncio.Task[None]) -> None:
    """Cancel the tasks and wait until they have ended, however they end.

    A driver may swallow a cancellation that comes together with what it waited for (redis-py's ``disconnect``,
    ``asyncio.wait_for`` before Python 3.12), and the task would run on for ever: so it is said again until it is heard.
    """
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=AGAIN_SECONDS)
    await asyncio.gather(*tasks, return_exceptions=True)
