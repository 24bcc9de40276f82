"""A subscription that runs: source events in, frames out."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from graphql import ExecutionResult, GraphQLError

from auth.principal import Principal
from db.events import Position
from schema.answers import Frame, frame_of
from schema.operation import Operation
from schema.requests import OperationRequest, Ready
from schema.runner import Runner


class EventStream:
    """An async iterator of frames. ``cursor`` is the newest position that is done with, frame or not."""

    def __init__(self, runner: Runner, request: OperationRequest, ready: Ready, caller: Principal) -> None:
        self._runner = runner
        self._request = request
        self._ready = ready
        self._caller = caller
        self._moved: Position | None = None
        self._frames = self._run()

    @property
    def cursor(self) -> str | None:
        """The newest cursor, which moves without a frame too; None before the stream began."""
        return None if self._moved is None else self._runner.event_cursors.encode(self._caller.tenant, self._moved)

    def __aiter__(self) -> AsyncIterator[Frame]:
        return self._frames

    async def aclose(self) -> None:
        """End it and free all it holds."""
        await self._frames.aclose()

    async def _run(self) -> AsyncGenerator[Frame, None]:
        operation = self._runner.operation(self._request, self._ready, self._caller)
        operation.moved = self._move
        source: Any = None  # Any: an async generator of source events, or why there is none
        try:
            operation.resume_after = self._resume_after(operation)
            operation.resume_first = self._request.last_event_id_first
            source = await self._runner.reference.source_stream(self._runner.source_executor(self._ready, operation))
            if isinstance(source, ExecutionResult):
                yield self._frame(source)
                return
            async for event in source:
                own = self._runner.operation(self._request, self._ready, self._caller)
                result = await self._runner.complete_event(self._ready, own, event)
                yield self._frame(result, event["cursor"])
        except Exception as error:  # whatever ends a stream is told to the client once, as its last frame
            yield self._frame(ExecutionResult(None, [GraphQLError("The stream failed.", original_error=error)]))
        finally:
            if source is not None and not isinstance(source, ExecutionResult):
                await source.aclose()

    def _frame(self, result: ExecutionResult, cursor: str | None = None) -> Frame:
        return frame_of(result, self._request.request_id, self._runner.unexpected, cursor)

    def _resume_after(self, operation: Operation) -> Position | None:
        """Raises BadCursor, CursorExpired."""
        last = self._request.last_event_id
        return None if last is None else operation.event_cursors.decode(self._caller.tenant, last)

    def _move(self, position: Position) -> None:
        self._moved = position
