"""Runs what is ready: gives each execution its own context and hands it to the executor."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

import structlog
from graphql import ExecutionResult

from auth.budgets import Charge
from auth.confirmation import Confirmation
from auth.principal import Principal
from auth.sessions import USUAL, Lifetimes
from db.clock import Clock
from db.engine import Database
from db.event_cursors import EventCursorCodec
from db.hub import Hub
from db.pages import CursorCodec
from resolvers.context import ReadContext, WriteContext
from resolvers.open_streams import StreamBook
from schema.answers import POSITION
from schema.causality import remember_write, seen_by
from schema.current import current_operation
from schema.denials import Denial, denial_errors
from schema.engine.engine import Engine
from schema.engine.nulls import Json
from schema.live.tally import Tally
from schema.masks import MaskKeys
from schema.operation import Operation
from schema.reach import Reach
from schema.reference import GatedExecutor, Reference
from schema.requests import OperationRequest, Ready
from schema.tracing import TracedQuestions, Tracing

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Runner:
    """The parts that an execution needs, the same for all of a process."""

    database: Database
    hub: Hub
    cursors: CursorCodec
    event_cursors: EventCursorCodec
    reference: Reference
    engine: Engine | None
    """None: everything by the reference."""
    clock: Clock
    book: StreamBook
    """Where the open streams are known."""
    lifetimes: Lifetimes = USUAL
    """Of sessions."""
    tally: Tally = field(default_factory=Tally)
    """What the subscriptions did."""
    mask_keys: MaskKeys | None = None
    reach: Reach | None = None
    tell_engine: bool = False
    """Whether a query's answer says in its extensions what ran it, when the request's extensions hold ``engine: true``.
    """
    confirmation: Confirmation | None = None
    """Finds out whether a caller's person is there."""
    seconds: float = 10.0
    """How long a query or a mutation may keep the database."""
    charges: bool = False
    """Whether somebody pays for events, so that it is of use to know what each cost."""
    tracing: Tracing | None = None
    """Who keeps traces, if anybody does."""

    def operation(
        self, request: OperationRequest, ready: Ready, caller: Principal | None, charge: Charge | None = None
    ) -> Operation:
        """A fresh context for one execution."""
        context = None if caller is None else self._context(ready, caller, request, charge)
        return self._operation(context, ready)

    def shared_operation(self, request: OperationRequest, ready: Ready, caller: Principal) -> Operation:
        """A fresh context for one event of a group: what other groups ask for the same event is read once."""
        reader = self.database.shared_reader(caller.tenant, caller.scope)
        context = ReadContext(
            caller, reader, self.database, self.hub, self.clock, request.request_id, lifetimes=self.lifetimes
        )
        return self._operation(context, ready)

    def source_executor(self, ready: Ready, operation: Operation) -> GatedExecutor:
        """What opens a subscription's source stream."""
        executor = ready.executor.for_event(None)
        executor.context_value = operation
        return executor

    def run(
        self, request: OperationRequest, ready: Ready, caller: Principal | None, charge: Charge | None = None
    ) -> Coroutine[Any, Any, ExecutionResult]:  # Any: of every coroutine
        """Execute a query or a mutation once, with loaders of its own: nothing it reads is left over from another
        execution. A query whose client hangs up is cancelled; a mutation goes on to its end. ``charge`` is what it
        has taken of its budgets.
        """
        operation = self.operation(request, ready, caller, charge)
        if ready.kind == "mutation" and caller is not None and self.database.replica is not None:
            return self._run_writing(request, ready, caller, operation)
        return self._run(request, ready, caller, operation)

    async def _run_writing(
        self, request: OperationRequest, ready: Ready, caller: Principal, operation: Operation
    ) -> ExecutionResult:
        """A mutation whose caller may read at a replica next: before it is answered, its position is known."""
        try:
            result = await self._run(request, ready, caller, operation)
        finally:
            position = await remember_write(self.database, caller, ready.actor, self.event_cursors)
        if position is not None:
            result.extensions = {**(result.extensions or {}), POSITION: position}
        return result

    async def _run(
        self, request: OperationRequest, ready: Ready, caller: Principal | None, operation: Operation
    ) -> ExecutionResult:
        listen = request.listen if ready.kind == "query" else None
        if listen is not None and (task := asyncio.current_task()) is not None:
            listen(task.cancel)
        try:
            if self.engine is None or caller is None:
                return await self._by_reference(ready, operation)
            done = await self.engine.run(ready.document, ready.execution, operation, ready.verdict.found)
            result = await self._by_reference(ready, operation) if isinstance(done, str) else _result(done)
        except asyncio.CancelledError:
            if listen is not None:
                operation.give_up()
            raise
        finally:
            if listen is not None:
                listen(None)
        if self.tracing is not None or self.tell_engine:
            self._tell(request, f"reference:{done}" if isinstance(done, str) else "compiled", result)
        return result

    def _tell(self, request: OperationRequest, engine: str, result: ExecutionResult) -> None:
        """Which of them ran it."""
        if self.tracing is not None:
            self.tracing.current().set({"tidegate.engine": engine})
        if self.tell_engine and (request.extensions or {}).get("engine") is True:
            result.extensions = {"engine": engine}

    async def _by_reference(self, ready: Ready, operation: Operation) -> ExecutionResult:
        ready.executor.context_value = operation
        return await self.reference.execute(ready.executor)

    async def complete_event(
        self,
        ready: Ready,
        operation: Operation,
        source: Any,  # Any: what the subscription's resolver yielded
    ) -> ExecutionResult:
        """The response for one event of a stream: ``source``, as the subscription's resolver yielded it, completed by
        the operation's plan, or by the reference where the plan cannot (a null where none may be, an exception).

        ``operation`` is a fresh one for each event (``Runner.operation``): what is loaded for one event is never shown
        with another. Raises nothing that a resolver or a batch function raises: that is in the result's errors.
        """
        if self.engine is not None:
            found = ready.verdict.found
            done = await self.engine.complete_event(ready.document, ready.execution, operation, source, found)
            if not isinstance(done, str):
                return _result(done)
        executor = ready.executor.for_event(source)
        executor.context_value = operation
        return await self.reference.execute(executor)

    def unexpected(self, error: BaseException) -> None:
        """The one log entry of an exception that nobody foresaw."""
        current = current_operation()
        _log.error("unexpected_error", exc_info=error, **({} if current is None else current.names()))

    def _operation(self, context: ReadContext | None, ready: Ready) -> Operation:
        denied, masked = ready.verdict.denied, ready.verdict.masked
        made = Operation(context, self.cursors, self.event_cursors, denied, masked, self.mask_keys)
        made.reach = self.reach
        if self.tracing is not None:
            made.unanswered, made.tracing = TracedQuestions(self.tracing), self.tracing
        return made

    def _context(
        self, ready: Ready, caller: Principal, request: OperationRequest, charge: Charge | None
    ) -> ReadContext:
        deadline = None if ready.kind == "subscription" else self.database.deadline(self.seconds)
        if self.database.replica is not None and deadline is not None and ready.kind == "query":
            seen = seen_by(request, caller, self.hub, self.event_cursors)
            reader = self.database.query_reader(caller.tenant, caller.user_id, caller.scope, deadline, seen)
        else:
            reader = self.database.reader(caller.tenant, caller.scope, deadline)
        own = caller, reader, self.database, self.hub, self.clock, request.request_id
        parts = *own, self.book, self.lifetimes, charge
        if ready.kind == "mutation":
            return WriteContext(*parts, request.session_slot, ready.actor, self.confirmation)
        return ReadContext(*parts)


def _result(done: tuple[Json, list[Denial]]) -> ExecutionResult:
    data, denials = done
    return ExecutionResult(data, denial_errors(denials) if denials else None)
