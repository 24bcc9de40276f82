"""One open stream of single connection mode: its operations, each by its id, on one outlet."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import structlog

from auth.principal import Principal
from db.reservations import Holder
from schema.answers import Answer
from schema.current import current_operation
from schema.execute import Gateway
from schema.live.feed import Feed, Told, placed
from schema.live.frames import GONE, Frame
from schema.live.member import Member
from web.hang_up import HangUp
from web.refusals import Refusal
from web.sse.entrance import Entrance, Place
from web.sse.outlet import Outlet
from web.sse.posted import ACCEPTED, STOPPED, Outcome, Posted
from web.sse.resumption import Resumption

OPERATIONS = 100
"""At once, on one stream."""
BEGIN_SECONDS = 2.0
"""How long a POST waits until its subscription has begun; it begins all the same."""
_log = structlog.get_logger()


class SingleStream:
    """``start`` and ``stop`` operations while ``outlet`` is open; ``aclose`` at last.

    A subscription's POST is accepted when its place in the log is known, and so is the stream opened on which others
    waited for it: whatever happens after the answer is told. An id is in use from its POST until its ``complete`` was
    written.

    Subscriptions count as streams, however many share a connection: the connection's own place at the entrance is that
    of the first, each further one takes its own.
    """

    def __init__(  # whose it is, by name
        self,
        gateway: Gateway,
        entrance: Entrance,
        key: str,
        holder: Holder,
        principal: Principal,
        resume_after: str | None,
    ) -> None:
        self.key = key
        self.holder = holder
        self.principal = principal
        self.outlet = Outlet(single=True, ended=self._free)
        self._gateway = gateway
        self._resumption = Resumption(resume_after, self.outlet.last_id.hold, self.outlet.free_id)
        self._in_use: dict[str, object] = {}
        self._subscriptions: set[str] = set()
        self._places: list[Place] = []
        self._entrance = entrance
        self._tasks: set[asyncio.Task[None]] = set()
        self._hang_ups: dict[object, HangUp] = {}
        """Of what is being executed, by the same marks as ``_in_use`` has."""
        self._kept: list[asyncio.Event] = []
        self._closed = False

    def become(self, principal: Principal) -> None:
        """The same user in the same tenant, with other rights or by another credential; the outlet's operations are
        judged again by whoever says so.
        """
        self.principal = principal
        self.holder = Holder(principal.user_id, principal.tenant.hex, principal.session_id)

    async def start(self, posted: Posted) -> Outcome:
        """Run it, unless it is refused."""
        posted = self._resumption.resume(posted)  # by when it came, not by how long it waits
        with self._holding(posted):
            await self._entrance.expect(self.principal)
            begun = self._launch(posted)
        if isinstance(begun, Outcome):
            return begun
        await begun.wait()
        return ACCEPTED

    def start_kept(self, posted: Posted) -> None:
        """Run what was accepted before the stream was there. If it is refused by now the stream says so."""
        begun, name = self._launch(self._resumption.resume(posted)), posted.operation_id
        if not isinstance(begun, Outcome):
            self._kept.append(begun)
        elif begun.answer is not None and name not in self._in_use:
            self._in_use[name] = object()
            self.outlet.add(Told(Frame(begun.answer.body)), name)

    async def kept_begun(self, seconds: float) -> None:
        """Until everything of that has begun, no longer than so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                for begun in self._kept:
                    await begun.wait()

    async def stop(self, operation_id: str) -> Outcome:
        """Tell no more of it but its ``complete``. One that does not run is stopped already."""
        if operation_id in self._in_use:
            self._give_up(self._in_use[operation_id])
            self._in_use[operation_id] = object()  # one that is being started finds that it is not wanted
            await self.outlet.remove(operation_id)
            if operation_id in self._in_use and operation_id not in self.outlet.names:
                self.outlet.add(Told(), operation_id)  # completes as soon as there is room, and frees the id
        return STOPPED

    async def aclose(self) -> None:
        """Queries that are being executed are cancelled; mutations still end by themselves, and are told to nobody."""
        self._closed = True
        for mark in list(self._hang_ups):
            self._give_up(mark)
        self._resumption.close()
        self._in_use.clear()
        self._subscriptions.clear()
        self._make_room()
        await self.outlet.aclose()

    async def settle(self) -> None:
        """Wait for what is being executed."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @contextmanager
    def _holding(self, posted: Posted) -> Iterator[None]:
        """The client's id stays where it is while one is to come that goes on from it."""
        if posted.request.last_event_id is None:
            yield
            return
        self.outlet.last_id.hold()
        try:
            yield
        finally:
            self.outlet.free_id()

    def _launch(self, posted: Posted) -> Outcome | asyncio.Event:
        """Why it is refused, else what is set when it may be called accepted."""
        name, request_id, who = posted.operation_id, posted.request.request_id, self.principal
        if self._closed:
            return Outcome.of(self._gateway.refuse("NOT_FOUND", "There is no such stream.", request_id, who))
        if name in self._in_use:
            return Outcome.of(
                self._gateway.refuse("CONFLICT", "An operation of this id runs already.", request_id, who)
            )
        if max(len(self._in_use), len(self._tasks)) >= OPERATIONS:
            message = f"A stream carries at most {OPERATIONS} operations."
            return Outcome.of(self._gateway.refuse("STREAM_LIMIT", message, request_id, who))
        kind = self._gateway.judge(posted.request, who)
        if isinstance(kind, Answer):
            return Outcome.of(kind)
        try:
            self._take_room(kind, name)
        except Refusal as refusal:
            return Outcome.of(self._gateway.refuse(refusal.code, refusal.message, request_id, who))
        mark = self._in_use[name] = object()
        begun = asyncio.Event()
        task = asyncio.create_task(self._run(posted, mark, begun))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if kind != "subscription":
            begun.set()
        elif posted.request.last_event_id is not None:
            self.outlet.last_id.hold()  # as ``_holding``, until it is there
            task.add_done_callback(lambda _: self.outlet.free_id())
        return begun

    async def _run(self, posted: Posted, mark: object, begun: asyncio.Event) -> None:
        name, hang_up = posted.operation_id, HangUp()
        self._hang_ups[mark] = hang_up
        try:
            outcome = await self._gateway.answer(replace(posted.request, listen=hang_up.listen), self.principal)
            _tell()
            feed: Feed = Told(Frame(outcome.body)) if isinstance(outcome, Answer) else outcome
            await _begin(feed)
            if self._in_use.get(name) is mark:
                if isinstance(feed, Member) and feed.principal is not self.principal:
                    self._gateway.judge_again(feed, self.principal)
                self.outlet.add(feed, name)
            else:
                await feed.aclose(GONE)
        finally:
            del self._hang_ups[mark]
            begun.set()

    def _give_up(self, mark: object) -> None:
        """Nobody waits for the operation any more."""
        hang_up = self._hang_ups.get(mark)
        if hang_up is not None:
            hang_up.happen()

    def _free(self, operation_id: str) -> None:
        self._in_use.pop(operation_id, None)
        self._subscriptions.discard(operation_id)
        self._make_room()

    def _take_room(self, kind: str, operation_id: str) -> None:
        """Raises Refusal."""
        if kind == "subscription":
            if len(self._places) < len(self._subscriptions):
                self._places.append(self._entrance.take(self.principal))
            self._subscriptions.add(operation_id)

    def _make_room(self) -> None:
        while self._places and len(self._places) >= len(self._subscriptions):
            self._places.pop().leave()


def _tell() -> None:
    """A line for the operation: that of its request was written before it ran."""
    current = current_operation()
    if current is not None:
        _log.info("operation", **current.facts())


async def _begin(feed: Feed) -> None:
    """Until it is known where the feed begins, or it is over."""
    woken = asyncio.Event()
    feed.listen(woken.set, lambda: 0)
    with suppress(TimeoutError):
        async with asyncio.timeout(BEGIN_SECONDS):
            while not placed(feed):
                await woken.wait()
                woken.clear()
