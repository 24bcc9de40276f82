"""A group: subscriptions that are equal in document, variables, tenant, permissions and scope, executed once for all.
Those that tell of the version of their permissions are equal in that too.

It has one run at the head of the log, and for those who begin further back, runs that replay what they missed until
they meet it. A member's place is a position in the log, so it can change runs at any time and neither lose nor repeat
anything.
"""

from collections.abc import Callable
from typing import Any

from graphql import ExecutionResult

from auth.principal import Principal
from db.events import Position
from schema.answers import frame_of
from schema.current import LONGEST_NAME
from schema.live.delivery import DeliveryPolicy, Live
from schema.live.frames import Frame
from schema.live.member import Member
from schema.live.run import Run
from schema.requests import OperationRequest, Ready
from schema.runner import Runner
from schema.tracing import Attributes


class Group:
    """``caller`` is nobody in particular: the tenant, the permissions and the scope of every member. ``request`` has an
    id of the group's own. ``emptied`` is called when the last member has left.
    """

    def __init__(
        self,
        runner: Runner,
        request: OperationRequest,
        ready: Ready,
        caller: Principal,
        live: Live,
        emptied: Callable[[], None],
        *,
        note: bytes | None = None,
    ) -> None:
        self.runner = runner
        self.tally = runner.tally
        self.request = request
        self.ready = ready
        self.caller = caller
        self.live = live
        self.note = note
        """What each frame says besides."""
        self.members: set[Member] = set()
        self.runs: list[Run] = []
        limit = live.delivery.limit
        self.limit = limit if live.delivery.policy is DeliveryPolicy.KEEP and isinstance(limit, int) else None
        self.coalesces = live.delivery.policy is DeliveryPolicy.COALESCE
        self._emptied = emptied
        self._told: tuple[Position | None, str | None] = (None, None)

    def newest(self) -> int:
        """The newest number of the log that was heard of."""
        return self.runner.hub.newest(self.caller.tenant)

    @property
    def facts(self) -> Attributes:
        """What a trace says of it."""
        return {
            "graphql.operation.type": self.ready.kind,
            "graphql.operation.name": self.ready.name and self.ready.name[:LONGEST_NAME],
            "tidegate.document": self.ready.document.id,
            "tidegate.tenant": self.caller.tenant.hex,
            "tidegate.request_id": self.request.request_id,
            "tidegate.stream.members": len(self.members),
        }

    def cursor_of(self, position: Position) -> str:
        """The position as text."""
        told = self._told[0]
        if told is not position and told != position:  # those who began at one place hold it each for itself
            self._told = position, self.runner.event_cursors.encode(self.caller.tenant, position)
        return self._told[1] or ""

    def frame(self, result: ExecutionResult, event: Any = None) -> Frame:  # Any: a source event
        """What is told of one execution."""
        unexpected = self.runner.unexpected
        if event is None:
            return frame_of(result, self.request.request_id, unexpected, note=self.note)
        place = event.get("cursor"), event.get("position"), event.get("entity_id")
        frame = frame_of(result, self.request.request_id, unexpected, *place, note=self.note)
        if self.runner.charges:
            frame.cost = max(1, self.ready.cost.actual(result.data))
        return frame

    def run_after(self, position: Position) -> Run:
        """The run that goes on from there: the foremost that still can, else a new one."""
        able = [run for run in self.runs if run.covers(position)]
        if able:
            return max(able, key=lambda run: run.head.seq if run.head is not None else 0)
        return self.start(position)

    def start(self, position: Position | None) -> Run:
        """A new run from there; None: from wherever its source begins."""
        run = Run(self, position)
        self.runs.append(run)
        return run

    def overtaken(self, run: Run) -> bool:
        """Whether another run can take over where this one stands."""
        head = run.head
        return head is not None and any(
            other is not run and other.covers(head) and other.head is not None and other.head.seq >= head.seq
            for other in self.runs
        )

    def left(self, run: Run) -> None:
        """A run that nobody follows any more ends."""
        if not run.members and not run.waiting and run in self.runs:
            self.runs.remove(run)
            run.stop()

    def forget(self, member: Member) -> None:
        """A member has left."""
        if member in self.members:
            self.members.discard(member)
            if not self.members:
                self._emptied()
