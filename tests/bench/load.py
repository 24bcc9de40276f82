"""The load: sixteen keep-alive connections that each send the next request when the last one is answered.

Written on bare sockets, because a client library would need more processor than some of the servers.
"""

import asyncio
import itertools
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

CONNECTIONS = 16
PATIENCE_SECONDS = 120.0
"""What is under way when a run ends is waited for so long."""
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


class BadAnswer(Exception):
    """A server answered with something else than what the benchmark asked for."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one run measured. Latencies are seconds, in the order of the answers."""

    requests: int
    seconds: float
    latencies: list[float] = field(repr=False)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.requests / self.seconds

    def percentile(self, share: float) -> float:
        """The latency that this share of the requests stayed within, in seconds."""
        return percentile(self.latencies, share)


def percentile(values: Sequence[float], share: float) -> float:
    """What this share of the values stay within; 0 without any."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


class _Caller(asyncio.Protocol):
    """One connection: asks, reads the answer to its end, checks it, asks again."""

    def __init__(self, requests: Iterator[bytes], until: float, expect: bytes, latencies: list[float]) -> None:
        self._requests = requests
        self._until = until
        self._expect = expect
        self._latencies = latencies
        self._received = bytearray()
        self._wanted = 0
        self._sent_at = 0.0
        self._transport: asyncio.Transport | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        self._ask(time.perf_counter())

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._wanted == 0:
            end = self._received.find(_HEAD_END)
            if end < 0:
                return
            try:
                self._wanted = end + len(_HEAD_END) + length_of(bytes(self._received[:end]))
            except BadAnswer as error:
                self._fail(error)
                return
        if len(self._received) >= self._wanted:
            self._answered()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(BadAnswer(f"the server closed the connection: {exc}"))

    def _answered(self) -> None:
        now = time.perf_counter()
        self._latencies.append(now - self._sent_at)
        if self._expect not in self._received:
            self._fail(BadAnswer(bytes(self._received[:2_000]).decode(errors="replace")))
            return
        self._received.clear()
        self._wanted = 0
        self._ask(now)

    def _ask(self, now: float) -> None:
        request = next(self._requests, None) if now < self._until else None
        assert self._transport is not None
        if request is None:
            self.done.set_result(None)
            self._transport.close()
            return
        self._sent_at = now
        self._transport.write(request)

    def _fail(self, error: BadAnswer) -> None:
        assert self._transport is not None
        self._transport.abort()
        if not self.done.done():
            self.done.set_exception(error)


def length_of(head: bytes) -> int:
    """The length of the body. Raises BadAnswer for anything but a 200 that says it."""
    lowered = head.lower()
    place = lowered.find(_LENGTH)
    if place < 0 or not lowered.startswith(b"http/1.1 200"):
        raise BadAnswer(head.decode(errors="replace"))
    return int(lowered[place + len(_LENGTH) :].split(b"\r\n", 1)[0])


async def run(port: int, queues: Sequence[Iterator[bytes]], seconds: float, expect: bytes) -> Sample:
    """Ask for that long on a connection for each queue; what is under way then is still waited for and counted.

    A run ends early when the queues do. Raises BadAnswer when an answer does not hold ``expect``.
    """
    loop = asyncio.get_running_loop()
    latencies: list[float] = []
    started = time.perf_counter()
    callers = [_Caller(queue, started + seconds, expect, latencies) for queue in queues]
    for caller in callers:
        await loop.create_connection(lambda caller=caller: caller, "127.0.0.1", port)  # type: ignore[misc]
    async with asyncio.timeout(seconds + PATIENCE_SECONDS):
        await asyncio.gather(*(caller.done for caller in callers))
    return Sample(len(latencies), time.perf_counter() - started, latencies)


def endless(requests: Sequence[bytes], connections: int = CONNECTIONS) -> list[Iterator[bytes]]:
    """The requests for ever, each connection beginning at another one."""
    step = max(1, len(requests) // connections)
    return [itertools.cycle([*requests[i * step :], *requests[: i * step]]) for i in range(connections)]


def ask(port: int, request: bytes) -> bytes:
    """The body of one answer. Raises BadAnswer unless it is a 200."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(request)
        received = b""
        while _HEAD_END not in received:
            received += connection.recv(65_536)
        head, _, body = received.partition(_HEAD_END)
        length = length_of(head)
        while len(body) < length:
            body += connection.recv(65_536)
    return body
