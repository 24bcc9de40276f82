"""The one door from web into schema: text in, bytes or a stream out.

An operation goes through five steps, each of which may refuse it: the document (limits, syntax, validation), the operation, the transport, the variables, the
gates. Only then does anything run.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from graphql import ExecutionResult, FragmentDefinitionNode, GraphQLError, OperationDefinitionNode

from auth.principal import Principal
from db.clock import Clock, utc_now
from db.engine import Database
from db.errors import BadCursor, CursorExpired
from db.event_cursors import EventCursorCodec
from db.events import Position
from db.hub import Hub
from db.pages import CursorCodec
from resolvers.context import ReadContext, WriteContext
from schema.answers import Answer, Frame, answer_of, frame_of, json_body
from schema.documents import Document, DocumentCache, Refused
from schema.errors import coded, error_json
from schema.gates import Gatekeeper, Verdict
from schema.limits import Limits
from schema.operation import Operation
from schema.reference import GatedExecutor, Reference
from schema.root import schema, sdl

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class OperationRequest:
    """A GraphQL request as the front door read it."""

    document: str | None
    variables: Mapping[str, Any] | None  # Any: JSON
    operation_name: str | None
    extensions: Mapping[str, Any] | None  # Any: JSON
    request_id: str
    allow_mutation: bool = True
    allow_stream: bool = False
    last_event_id: str | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """An operation that passed every check."""

    document: Document
    node: OperationDefinitionNode
    name: str | None
    variables: dict[str, Any]  # Any: JSON
    verdict: Verdict


class EventStream:
    """A subscription that runs: an async iterator of frames. ``cursor`` is the newest position that is done with, frame or not."""

    def __init__(self, gateway: "Gateway", request: OperationRequest, ready: Ready, caller: Principal) -> None:
        self._gateway = gateway
        self._request = request
        self._ready = ready
        self._caller = caller
        self._moved: Position | None = None
        self._frames = self._run()

    @property
    def cursor(self) -> str | None:
        """The newest cursor, which moves without a frame too; None before the stream began."""
        return None if self._moved is None else self._gateway.event_cursors.encode(self._caller.tenant, self._moved)

    def __aiter__(self) -> AsyncIterator[Frame]:
        return self._frames

    async def aclose(self) -> None:
        """End it and free all it holds."""
        await self._frames.aclose()

    async def _run(self) -> Any:  # Any: an async generator of Frame
        gateway, request = self._gateway, self._request
        operation = gateway.operation(request, self._ready, self._caller)
        operation.moved = self._move
        try:
            operation.resume_after = gateway.resume_position(request, self._caller)
        except (BadCursor, CursorExpired) as error:
            yield frame_of(ExecutionResult(None, [GraphQLError(str(error), original_error=error)]), request.request_id, gateway.unexpected)
            return
        executor = gateway.reference.build(self._ready.document.node, self._ready.name, self._ready.variables, operation)
        assert not isinstance(executor, list), "the variables were coerced before"
        source = await gateway.reference.source_stream(executor)
        if isinstance(source, ExecutionResult):
            yield frame_of(source, request.request_id, gateway.unexpected)
            return
        try:
            async for event in source:
                yield await self._frame(event)
        except Exception as error:  # whatever ends the source is told to the client, once, as the last frame
            failed = ExecutionResult(None, [GraphQLError("The stream failed.", original_error=error)])
            yield frame_of(failed, request.request_id, gateway.unexpected)
        finally:
            await source.aclose()

    async def _frame(self, event: Any) -> Frame:  # Any: a source event
        """Each event is executed with loaders of its own: nothing it reads is left over from the one before."""
        operation = self._gateway.operation(self._request, self._ready, self._caller)
        executor = self._gateway.reference.build(self._ready.document.node, self._ready.name, self._ready.variables, operation, root=event)
        assert not isinstance(executor, list), "the variables were coerced before"
        result = await self._gateway.reference.execute(executor)
        return frame_of(result, self._request.request_id, self._gateway.unexpected, cursor=event["cursor"])

    def _move(self, position: Position) -> None:
        self._moved = position


class Gateway:
    """Answers requests. Made once a process by the composition root."""

    def __init__(
        self,
        database: Database,
        hub: Hub,
        cursors: CursorCodec,
        event_cursors: EventCursorCodec,
        *,
        introspection: str = "signed-in",
        limits: Limits | None = None,
        clock: Clock = utc_now,
    ) -> None:
        core = schema()._schema  # noqa: SLF001  # Strawberry has no public name for the schema it builds
        self.sdl = sdl()
        self.event_cursors = event_cursors
        self.reference = Reference(core)
        self._database = database
        self._hub = hub
        self._cursors = cursors
        self._introspection = introspection
        self._clock = clock
        # A suggestion names a field: only where anybody may see the schema.
        self._documents = DocumentCache(core, limits or Limits(), hide_suggestions=introspection != "everyone")
        self._gates = Gatekeeper(core)

    async def answer(self, request: OperationRequest, caller: Principal | None) -> Answer | EventStream:
        """The answer to any request; never raises for what a client sent. Unexpected errors are masked and logged once."""
        try:
            ready = self._prepare(request, caller)
            if isinstance(ready, Answer):
                return ready
            if ready.node.operation.value == "subscription" and caller is not None:
                return EventStream(self, request, ready, caller)
            return await self._execute(request, ready, caller)
        except Exception as error:  # the last line of defence: nothing of it is shown
            self.unexpected(error)
            return self.refuse("INTERNAL_SERVER_ERROR", "Internal error.", request.request_id)

    def refuse(self, code: str, message: str, request_id: str, **extensions: Any) -> Answer:  # Any: JSON
        """An answer that refuses before anything ran, in the shape of all others."""
        return self._refused(Refused(code, (coded(code, message, **extensions),)), request_id)

    def unexpected(self, error: BaseException) -> None:
        _log.error("unexpected_error", exc_info=error)

    def operation(self, request: OperationRequest, ready: Ready, caller: Principal | None) -> Operation:
        """A fresh context for one execution."""
        return Operation(self._context(ready, caller, request.request_id), self._cursors, self.event_cursors, ready.verdict.denied)

    def resume_position(self, request: OperationRequest, caller: Principal) -> Position | None:
        if request.last_event_id is None:
            return None
        return self.event_cursors.decode(caller.tenant, request.last_event_id)

    def may_introspect(self, caller: Principal | None) -> bool:
        """Whether the caller may see the schema."""
        return self._introspection == "everyone" or (self._introspection == "signed-in" and caller is not None)

    def _prepare(self, request: OperationRequest, caller: Principal | None) -> Ready | Answer:
        if not request.document:
            return self.refuse("BAD_REQUEST", "The request has no query.", request.request_id)
        document = self._documents.get(request.document)
        node = document if isinstance(document, Refused) else document.operation(request.operation_name)
        if isinstance(node, Refused) or isinstance(document, Refused):
            return self._refused(node if isinstance(node, Refused) else document, request.request_id)  # type: ignore[arg-type]
        transport = self._check_transport(request, node)
        if transport is not None:
            return transport
        name = node.name.value if node.name else None
        variables = dict(request.variables or {})
        # Built once to coerce the variables, so that a bad one refuses the operation before it runs.
        probe = self.reference.build(document.node, name, variables, Operation(None, self._cursors, self.event_cursors))
        if isinstance(probe, list):
            return self._refused(Refused("BAD_USER_INPUT", tuple(coded("BAD_USER_INPUT", e.message) for e in probe)), request.request_id)
        fragments = {d.name.value: d for d in document.node.definitions if isinstance(d, FragmentDefinitionNode)}
        verdict = self._gates.judge(node, fragments, variables, caller.permissions if caller else None)
        return self._check_gates(verdict, caller, request.request_id) or Ready(document, node, name, variables, verdict)

    def _check_transport(self, request: OperationRequest, node: OperationDefinitionNode) -> Answer | None:
        kind = node.operation.value
        if kind == "mutation" and not request.allow_mutation:
            refused = self.refuse("BAD_REQUEST", "A mutation is sent by POST.", request.request_id)
            return Answer(refused.body, refused.code, 405, True, kind)
        if kind == "subscription" and not request.allow_stream:
            refused = self.refuse("BAD_REQUEST", "A subscription is answered as text/event-stream: ask for it in Accept.", request.request_id)
            return Answer(refused.body, refused.code, 406, True, kind)
        return None

    def _check_gates(self, verdict: Verdict, caller: Principal | None, request_id: str) -> Answer | None:
        if verdict.needs_sign_in or (verdict.introspects and not self.may_introspect(caller)):
            if caller is None:
                return self.refuse("UNAUTHENTICATED", "Sign in, or send a valid token.", request_id)
            return self.refuse("FORBIDDEN", "Introspection is switched off.", request_id)
        if verdict.refused:
            errors = tuple(
                coded("FORBIDDEN", f"This needs the permission {permission}.", permission=permission, coordinate=coordinate)
                for coordinate, permission in verdict.refused.items()
            )
            return self._refused(Refused("FORBIDDEN", errors), request_id)
        return None

    async def _execute(self, request: OperationRequest, ready: Ready, caller: Principal | None) -> Answer:
        executor = self.reference.build(ready.document.node, ready.name, ready.variables, self.operation(request, ready, caller))
        assert isinstance(executor, GatedExecutor), "the variables were coerced before"
        result = await self.reference.execute(executor)
        return answer_of(result, request.request_id, self.unexpected, ready.node.operation.value)

    def _context(self, ready: Ready, caller: Principal | None, request_id: str) -> ReadContext | None:
        if caller is None:
            return None
        kind = WriteContext if ready.node.operation.value == "mutation" else ReadContext
        return kind(caller, self._database.reader(caller.tenant), self._database, self._hub, self._clock, request_id)

    def _refused(self, refused: Refused, request_id: str) -> Answer:
        errors = [error_json(_with_code(error, refused.code), request_id, self.unexpected) for error in refused.errors]
        return Answer(json_body({"errors": errors}), refused.code, None, True, None)


def _with_code(error: GraphQLError, code: str) -> GraphQLError:
    if (error.extensions or {}).get("code"):
        return error
    return GraphQLError(error.message, error.nodes, error.source, error.positions, extensions={"code": code})
