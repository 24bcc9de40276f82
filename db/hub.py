"""The hub: who is waiting for which tenant's log, and who wakes them. One reader per process and tenant, however many
streams.

Theory of operation
- A *channel* exists for each tenant that somebody follows. Its pump reads the log past what it has read and keeps the
  newest events in a bounded tail.
- A *follower* holds nothing but its own position. It takes what the tail has past it; one that is too far behind for
  the tail reads the log itself. So nothing is queued per follower, nothing grows, and nothing is ever dropped: a slow
  follower is only late.
- A wake-up says "tenant, seq" and nothing more. It comes from a commit in this process, from another process by the
  bus (``db/bus.py``), or from the poll of the heads that bounds the delay when a wake-up is lost. Lies and repeats do
  no harm: the log is read either way. When the bus was away the heads are looked up as soon as it is back.
- What is read goes on only when the *fence* lets it: when every change of rights that was committed before it has
  been judged. So nobody gets an event that was committed after they lost the right to it.
- No connection is held while waiting. A read that fails is tried again; streams stay open meanwhile.
"""

import asyncio
import re
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime

import structlog

from db.bus import Bus, PostgresBus
from db.engine import Database
from db.errors import CursorExpired, Unavailable
from db.events import Event, Position, head_of, numbered_events_after
from db.tasks import end
from db.tenancy import TenantId

CHANNEL = "tidegate"
TAIL = 2_000
"""Events that a tenant's tail holds at most."""
TAILS = 40_000
"""Events that all tails hold together before those that grow hold only ``SHORT_TAIL`` each: many busy tenants at once
cost reads of their logs, not memory.
"""
SHORT_TAIL = 100
BATCH = 500
TELL_SECONDS = 0.025
"""Between two rounds of telling other processes; the first commit after a silence is told at once."""
AWAY_SECONDS = 0.1
"""The same while the bus does not take what it is told."""
NOTHING = Position(0, datetime(1970, 1, 1, tzinfo=UTC))
_A_NUMBER = re.compile(r"[0-9]{1,19}")
Fence = Callable[[int], Awaitable[None]]
"""Returns when the changes of who-may-what up to that number have reached every stream (``auth/rights.py``)."""
_log = structlog.get_logger()


def _warn(event: str, error: Exception) -> None:
    """An outage is a line each time it is met; anything else also tells where it came from."""
    _log.warning(event, error=type(error).__name__, exc_info=None if isinstance(error, Unavailable) else error)


class _Channel:
    """One tenant's tail. ``known`` is the newest number heard of, ``read`` the newest position read."""

    def __init__(self, tenant: TenantId, read: Position) -> None:
        self.tenant = tenant
        self.read = read
        self.known = read.seq
        self.tail: deque[Event] = deque()
        self.followers = 0
        self.heard = asyncio.Event()
        self.grown = asyncio.Event()

    def since(self, seq: int) -> list[Event] | None:
        """The tail's events after ``seq``; None when the tail does not reach back that far."""
        if seq >= self.read.seq:
            return []
        if not self.tail or self.tail[0].seq > seq + 1:
            return None
        skip = seq + 1 - self.tail[0].seq
        return [self.tail[i] for i in range(skip, min(len(self.tail), skip + BATCH))]

    def extend(self, events: list[Event], most: int) -> None:
        self.tail.extend(events)
        while len(self.tail) > most:
            self.tail.popleft()
        self.read = Position(events[-1].seq, events[-1].ts)
        self.known = max(self.known, self.read.seq)
        grown, self.grown = self.grown, asyncio.Event()
        grown.set()


class Hub:
    """``start`` before the first ``follow``; ``stop`` ends every follower. Without a ``bus`` it is PostgreSQL's."""

    def __init__(
        self, database: Database, poll_seconds: float = 1.0, bus: Bus | None = None, fence: Fence | None = None
    ) -> None:
        self._database = database
        self._bus = bus or PostgresBus(database.directory)
        self._poll_seconds = poll_seconds
        self._fence = fence
        self._channels: dict[str, _Channel] = {}
        self._pumps: dict[str, asyncio.Task[None]] = {}
        self._onlookers = 0
        """Followers that are no streams: they only look how far the log is."""
        self._kept = 0
        """Events in all tails."""
        self._to_tell: dict[str, int] = {}
        self._telling = asyncio.Event()
        self._look = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._stopped = asyncio.Event()

    @property
    def followers(self) -> int:
        """Streams that follow a log now."""
        return sum(channel.followers for channel in self._channels.values()) - self._onlookers

    async def start(self) -> None:
        self._database.on_commit = self._committed
        await self._bus.listen(CHANNEL, self._told, self._look.set)
        self._tasks = [asyncio.create_task(self._poll()), asyncio.create_task(self._tell())]

    async def stop(self) -> None:
        self._stopped.set()
        for channel in self._channels.values():
            channel.grown.set()
        await end(*self._tasks, *self._pumps.values())

    async def head(self, tenant: TenantId) -> Position:
        """Where the tenant's log stands now."""
        return await head_of(self._database.reader(tenant)) or NOTHING

    async def pass_fence(self, number: int) -> None:
        """Wait until every change of rights up to this number is judged: what was read with it may be told then."""
        if self._fence is not None:
            await self._fence(number)

    def told(self, tenant: TenantId) -> Position | None:
        """How far the streams here have told the tenant's log, at most; None while nobody follows it."""
        channel = self._channels.get(tenant.hex)
        return None if channel is None else channel.read

    def newest(self, tenant: TenantId) -> int:
        """The newest number heard of, true or not yet; 0 while nobody follows the tenant's log."""
        channel = self._channels.get(tenant.hex)
        return 0 if channel is None else channel.known

    async def follow(
        self, tenant: TenantId, after: Position | None, begun: Callable[[Position], None] | None = None
    ) -> AsyncGenerator[list[Event], None]:
        """Every event after ``after``, None for how far the log is read, in order, in batches, for ever. Raises
        CursorExpired when the log no longer reaches back that far. Close it to leave. ``begun`` is told where it
        begins, from when on what is heard of the log shows in ``newest``: an onlooker's, who is no stream.
        """
        channel = await self._join(tenant)
        position = channel.read if after is None else after
        if begun is not None:
            self._onlookers += 1
            begun(position)
        try:
            if after is not None and after.seq > channel.read.seq and after.seq > (await self.head(tenant)).seq:
                raise CursorExpired("The cursor is ahead of the log: the database was put back to an earlier state.")
            while not self._stopped.is_set():
                grown = channel.grown
                events = channel.since(position.seq)
                if events is None:
                    events = await self._read(tenant, position)
                    if self._stopped.is_set():
                        return
                    if not events or events[0].seq != position.seq + 1:
                        raise CursorExpired("The log no longer reaches back to the cursor.")
                if events:
                    position = Position(events[-1].seq, events[-1].ts)
                    yield events
                else:
                    await grown.wait()
        finally:
            self._onlookers -= begun is not None
            self._leave(channel)

    async def _join(self, tenant: TenantId) -> _Channel:
        if (channel := self._channels.get(tenant.hex)) is None:
            head = await self.head(tenant)
            channel = self._channels.setdefault(tenant.hex, _Channel(tenant, head))
        channel.followers += 1
        if tenant.hex not in self._pumps:
            self._pumps[tenant.hex] = asyncio.create_task(self._pump(channel))
        return channel

    def _leave(self, channel: _Channel) -> None:
        channel.followers -= 1
        if channel.followers == 0 and self._channels.get(channel.tenant.hex) is channel:
            del self._channels[channel.tenant.hex]
            self._kept -= len(channel.tail)
            self._pumps.pop(channel.tenant.hex).cancel()

    async def _pump(self, channel: _Channel) -> None:
        while True:
            channel.heard.clear()
            events = await self._read(channel.tenant, channel.read)
            if events:
                before = len(channel.tail)
                channel.extend(events, TAIL if self._kept + len(events) <= TAILS else SHORT_TAIL)
                self._kept += len(channel.tail) - before
            if len(events) < BATCH:
                # Read to its end: what was heard of before is read by now, or was never true.
                channel.known = channel.read.seq
                await channel.heard.wait()

    async def _read(self, tenant: TenantId, position: Position) -> list[Event]:
        """The log's next events, waiting for as long as the database is away; none once the hub is stopped."""
        while not self._stopped.is_set():
            try:
                events, number = await numbered_events_after(self._database.reader(tenant), position, BATCH)
                if events:
                    await self.pass_fence(number)
                return events
            except Exception as error:  # whatever the database throws while it is away: the streams wait for it
                _warn("log_read_failed", error)
                await asyncio.sleep(self._poll_seconds)
        return []

    def _wake(self, tenant: str, seq: int) -> None:
        channel = self._channels.get(tenant)
        if channel is not None and seq > channel.known:
            channel.known = seq
            channel.heard.set()

    def _committed(self, tenant: TenantId, position: Position) -> None:
        self._wake(tenant.hex, position.seq)
        self._to_tell[tenant.hex] = position.seq
        self._telling.set()

    def _told(self, payload: str) -> None:
        for entry in payload.split(","):
            tenant, _, seq = entry.partition(":")
            if _A_NUMBER.fullmatch(seq):
                self._wake(tenant, int(seq))

    async def _tell(self) -> None:
        """Tell other processes what was committed here: coalesced, never inside a transaction (NOTIFY locks the
        whole cluster at commit).
        """
        failing = False
        while True:
            await self._telling.wait()
            self._telling.clear()
            entries, self._to_tell = self._to_tell, {}
            try:
                await self._publish(entries)
                failing = False
            except Exception as error:  # the others poll
                if not failing:
                    _warn("wake_ups_not_sent", error)
                failing = True
            await asyncio.sleep(AWAY_SECONDS if failing else TELL_SECONDS)

    async def _publish(self, entries: dict[str, int]) -> None:
        told = [f"{tenant}:{seq}" for tenant, seq in entries.items()]
        for start in range(0, len(told), 100):
            await self._bus.publish(CHANNEL, ",".join(told[start : start + 100]))

    async def _poll(self) -> None:
        while True:
            await self._pause()
            if not self._channels:
                continue
            try:
                heads = await self._database.directory.heads(list(self._channels))
            except Exception as error:  # a poll that fails is repeated
                _warn("head_poll_failed", error)
                continue
            for tenant, (seq, _) in heads.items():
                self._wake(tenant, seq)

    async def _pause(self) -> None:
        """Until the next poll is due, or the bus is heard again: what it said meanwhile is gone."""
        try:
            async with asyncio.timeout(self._poll_seconds):
                await self._look.wait()
        except TimeoutError:
            return
        self._look.clear()
