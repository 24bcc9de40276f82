"""Errors that nobody foresaw, told to whoever the operator names: ``TIDEGATE_ERROR_HOOK=module:callable``.

Theory of operation
- Whatever is logged with an exception, at ``warning`` or above, passes here on its way to the log (``see``). It costs
  the one who logs it an addition to a bounded queue.
- A thread of its own calls ``hook(error, context)``, one after the other: it may wait for a network, and whatever it
  raises is counted. It is a daemon: nobody waits for it in the end, save ``STOP_SECONDS`` for what is queued.
- Equal errors, of one type and from one line, are told once in ``EQUAL_SECONDS``; the next that is told says in
  ``repeats`` how many were not.
- The context is text and numbers, and passes the mask of the log. The exception is itself: what it says, and the
  variables of its frames, are for the hook to keep to itself.
"""

import sys
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Mapping
from importlib import import_module

import structlog
from structlog.typing import EventDict, WrappedLogger

from web.redaction import redact

QUEUE = 100
EQUAL_SECONDS = 60.0
MOST_KINDS = 500
"""Kinds of errors that are remembered."""
STOP_SECONDS = 2.0
_GRAVE = frozenset({"warning", "error", "critical", "exception"})
_TOLD = ("event", "request_id", "tenant", "operation", "document", "logger")
OUTCOMES = ("told", "repeated", "dropped", "failed")
_log = structlog.get_logger()

Context = Mapping[str, object]
Hook = Callable[[BaseException, Context], object]
"""Told of an error, and where it happened. Called from a thread."""


class ErrorHook:
    """Calls one hook. ``tell`` from any thread; to be stopped."""

    def __init__(self, hook: Hook, queue: int = QUEUE, clock: Callable[[], float] = time.monotonic) -> None:
        self._hook = hook
        self._size = queue
        self._clock = clock
        self._queue: deque[tuple[BaseException, Context]] = deque()
        self._kinds: OrderedDict[tuple[object, ...], tuple[float, int]] = OrderedDict()
        """When each was told, and how many equal ones were not since."""
        self._state = threading.Condition()
        self._thread: threading.Thread | None = None
        self._over = False
        self.counts: Counter[str] = Counter(dict.fromkeys(OUTCOMES, 0))

    @property
    def waiting(self) -> int:
        """Errors that are to be told."""
        return len(self._queue)

    def tell(self, error: BaseException, said: Mapping[str, object]) -> None:
        """Have the hook called, soon, unless the like was told lately or too much waits."""
        with self._state:
            repeats = self._repeats(_kind_of(error))
            if repeats is None:
                self.counts["repeated"] += 1
            elif self._over or len(self._queue) >= self._size:
                self.counts["dropped"] += 1
            else:
                context = {name: redact(said[name]) for name in _TOLD if said.get(name) is not None}
                self._queue.append((error, {**context, "repeats": repeats}))
                self._start()
                self._state.notify_all()

    def stop(self) -> None:
        """Let what is queued be told, for ``STOP_SECONDS`` at most."""
        with self._state:
            self._over = True
            self._state.notify_all()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)

    def _repeats(self, kind: tuple[object, ...]) -> int | None:
        """How many equal ones were not told; None: this one is not either."""
        now = self._clock()
        told, repeats = self._kinds.get(kind, (float("-inf"), 0))
        if now - told < EQUAL_SECONDS:
            self._kinds[kind] = told, repeats + 1
            return None
        self._kinds[kind] = now, 0
        self._kinds.move_to_end(kind)
        if len(self._kinds) > MOST_KINDS:
            self._kinds.popitem(last=False)
        return repeats

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="error hook", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._state:
                while not self._queue and not self._over:
                    self._state.wait()
                if not self._queue:
                    return
                error, context = self._queue.popleft()
            outcome = self._called(error, context)
            with self._state:
                self.counts[outcome] += 1

    def _called(self, error: BaseException, context: Context) -> str:
        try:
            self._hook(error, context)
        except BaseException as failure:  # whatever it is, also an exit: the thread goes on
            _log.warning("error_hook_failed", error=type(failure).__name__)
            return "failed"
        return "told"


class Errors:
    """Where the log's lines pass: to the hook of the process, while there is one."""

    def __init__(self) -> None:
        self._hook: ErrorHook | None = None

    def go(self, hook: ErrorHook | None) -> None:
        """From now on it is told."""
        self._hook = hook

    def see(self, _logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """Processor: changes nothing."""
        if self._hook is not None and method in _GRAVE:
            error = _error_in(event.get("exc_info"))
            if error is not None:
                self._hook.tell(error, event)
        return event


ERRORS = Errors()


def load_hook(named: str) -> Hook:
    """The callable that ``module:callable`` names. Raises LookupError with what is wrong."""
    module, _, path = named.partition(":")
    try:
        found: object = import_module(module)
        for name in path.split("."):
            found = getattr(found, name)
    except (ImportError, AttributeError) as error:
        raise LookupError(f"names nothing that can be imported: {error}") from error
    if not callable(found):
        raise LookupError("names nothing that can be called")
    return found


def _kind_of(error: BaseException) -> tuple[object, ...]:
    """Equal for errors of one type from one line."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return type(error), None if last is None else (last.tb_frame.f_code.co_filename, last.tb_lineno)


def _error_in(said: object) -> BaseException | None:
    """The exception of a line: itself, ``sys.exc_info()``, or True for the one that is being handled."""
    if said is True:
        return sys.exc_info()[1]
    found = said[1] if isinstance(said, tuple) else said
    return found if isinstance(found, BaseException) else None
