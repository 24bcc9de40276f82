"""Traces by OpenTelemetry, sent as OTLP over HTTP: the only module that knows it, imported where traces are wanted.

Everything about sampling and the collector is said by OpenTelemetry's own variables (``OTEL_…``), which its SDK reads.
Spans wait in its bounded queue and are sent from its thread; a collector that is away costs spans and nothing else.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from db.ids import new_id
from schema.tracing import Attributes

STOP_SECONDS = 3.0
"""For what waits when the server stops; then it is given up."""
_NOTHING: Attributes = {}
_CALLERS = TraceContextTextMapPropagator()
"""Reads ``traceparent``; baggage, which anybody fills with anything, is never read."""


class OpenSpan:
    """A ``schema.tracing.Span``."""

    __slots__ = ("_span",)

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    @property
    def trace_id(self) -> str | None:
        """The trace's, in hex, as OpenTelemetry writes it; None where it is not kept."""
        return trace.format_trace_id(self._span.get_span_context().trace_id) if self._span.is_recording() else None

    def set(self, attributes: Attributes) -> None:
        if self._span.is_recording():
            self._span.set_attributes(_there(attributes))

    def rename(self, name: str) -> None:
        if self._span.is_recording():
            self._span.update_name(name)

    def fail(self, kind: str) -> None:
        if self._span.is_recording():
            self._span.set_attribute("error.type", kind)
            self._span.set_status(trace.StatusCode.ERROR)

    def end(self) -> None:
        if self._span.is_recording():
            self._span.end()


class Traces:
    """A ``schema.tracing.Tracing``, and the first spans of requests. ``follow``: callers' traces are gone on with, and
    what they say of sampling holds; else a caller's trace is only named in ours. To be stopped.
    """

    def __init__(self, *, follow: bool = False) -> None:
        ours = {"service.name": "tidegate", "service.version": version("tidegate"), "service.instance.id": new_id()}
        self._exporter = OTLPSpanExporter()
        self._provider = TracerProvider(
            resource=Resource(ours).merge(OTELResourceDetector().detect()), shutdown_on_exit=False
        )
        self._provider.add_span_processor(BatchSpanProcessor(self._exporter))
        self._tracer = self._provider.get_tracer("tidegate", version("tidegate"))
        self._follow = follow

    @contextmanager
    def span(self, name: str, attributes: Attributes = _NOTHING) -> Iterator[OpenSpan]:
        with self._around(self._tracer.start_span(name, attributes=_there(attributes))) as span:
            yield span

    @contextmanager
    def request(self, headers: Mapping[str, str]) -> Iterator[OpenSpan]:
        """The span of a request with this ``traceparent`` and ``tracestate``."""
        # Unless it is followed, their tracestate may hold anything and is not looked at.
        said = {name: value for name, value in headers.items() if self._follow or name == "traceparent"}
        theirs = _CALLERS.extract(said, Context())
        caller = trace.get_current_span(theirs).get_span_context()
        if self._follow:
            begun = self._tracer.start_span("HTTP", theirs, trace.SpanKind.SERVER)
        else:
            links = [trace.Link(caller)] if caller.is_valid else []
            begun = self._tracer.start_span("HTTP", Context(), trace.SpanKind.SERVER, links=links)
        with self._around(begun) as span:
            yield span

    def open(self, name: str, attributes: Attributes = _NOTHING) -> OpenSpan:
        return OpenSpan(self._tracer.start_span(name, attributes=_there(attributes)))

    def current(self) -> OpenSpan:
        return OpenSpan(trace.get_current_span())

    def statement(self, _text: str) -> None:
        """A statement is sent: an event of the span around it (a ``db.sending.Observer``)."""
        span = trace.get_current_span()
        if span.is_recording():
            span.add_event("statement")

    async def stop(self) -> None:
        """Send what waits, and end; what cannot be sent soon is given up."""
        ending = asyncio.ensure_future(asyncio.to_thread(self._provider.shutdown))
        done, _ = await asyncio.wait({ending}, timeout=STOP_SECONDS)
        if not done:
            self._exporter.shutdown()  # type: ignore[no-untyped-call]  # as it is
        await ending

    @contextmanager
    def _around(self, begun: trace.Span) -> Iterator[OpenSpan]:
        """The span is current in the block, and ends with it. What an exception says is not told."""
        span = OpenSpan(begun)
        try:
            with trace.use_span(begun, end_on_exit=False, record_exception=False, set_status_on_exception=False):
                yield span
        except BaseException as error:
            span.fail(type(error).__qualname__)
            raise
        finally:
            span.end()


def _there(attributes: Attributes) -> dict[str, str | int | float | bool]:
    return {name: value for name, value in attributes.items() if value is not None}
