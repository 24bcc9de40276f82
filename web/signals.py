"""What tells others of the process beside its metrics and its log: traces, and the hook for errors."""

from collections.abc import Iterator
from contextlib import AsyncExitStack

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.datastructures import State

from web.error_hook import ERRORS, OUTCOMES, ErrorHook, load_hook
from web.settings import Settings, SettingsError


def hook_of(settings: Settings, registry: CollectorRegistry) -> ErrorHook | None:
    """What the settings name. Raises SettingsError."""
    hook = None
    if settings.error_hook is not None:
        try:
            hook = ErrorHook(load_hook(settings.error_hook))
        except LookupError as error:
            raise SettingsError([f"TIDEGATE_ERROR_HOOK {error.args[0]}"]) from error
    registry.register(_Counts(hook))
    return hook


async def open_signals(state: State, closing: AsyncExitStack) -> None:
    """First of all, to be closed last: what goes wrong in between is told."""
    if state.error_hook is not None:
        ERRORS.go(state.error_hook)
        closing.callback(_stop_hook, state.error_hook)
    if state.tracing is not None:
        closing.push_async_callback(state.tracing.stop)


class _Counts(Collector):
    """Tells what became of errors for the hook, when somebody looks; nothing became of them where there is none."""

    def __init__(self, hook: ErrorHook | None) -> None:
        self._hook = hook

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(
            "tidegate_error_hook", "Errors for the hook, by what became of them.", labels=["outcome"]
        )
        for outcome in OUTCOMES:
            family.add_metric([outcome], 0 if self._hook is None else self._hook.counts[outcome])
        yield family


def _stop_hook(hook: ErrorHook) -> None:
    ERRORS.go(None)
    hook.stop()
