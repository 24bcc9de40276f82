"""The product, sampled while it serves: which Python frames it is in, a thousand times a second of its processor; and
how late its event loop is.
"""

import asyncio
import json
import os
import signal
import time
from collections import Counter
from pathlib import Path
from types import FrameType

from starlette.types import ASGIApp, Receive, Scope, Send

from tests.bench import product
from tests.bench.parts import Place, part_of

PATH_VARIABLE = "TIDEGATE_BENCH_PROFILE"
BEGIN_ANEW = b"GET /samples HTTP/1.1\r\nhost: bench\r\n\r\n"
"""A request that forgets what was counted until now."""
SECONDS = 0.001
TICK = 0.002
DEEPEST = 100


class Sampler:
    """Counts the parts that the process is in whenever a timer of its processor time rings."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def start(self) -> None:
        signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, SECONDS, SECONDS)

    def stop(self) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)

    def _sample(self, _: int, frame: FrameType | None) -> None:
        stack: list[Place] = []
        while frame is not None and len(stack) < DEEPEST:
            stack.append((frame.f_code.co_filename, frame.f_code.co_name))
            frame = frame.f_back
        self.counts[part_of(stack)] += 1


class Pulse:
    """Asks the event loop for a turn every ``TICK`` seconds and notes how much processor time the process used until it
    got one: for as long everything else waited too. (By the clock it would tell what other processes took.)
    """

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self._used = 0.0

    def beat(self) -> None:
        used = time.process_time()
        self.pauses.append(used - self._used)
        self._used = used
        asyncio.get_running_loop().call_later(TICK, self.beat)


def create_app(dsn: str) -> ASGIApp:
    """The product; the counts are in the file of ``PATH_VARIABLE`` when it ends."""
    app, sampler, pulse = product.create_app(dsn), Sampler(), Pulse()

    async def sampled(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            sampler.start()
            pulse.beat()
            try:
                await app(scope, receive, send)
            finally:
                sampler.stop()
                _tell(Path(os.environ[PATH_VARIABLE]), sampler, pulse)
        elif scope["path"] == "/samples":
            sampler.counts.clear()
            pulse.pauses.clear()
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
            await send({"type": "http.response.body", "body": b"{}"})
        else:
            await app(scope, receive, send)

    return sampled


def _tell(path: Path, sampler: Sampler, pulse: Pulse) -> None:
    path.write_text(json.dumps({"parts": sampler.counts, "pauses": sorted(pulse.pauses)}))
