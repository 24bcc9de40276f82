"""A member: one client's place in a group."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from math import inf
from typing import TYPE_CHECKING

from graphql import ExecutionResult, GraphQLError

from auth.principal import Principal
from db.errors import CursorExpired, Unavailable
from db.events import Position
from db.ids import new_id
from schema.live.coalesce import coalesced
from schema.live.feed import LOT_BYTES, LOT_FRAMES
from schema.live.frames import Ending, EndReason, Frame
from schema.live.run import AGAIN_SECONDS, Run
from schema.requests import OperationRequest

if TYPE_CHECKING:
    from schema.live.group import Group

SLOW = Ending(EndReason.SLOW, "OVERLOADED")


class Member:
    """A feed (``schema/live/feed.py``). It holds a position and nothing else of what it has yet to be told.

    ``principal``, ``since``, ``id`` (of this stream, public) and ``queued`` (bytes that wait for the client) are for
    those who look on; ``finish`` and ``move`` are for those who end it or judge it again.
    """

    durable = True

    def __init__(  # one member's facts, by name
        self,
        group: "Group",
        principal: Principal,
        request: OperationRequest,
        since: datetime,
        wanted: Position | None,
    ) -> None:
        self.group = group
        self.principal = principal
        self.request = request
        self.since = since
        self.id = f"str_{new_id()}"
        self.queued: Callable[[], int] = _nothing_queued
        self.told = wanted
        """The newest position that was taken, or where it begins; None until that is known."""
        self._first: Frame | None = None
        self._run: Run | None = None
        self._ending: Ending | None = None
        self._next, self._closed, self._moves = 0, False, False
        self._wake: Callable[[], None] = _nobody_listens
        self._beginning: asyncio.Task[None] | None = None
        self._enter(group)

    @property
    def note(self) -> bytes | None:
        return self.group.note

    @property
    def done(self) -> Position | None:
        run, told = self._run, self.told
        if run is None:
            return told if self._ending is not None else None
        if run.head is None or told is None:
            return None
        return run.head if self._next >= run.base and run.head.seq > told.seq else told

    @property
    def cursor(self) -> str | None:
        done = self.done
        return None if done is None else self.group.cursor_of(done)

    @property
    def told_cursor(self) -> str | None:
        return None if self.told is None else self.group.cursor_of(self.told)

    @property
    def ending(self) -> Ending | None:
        if self._ending is not None:
            return self._ending
        run = self._run
        if run is None or run.merged or self._first is not None or self._next < run.total:
            return None
        return run.over

    @property
    def behind(self) -> int:
        """Frames that are ready and not taken."""
        return 0 if self._run is None else self._run.total - self._next

    @property
    def oldest_waiting(self) -> Position | None:
        """Where the oldest frame is that is ready and not taken; None when there is none."""
        run = self._run
        if run is None or self._next >= run.total:
            return None
        return run.frames[max(0, self._next - run.base)].position

    @property
    def single(self) -> bool:
        """Whether its connection carries other operations too."""
        return self._moves

    def listen(self, wake: Callable[[], None], queued: Callable[[], int], *, moves: bool = False) -> None:
        self._wake, self.queued, self._moves = wake, queued, moves
        if self._run is not None:
            (self._run.movers.add if moves else self._run.movers.discard)(self)
        wake()

    def end_of(self, frames: int, size: int) -> int | None:
        run = self._run
        if run is None or self._first is not None or self._next < run.base or self.group.coalesces:
            return None
        return run.end_of(self._next, self.told, frames, size)

    def take(self, upto: int | None = None, limit: int = LOT_FRAMES) -> list[Frame]:
        run = self._run
        if run is None:
            return []
        if self._first is not None:
            return self._take_first(upto)
        if self._next < run.base:
            self._begin_again()
            return []
        room = LOT_BYTES if upto is None else inf
        taken = self._coalesce(run, upto, limit) if self.group.coalesces else self._take(run, upto, limit, room)
        run.took(self._next)
        self.group.tally.delivered += len(taken)
        if run.merged and self._next >= run.total:
            if self.told is None or (run.head is not None and run.head.seq > self.told.seq):
                self.told = run.head
            self._begin_again()
        return taken

    def notify(self) -> None:
        """Something is new in the run."""
        run, limit = self._run, self.group.limit
        if limit is not None and run is not None and not run.replaying and run.total - self._next > limit:
            self.finish(SLOW)
        else:
            self._wake()

    def finish(self, ending: Ending) -> None:
        """End it for a reason; what was not taken is not told any more."""
        if self._ending is None and not self._closed:
            self._ending = ending
            self._leave()
            self._wake()

    def move(self, group: "Group", principal: Principal) -> None:
        """Go on in another group, from the same position: what was not taken is made anew there."""
        self.principal = principal
        if self._ending is None and not self._closed and group is not self.group:
            self._leave()
            self._enter(group)

    async def aclose(self, ending: Ending) -> None:
        self._ending = self._ending or ending
        if not self._closed:
            self.group.tally.ended[self._ending.reason] += 1
        self._closed, self._wake, self.queued = True, _nobody_listens, _nothing_queued
        tasks = self._leave()
        if tasks:
            await asyncio.wait(tasks)

    def _take_first(self, upto: int | None) -> list[Frame]:
        first = self._first
        if first is None or (upto is not None and first.position is not None and first.position.seq > upto):
            return []
        self._first = None
        self.group.tally.delivered += 1
        return [first]

    def _take(self, run: Run, upto: int | None, limit: int, room: float = inf) -> list[Frame]:
        """Frames up to where the member itself begins were told to it before."""
        taken: list[Frame] = []
        while self._next < run.total and len(taken) < limit and room > 0:
            frame = run.frames[self._next - run.base]
            position = frame.position
            if position is not None:
                if upto is not None and position.seq > upto:
                    break
                if self.told is not None and position.seq <= self.told.seq:
                    self._next += 1
                    continue
                self.told = position
                if not frame.left:
                    frame.left = True
                    if not run.replaying:
                        self.group.tally.left(position)
            self._next += 1
            room -= len(frame.payload)
            taken.append(frame)
        return taken

    def _coalesce(self, run: Run, upto: int | None, limit: int) -> list[Frame]:
        if run.replaying or self.behind < 2 or self.told is None:
            return self._take(run, upto, limit)
        before = self.told
        ready = self._take(run, upto, self.behind)
        kept = coalesced(ready, self.group.cursor_of(before))
        self.group.tally.skipped += len(ready) - len(kept)
        return kept

    def _enter(self, group: "Group") -> None:
        self.group = group
        group.members.add(self)
        self._begin_again()

    def _begin_again(self) -> None:
        """Join the run that goes on from here; at once where nothing has to be asked."""
        self._leave_run()
        told = self.told
        if told is not None and not self.group.live.opens:
            run = self.group.run_after(told)
            if run.head is None or told.seq <= run.head.seq:
                self._join(run)
                return
        self._beginning = asyncio.create_task(self._begin())

    def _join(self, run: Run) -> None:
        self._run = run
        run.members[self] = None
        if self._moves:
            run.movers.add(self)
        self._next = run.total if self.told is None else run.number_after(self.told.seq)
        self._wake()

    async def _begin(self) -> None:
        while True:
            try:
                await (self._begin_now() if not self.group.live.opens else self._open())
                return
            except Unavailable:
                await asyncio.sleep(AGAIN_SECONDS)
            except Exception as error:  # told to the client as its last frame
                failed = ExecutionResult(None, [GraphQLError("The stream failed.", original_error=error)])
                self._beginning = None
                self.finish(Ending(EndReason.FAILED, frame=self.group.frame(failed)))
                return

    async def _begin_now(self) -> None:
        """Raises CursorExpired."""
        head = await self.group.runner.hub.head(self.principal.tenant)
        if self.told is None:
            self.told = head
        elif self.told.seq > head.seq:
            raise CursorExpired("The cursor is ahead of the log: the database was put back to an earlier state.")
        self._beginning = None
        self._join(self.group.run_after(self.told))

    async def _open(self) -> None:
        """How things stand now, as the run tells it among all else; once more when the run has gone too far from there
        meanwhile.
        """
        while self._run is None:
            group = self.group
            run = group.runs[0] if group.runs else group.start(None)
            run.waiting += 1
            try:
                first = await run.first_frame()
                if first is None or (first.position is not None and run.covers(first.position)):
                    self._first, self._beginning = first, None
                    self.told = first.position if first is not None else self.told
                    self._join(run)
            finally:
                run.waiting -= 1
                group.left(run)

    def _leave_run(self) -> None:
        run, self._run = self._run, None
        if run is not None:
            run.members.pop(self, None)
            run.movers.discard(self)
            self.group.left(run)

    def _leave(self) -> list[asyncio.Task[None]]:
        """What has to come to its end for everything to be free."""
        run, beginning = self._run, self._beginning
        self._leave_run()
        self._beginning = None
        if beginning is not None and beginning is not asyncio.current_task():
            beginning.cancel()
        self.group.forget(self)
        ended = [run.task] if run is not None and run not in self.group.runs else []
        return [task for task in (*ended, beginning) if task is not None and task is not asyncio.current_task()]


def _nobody_listens() -> None:
    pass


def _nothing_queued() -> int:
    return 0
