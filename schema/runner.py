"""Runs what is ready: gives each execution its own context and hands it to the executor."""

from dataclasses import dataclass
from typing import Any

import structlog
from graphql import ExecutionResult

from auth.principal import Principal
from db.clock import Clock
from db.engine import Database
from db.event_cursors import EventCursorCodec
from db.hub import Hub
from db.pages import CursorCodec
from resolvers.context import ReadContext, WriteContext
from schema.denials import denial_errors
from schema.engine.engine import Engine
from schema.operation import Operation
from schema.reference import GatedExecutor, Reference
from schema.requests import OperationRequest, Ready

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
    tell_engine: bool = False
    """Whether a query's answer says in its extensions what ran it, when the request's extensions hold ``engine: true``.
    """

    def operation(self, request: OperationRequest, ready: Ready, caller: Principal | None) -> Operation:
        """A fresh context for one execution."""
        denied = ready.verdict.denied
        return Operation(self._context(ready, caller, request.request_id), self.cursors, self.event_cursors, denied)

    def executor(self, ready: Ready, operation: Operation, root: Any = None) -> GatedExecutor:  # Any: a source event
        """The one that the request was checked with; for a stream, a new one for each event."""
        if ready.kind != "subscription":
            ready.executor.context_value = operation
            return ready.executor
        built = self.reference.build(ready.document.node, ready.name, ready.variables, operation, root)
        if isinstance(built, list):
            raise RuntimeError("a ready operation has variables that cannot be coerced") from built[0]
        return built

    async def run(
        self,
        request: OperationRequest,
        ready: Ready,
        caller: Principal | None,
        root: Any = None,  # Any: a source event
    ) -> ExecutionResult:
        """Execute once, with loaders of its own: nothing it reads is left over from another execution."""
        operation = self.operation(request, ready, caller)
        executor = self.executor(ready, operation, root)
        if self.engine is None or ready.kind != "query" or caller is None:
            return await self.reference.execute(executor)
        done = await self.engine.run(ready.document, executor, operation)
        if isinstance(done, str):
            result, told = await self.reference.execute(executor), f"reference:{done}"
        else:
            result, told = ExecutionResult(done[0], denial_errors(done[1]) or None), "compiled"
        if self.tell_engine and (request.extensions or {}).get("engine") is True:
            result.extensions = {"engine": told}
        return result

    def unexpected(self, error: BaseException) -> None:
        """The one log entry of an exception that nobody foresaw."""
        _log.error("unexpected_error", exc_info=error)

    def _context(self, ready: Ready, caller: Principal | None, request_id: str) -> ReadContext | None:
        if caller is None:
            return None
        kind = WriteContext if ready.kind == "mutation" else ReadContext
        return kind(caller, self.database.reader(caller.tenant), self.database, self.hub, self.clock, request_id)
