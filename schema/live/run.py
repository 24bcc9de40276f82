"""A run: one generator of source events followed from one place, executed once per event for all who share it.

Theory of operation
- What comes of an event is appended to a bounded tail as one frame. Members hold only their place in it: nothing is
  queued for anybody, and whoever falls behind the tail goes on in a run of its own (``schema/live/group.py``).
- Members are told of new frames in rounds, a slice of them at a time: while a round goes on, frames gather, so that
  a busy run writes less often and never blocks the loop for long.
- A run that replays the past keeps no further ahead of its fastest member than ``AHEAD`` frames; one that is live goes
  as fast as its events.
- An execution that met an absent database is done again: an outage makes frames late, not wrong. One that read through
  a reader of its source's is left to the source, which comes again with another.
- A source for newcomers is told to those who waited for it when it was read, and to nobody else.
"""

import asyncio
import contextvars
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import structlog
from graphql import ExecutionResult, GraphQLError

from db.errors import Unavailable
from db.events import Position
from resolvers.newcomers import Newcomers
from schema.current import begin
from schema.live.frames import COMPLETED, Ending, EndReason, Frame
from schema.tracing import Span

if TYPE_CHECKING:
    from schema.live.group import Group
    from schema.live.member import Member

TAIL_FRAMES = 1_000
TAIL_BYTES = 1_000_000
TAILS_BYTES = 256_000_000
"""What all tails of a process hold together before those that grow hold only ``SHORT_TAIL_BYTES`` each: whoever falls
behind then reads the log sooner.
"""
SHORT_TAIL_BYTES = 64_000
AHEAD = 256
SLICE = 250
"""Members that are told in one go."""
AGAIN_SECONDS = 0.5
"""Until an absent database is asked again."""


class Run:
    """``head``: all up to here is in the tail or before it; None until the source has said where it begins. ``floor``:
    the tail holds every frame after it. Frames are numbered; ``base`` is the number of the tail's first.
    """

    def __init__(self, group: "Group", start: Position | None) -> None:
        self.start = start
        self.head = self.floor = start
        self.frames: deque[Frame] = deque()
        self.base = 0
        self.members: dict[Member, None] = {}
        self.movers: set[Member] = set()
        self.replaying = start is not None
        self.merged = False
        """Whether another run has gone on from ``head``: members leave as soon as they have taken what is here."""
        self.over: Ending | None = None
        self.begun = asyncio.Event()
        """Set when ``head`` is known, or the run is over before."""
        self.newcomers = Newcomers()
        self.waiting = 0
        """Members to be that wait for something before they join."""
        self.furthest = 0
        """The number past the newest frame that any member took."""
        self.task = contextvars.Context().run(asyncio.create_task, self._pump())
        self._group = group
        self._bytes = 0
        self._room = asyncio.Event()
        self._round: list[Member] = []
        self._telling = self._again = False
        self._fanning: Span | None = None
        """The trace of a round."""

    @property
    def total(self) -> int:
        """The number past the newest frame."""
        return self.base + len(self.frames)

    def covers(self, position: Position) -> bool:
        """Whether everything after the position is in the tail, or still to come."""
        return self.over is None and not self.merged and self.floor is not None and self.floor.seq <= position.seq

    def number_after(self, seq: int) -> int:
        """The number of the first frame whose event is past ``seq``."""
        number = self.total
        for frame in reversed(self.frames):
            if frame.position is None or frame.position.seq <= seq:
                break
            number -= 1
        return number

    def end_of(self, number: int, told: Position | None, frames: int, size: int) -> int | None:
        """The number of the event with which so many frames past ``told``, or frames of so many bytes, are in the tail
        from that one on; None where there is less.
        """
        begin = -1 if told is None else told.seq
        for place in range(number - self.base, len(self.frames)):
            frame = self.frames[place]
            seq = begin if frame.position is None else frame.position.seq
            if seq > begin:
                frames, size = frames - 1, size - len(frame.payload)
                if frames <= 0 or size <= 0:
                    return seq
        return None

    async def first_frame(self) -> Frame | None:
        """How things stand now, where the source opens; None when the run is over before."""
        newcomer = self.newcomers.join()
        try:
            await asyncio.wait((newcomer, self.task), return_when=asyncio.FIRST_COMPLETED)
            return newcomer.result() if newcomer.done() else None
        finally:
            newcomer.cancel()

    def took(self, number: int) -> None:
        """A member has taken everything before this number."""
        if number > self.furthest:
            self.furthest = number
            self._room.set()

    def tell(self) -> None:
        """Wake all members, soon."""
        if self._telling:
            self._again = True
            return
        self._telling = True
        self._round = list(self.members)
        self._round.reverse()
        if self._group.runner.tracing is not None and self.total > self.furthest:
            told = {"tidegate.stream.members": len(self._round), "tidegate.stream.frames": self.total - self.furthest}
            self._fanning = self._group.runner.tracing.open("fan out", told)
        asyncio.get_running_loop().call_soon(self._tell_slice)

    def stop(self) -> None:
        """Nobody needs it any more."""
        self._group.tally.kept -= self._bytes
        self._bytes = 0
        self.task.cancel()

    def _tell_slice(self) -> None:
        for _ in range(min(SLICE, len(self._round))):
            self._round.pop().notify()
        if self._round:
            asyncio.get_running_loop().call_soon(self._tell_slice)
            return
        self._telling = False
        if self._fanning is not None:
            self._fanning.end()
            self._fanning = None
        if self._again:
            self._again = False
            self.tell()

    async def _pump(self) -> None:
        group = self._group
        structlog.contextvars.bind_contextvars(request_id=group.request.request_id)
        begin(group.request, group.caller, group.ready)
        try:
            await self._follow_through()
            self.over = COMPLETED
        except Exception as error:  # whatever ends a run is told to its members once, as their last frame
            failed = ExecutionResult(None, [GraphQLError("The stream failed.", original_error=error)])
            self.over = Ending(EndReason.FAILED, frame=self._group.frame(failed))
        self.begun.set()
        self.tell()

    async def _follow_through(self) -> None:
        """Follow the source to its end; again from where it stands as often as the database goes away."""
        while True:
            try:
                return await self._follow()
            except Unavailable:
                if self.start is None and self.head is not None:
                    raise  # it cannot begin anywhere but now
            await asyncio.sleep(AGAIN_SECONDS)

    async def _follow(self) -> None:
        source = await self._source()
        if isinstance(source, ExecutionResult):
            self._append(self._group.frame(source))
            return
        try:
            async for event in source:
                if await self._tell_of(event):
                    await self._wait_for_room()
        finally:
            await source.aclose()

    async def _source(self) -> Any:  # Any: an async generator of source events, or why there is none
        runner, group = self._group.runner, self._group
        operation = runner.operation(group.request, group.ready, group.caller)
        operation.moved, operation.resume_after, operation.newcomers = self._move, self.head, self.newcomers
        return await runner.reference.source_stream(runner.source_executor(group.ready, operation))

    async def _tell_of(self, event: Any) -> bool:  # Any: a source event
        """Execute it and hand it out; whether it is done with."""
        tracing = self._group.runner.tracing
        if tracing is None:
            return await self._told(event)
        with tracing.span("event", self._group.facts):
            return await self._told(event)

    async def _told(self, event: Any) -> bool:  # Any: a source event
        frame = await self._execute(event)
        if frame is not None:
            self._hand_out(event, frame)
        return frame is not None

    async def _execute(self, event: Any) -> Frame | None:  # Any: a source event
        """What is told of the event; None when it comes again."""
        group, reader = self._group, event.get("reader")
        while True:
            operation = group.runner.shared_operation(group.request, group.ready, group.caller)
            if reader is not None:
                operation.ctx = replace(operation.read, reader=reader)
            result = await group.runner.complete_event(group.ready, operation, event)
            if not any(isinstance(error.original_error, Unavailable) for error in result.errors or ()):
                return group.frame(result, event)
            if reader is not None:
                event["lost"] = True
                return None
            await asyncio.sleep(AGAIN_SECONDS)

    def _hand_out(self, event: Any, frame: Frame) -> None:  # Any: a source event
        if event.get("newcomers") is None:
            self._append(frame)
            self.tell()
            return
        for newcomer in event["newcomers"]:
            if not newcomer.done():
                newcomer.set_result(frame)

    async def _wait_for_room(self) -> None:
        while self.replaying and self.total - self.furthest > AHEAD:
            self._room.clear()
            await self._room.wait()

    def _append(self, frame: Frame) -> None:
        if self.merged:
            return
        tally, before = self._group.tally, self._bytes
        self.frames.append(frame)
        self._bytes += len(frame.payload)
        over = tally.kept + len(frame.payload) > TAILS_BYTES
        short = over and not self.replaying  # how far a replay is ahead is bounded by itself
        most = SHORT_TAIL_BYTES if short else TAIL_BYTES
        while len(self.frames) > 1 and (len(self.frames) > TAIL_FRAMES or self._bytes > most):
            dropped = self.frames.popleft()
            self._bytes -= len(dropped.payload)
            self.base += 1
            self.floor = dropped.position or self.floor
        tally.kept += self._bytes - before

    def _move(self, position: Position) -> None:
        if self.merged:
            return
        began, self.head = self.head is None, position
        if self.floor is None:
            self.floor = position
        if began or not self.begun.is_set():
            self.begun.set()
            self.tell()
        if self.replaying:
            self.replaying = position.seq < self._group.newest()
            if self._group.overtaken(self):
                self.merged = True
                self.task.cancel()
                self.tell()
        for member in tuple(self.movers):
            member.notify()
