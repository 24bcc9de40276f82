"""What nobody foresaw is told to the hook: once, apart, and never at a request's cost."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import structlog

from auth.api_keys import make_key
from schema.documents import document_id
from tests.support.logs import logged
from tests.support.server import Front, serving, settings_for
from tests.support.waiting import until
from web.error_hook import ERRORS, Context, ErrorHook, load_hook
from web.settings import SettingsError
from web.signals import hook_of

REPORTS: list[tuple[BaseException, Context]] = []
"""What ``report`` was told."""
DOCUMENT = "query Page { orders(first: 1) { totalCount } }"


def report(error: BaseException, context: Context) -> None:
    """A hook, as an operator writes it."""
    REPORTS.append((error, context))


HOOK = ErrorHook(report)


@pytest.fixture
def told() -> Iterator[list[tuple[BaseException, Context]]]:
    REPORTS.clear()
    yield REPORTS
    REPORTS.clear()


@contextmanager
def hooked(hook: ErrorHook) -> Iterator[ErrorHook]:
    """The hook of this process, and everything told at the end."""
    ERRORS.go(hook)
    try:
        with logged():
            yield hook
    finally:
        ERRORS.go(None)
        hook.stop()


def fail(text: str = "boom") -> Exception:
    try:
        raise ArithmeticError(text)
    except ArithmeticError as error:
        return error


Told = list[tuple[BaseException, Context]]


def test_a_line_with_an_exception_is_told_with_what_it_says_of_the_request(told: Told) -> None:
    error, key = fail(), make_key()[0]
    with hooked(ErrorHook(report)), structlog.contextvars.bound_contextvars(request_id=f"{key}"):
        structlog.get_logger().error("unexpected_error", exc_info=error, tenant="t", operation="Page", password="p")
    (found, context), *more = told
    assert (found, more) == (error, [])
    said = {"event": "unexpected_error", "tenant": "t", "operation": "Page", "repeats": 0}
    assert context == {**said, "request_id": f"{key[:16]}***"}


def test_what_is_no_error_or_has_no_exception_is_not_told(told: Told) -> None:
    with hooked(ErrorHook(report)):
        structlog.get_logger().info("known", exc_info=fail())
        structlog.get_logger().warning("known")
    assert told == []


def test_equal_errors_are_told_once_a_minute_with_their_number(told: Told) -> None:
    now = [0.0]
    hook = ErrorHook(report, clock=lambda: now[0])
    for text in ("one", "two", "three"):
        hook.tell(fail(text), {})
    hook.tell(ValueError(), {})
    now[0] = 60.0
    hook.tell(fail("four"), {})
    hook.stop()
    assert [(str(error), context["repeats"]) for error, context in told] == [("one", 0), ("", 0), ("four", 2)]
    assert hook.counts == {"told": 3, "repeated": 2, "dropped": 0, "failed": 0}


async def test_a_slow_hook_keeps_nobody_waiting_and_a_full_queue_drops(told: Told) -> None:
    go_on = threading.Event()

    def wait(error: BaseException, context: Context) -> None:
        go_on.wait()
        report(error, context)

    hook = ErrorHook(wait, queue=2)
    kinds = [type(f"Error{number}", (Exception,), {}) for number in range(5)]
    hook.tell(kinds[0](), {})
    await until(lambda: not hook.waiting)
    for kind in kinds[1:]:
        hook.tell(kind(), {})
    assert (told, hook.counts["dropped"]) == ([], 2)
    go_on.set()
    hook.stop()
    assert [type(error) for error, _ in told] == kinds[:3]


def test_a_hook_that_fails_is_counted_and_called_again() -> None:
    def exit_(_error: BaseException, _context: Context) -> None:
        raise SystemExit

    hook = ErrorHook(exit_)
    hook.tell(fail(), {})
    hook.tell(ValueError(), {})
    hook.stop()
    assert hook.counts["failed"] == 2


@pytest.mark.parametrize("named", ["nowhere.at_all:hook", "tests.web.test_error_hook:nothing", "tests:__doc__"])
def test_a_hook_that_cannot_be_had_is_named_before_anything_starts(named: str, front: Front) -> None:
    settings = front.app.state.settings.model_copy(update={"error_hook": named})
    with pytest.raises(SettingsError, match="TIDEGATE_ERROR_HOOK names nothing that can be "):
        hook_of(settings, front.app.state.metrics.registry)


def test_a_method_of_a_modules_object_is_a_hook_too() -> None:
    assert load_hook("tests.web.test_error_hook:HOOK.tell") == HOOK.tell


async def test_an_error_behind_a_request_is_told_with_its_operation(
    front: Front, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert front.dsns is not None
    bearer = await front.bearer()
    async with serving(settings_for(front.dsns, error_hook=f"{__name__}:report")) as served:

        async def broken(*_arguments: object) -> None:
            raise fail()

        monkeypatch.setattr(type(served.app.state.gateway.engine), "run", broken)
        with logged(level="debug"):
            answer = await served.post(DOCUMENT, headers=bearer | {"X-Request-Id": "r-7"})
            await until(lambda: bool(told))
        page = (await served.client.get("/metrics")).text
    assert answer.json()["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    ((error, context),) = told
    assert isinstance(error, ArithmeticError)
    tenant = str(context["tenant"])
    assert context == {
        "event": "unexpected_error",
        "request_id": "r-7",
        "tenant": tenant,
        "operation": "Page",
        "document": document_id(DOCUMENT),
        "repeats": 0,
    }
    assert len(tenant) == 32
    assert 'tidegate_error_hook_total{outcome="told"} 1.0' in page
