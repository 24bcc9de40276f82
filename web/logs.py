"""Structured logs: one line an event, with the request's id, without secrets.

``configure`` is called once by whoever starts the process. Other modules call ``structlog.get_logger()`` and log an
event with fields; what the libraries say through ``logging`` goes the same way. ``structlog.contextvars`` carries what
belongs to every line of a request.
"""

import asyncio
import io
import json
import logging
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO, cast

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from web.error_hook import ERRORS
from web.redaction import redact_entry

if TYPE_CHECKING:
    from schema.current import Current

_QUIET = ("uvicorn.access", "asyncio", "alembic", "httpx", "httpx2", "httpcore", "httpcore2", "urllib3")
"""Libraries that repeat what our own lines say, or tell whole heads of answers: warnings only."""
_TELLS_REQUESTS = ("debug", "info")
"""Levels at which requests are told."""


class RequestLines:
    """The one line of each request. As JSON it is written without the processors that every other line passes: the
    caller says that neither method nor path is a client's own text, so that no secret is in it, and it is what a
    process says most. The lines of one turn of the event loop go out together, in one write.
    """

    def __init__(self) -> None:
        self._factory: object = None
        self._stream: TextIO | None = None
        self._waiting: list[str] = []
        self._second, self._told = -1, ""

    def go(self, factory: object, stream: TextIO | None) -> None:
        """Write there, or to standard error, for as long as all lines are made by ``factory``."""
        self._factory, self._stream = factory, stream

    def write(
        self,
        request_id: str,
        method: str,
        path: str,
        status: int,
        ms: float,
        ran: "Current | None" = None,
        *,
        trace_id: str | None = None,
    ) -> None:
        """``ran`` is the operation that it asked for. Raises nothing that the stream does not raise."""
        more = "" if ran is None else ran.members()
        if trace_id is not None:
            more += f'"trace_id":"{trace_id}",'
        # An API key has a "_": one that was sent as a request's id, or as an operation's name, is for the processors
        # to mask. All else that is said of an operation is ours.
        plain = "_" not in request_id and "tgk_" not in more
        # What was refused says why, by what is bound to its lines.
        plain = plain and (ran is not None or "reason" not in structlog.contextvars.get_contextvars())
        if structlog.get_config()["logger_factory"] is not self._factory or not plain:
            facts = {} if ran is None else ran.facts()
            structlog.get_logger().info("request", method=method, path=path, status=status, ms=ms, **facts)
            return
        second, fraction = divmod(time.time_ns() // 1000, 1_000_000)
        if second != self._second:
            self._second, self._told = second, datetime.fromtimestamp(second, UTC).isoformat()[:-6]
        self._waiting.append(
            f'{{"event":"request","method":"{method}","path":"{path}","status":{status},"ms":{ms},{more}'
            f'"request_id":"{request_id}","level":"info","timestamp":"{self._told}.{fraction:06}Z"}}\n'
        )
        if len(self._waiting) == 1:
            try:
                asyncio.get_running_loop().call_soon(self._send)
            except RuntimeError:  # without a loop there is no turn to wait for
                self._send()

    def _send(self) -> None:
        lines, self._waiting = self._waiting, []
        stream = self._stream or sys.stderr
        stream.write("".join(lines))
        stream.flush()


REQUESTS = RequestLines()


class _StandardError(io.TextIOBase):
    """Whatever standard error is when something is written: whoever replaces it later is followed."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()

    def isatty(self) -> bool:
        return sys.stderr.isatty()


def configure(form: str = "json", level: str = "info", stream: TextIO | None = None) -> None:
    """Send all logs to ``stream`` (standard error unless given) as ``console`` or ``json`` lines; a second call
    replaces the first.

    Our own lines go straight to the stream: a request writes one, and ``logging`` would cost it as much as its work.
    """
    given, stream = stream, stream or cast("TextIO", _StandardError())
    factory = structlog.WriteLoggerFactory(file=stream)
    REQUESTS.go(factory if form == "json" and level in _TELLS_REQUESTS else None, given)
    # To text before it is searched for secrets: a renderer of its own would print local variables.
    ours: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        ERRORS.see,
        structlog.processors.format_exc_info,
        without_secrets,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _renderer(form, colours=stream.isatty()),
    ]
    structlog.configure(
        processors=ours,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=factory,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ours],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def without_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Processor: masks what ``web/redaction.py`` takes for a secret, by key or inside text."""
    return {key: redact_entry(key, value) for key, value in event.items()}


def _renderer(form: str, *, colours: bool) -> Processor:
    if form == "console":
        return structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback)
    return _to_json


def _to_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    try:
        return orjson.dumps(event, default=repr, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z).decode()
    except TypeError:  # a lone surrogate, or an integer beyond 64 bits: the slower encoder writes both
        return json.dumps(event, default=repr)
