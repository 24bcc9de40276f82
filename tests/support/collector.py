"""A small OpenTelemetry collector over HTTP: it takes what is sent as OTLP, and shows the spans."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.support.outsiders import served
from tests.support.waiting import until

SOON = {"OTEL_BSP_SCHEDULE_DELAY": "20"}
"""Milliseconds that spans wait for others."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A span as it came."""

    name: str
    trace: bytes
    id: bytes
    parent: bytes
    attributes: dict[str, Any]  # Any: plain values
    events: list[str]
    links: list[bytes]
    """Traces."""
    failed: bool
    kind: int
    start: int


@dataclass
class Collector:
    """What came, newest last; ``resource`` is what the sender said of itself, ``raw`` all of it."""

    spans: list[Kept] = field(default_factory=list)
    resource: dict[str, Any] = field(default_factory=dict)  # Any: plain values
    raw: bytes = b""

    async def take(self, request: Request) -> Response:
        body = await request.body()
        self.raw += body
        for group in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.resource = _values(group.resource.attributes)
            self.spans += [_kept(span) for scope in group.scope_spans for span in scope.spans]
        return Response(status_code=200)

    def of(self, request_id: str) -> list[Kept]:
        """The trace of a request."""
        traces = {span.trace for span in self.spans if span.attributes.get("tidegate.request_id") == request_id}
        return [span for span in self.spans if span.trace in traces]

    async def trace(self, request_id: str) -> list[Kept]:
        """The same, once its first span has come, which ends last."""
        await until(lambda: any(not span.parent for span in self.of(request_id)))
        return self.of(request_id)


def tree(spans: list[Kept]) -> dict[str, Any]:  # Any: the same again
    """The names of a trace's spans, each with those below it."""

    def below(parent: bytes) -> dict[str, Any]:  # Any: as above
        return {span.name: below(span.id) for span in spans if span.parent == parent}

    return below(b"")


@asynccontextmanager
async def open_collector(**variables: str) -> AsyncIterator[Collector]:
    """A collector on a free port of loopback, to which OpenTelemetry's variables lead inside."""
    collector = Collector()
    with socket.socket() as listener, pytest.MonkeyPatch.context() as patch:
        listener.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
        for name, value in {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, **SOON, **variables}.items():
            patch.setenv(name, value)
        app = Starlette(routes=[Route("/v1/traces", collector.take, methods=["POST"])])
        async with served(app, listener):
            yield collector


def _kept(span: Any) -> Kept:  # Any: protobuf's
    return Kept(
        span.name,
        span.trace_id,
        span.span_id,
        span.parent_span_id,
        _values(span.attributes),
        [event.name for event in span.events],
        [link.trace_id for link in span.links],
        span.status.code == 2,
        span.kind,
        span.start_time_unix_nano,
    )


def _values(attributes: Any) -> dict[str, Any]:  # Any: protobuf's, plain values
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}
