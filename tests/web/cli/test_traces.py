"""Traces for the verbs that serve."""

import sys

import pytest

from web.cli.failures import Failure
from web.cli.traces import open_traces
from web.settings import Settings
from web.traces import Traces


async def test_they_are_as_the_settings_have_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert open_traces(Settings()) is None
    traces = open_traces(Settings(traces="follow"))
    assert isinstance(traces, Traces)
    await traces.stop()


def test_without_the_extra_the_verb_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "web.traces", None)
    with pytest.raises(Failure, match="TIDEGATE_TRACES needs OpenTelemetry"):
        open_traces(Settings(traces="link"))
