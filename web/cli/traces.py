"""Traces for the verbs that serve. OpenTelemetry is imported where it is wanted, and nowhere else."""

from typing import TYPE_CHECKING

from web.cli.failures import Failure

if TYPE_CHECKING:
    from web.settings import Settings
    from web.traced import RequestTracing


def open_traces(settings: "Settings") -> "RequestTracing | None":
    """As the settings have it; None where they are off. Raises Failure."""
    if settings.traces == "off":
        return None
    try:
        from web.traces import Traces
    except ImportError as error:
        raise Failure("TIDEGATE_TRACES needs OpenTelemetry: pip install 'tidegate[otel]'") from error
    return Traces(follow=settings.traces == "follow")
