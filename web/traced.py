"""A span for every request, around the front door. It is there only where traces are kept.

OpenTelemetry's conventions for HTTP, but without what a client made up: of a path its route, of an address nothing. The
span of an event stream ends with the answer's head; what the stream tells has spans of its own.
"""

from collections.abc import Awaitable, Collection, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schema.tracing import Span, Tracing
from web.middleware import OTHER, TRACE_ID, UNROUTED, method_of, route_of

_TRACE = ("traceparent", "tracestate")
_FAILED = 500
_STREAMS = (b"text/event-stream", b"multipart/mixed")


class RequestSpan(Span, Protocol):
    """The span of a request, which the log names."""

    @property
    def trace_id(self) -> str | None:
        """Its trace's, in 32 hex digits; None where that is not kept."""


class RequestTracing(Tracing, Protocol):
    """Where the spans of requests go too."""

    def request(self, headers: Mapping[str, str]) -> AbstractContextManager[RequestSpan]: ...

    def statement(self, text: str) -> None:
        """Told the text of each statement as it is sent."""

    async def stop(self) -> None: ...


class TracedRequests:
    """``direct``: paths that are their own routes."""

    def __init__(self, app: ASGIApp, tracing: RequestTracing, direct: Collection[str]) -> None:
        self._app = app
        self._tracing = tracing
        self._direct = direct

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = {str(name, "latin-1"): str(value, "latin-1") for name, value in scope["headers"]}
        with self._tracing.request({name: given[name] for name in _TRACE if name in given}) as span:
            if span.trace_id is not None:
                structlog.contextvars.bind_contextvars(trace_id=span.trace_id)
                scope.setdefault("state", {})[TRACE_ID] = span.trace_id
            await self._app(scope, receive, self._telling(span, scope, send))

    def _telling(self, span: Span, scope: Scope, send: Send) -> Send:
        def tell(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                self._tell(span, scope, message["status"])
                if any(name == b"content-type" and value.startswith(_STREAMS) for name, value in message["headers"]):
                    span.end()
            return send(message)

        return tell

    def _tell(self, span: Span, scope: Scope, status: int) -> None:
        method = "HTTP" if (known := method_of(scope)) == OTHER else known
        found = scope["path"] if scope["path"] in self._direct else route_of(scope)
        route = None if found == UNROUTED else found
        span.rename(method if route is None else f"{method} {route}")
        span.set(
            {
                "http.request.method": "_OTHER" if known == OTHER else known,
                "http.route": route,
                "http.response.status_code": status,
                "url.scheme": scope["scheme"],
                "network.protocol.version": scope["http_version"],
                "tidegate.request_id": scope["state"]["request_id"],
            }
        )
        if status >= _FAILED:
            span.fail(str(status))
