"""What every request passes on its way in and out: an id, a measure of its size, a line in the log, a mask for what
went wrong. Pure ASGI; scopes other than HTTP go straight through.
"""

import re
import time
from collections.abc import MutableMapping
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from db.ids import new_id
from web.metrics import Metrics
from web.refusals import Header
from web.responses import error_body, send_json

MAX_URL = 8_192
"""Bytes of path and query string."""
MAX_HEADERS = 32_768
"""Bytes of all header fields together."""
_SANE_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_SECURITY: tuple[Header, ...] = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"same-origin"))
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_log = structlog.get_logger()


class Ledger:
    """Gives each request its id (``scope["state"]["request_id"]``, echoed as X-Request-Id), puts the fields on every
    answer that keep browsers from guessing, and writes one line when it is over. The line holds no query string.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = request_id_of(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        begun = time.perf_counter()
        status, answered_after = 499, 0.0

        async def send_marked(message: Message) -> None:
            nonlocal status, answered_after
            if message["type"] == "http.response.start":
                status, answered_after = message["status"], time.perf_counter() - begun
                _mark(message, request_id)
            await send(message)

        try:
            await self._app(scope, receive, send_marked)
        finally:
            self._metrics.count_request(_route_of(scope), _method_of(scope), status, answered_after)
            took = round((time.perf_counter() - begun) * 1000, 2)
            _log.info("request", method=scope["method"], path=scope["path"], status=status, ms=took)


class Mask:
    """The last resort: whatever nobody foresaw is logged once, and answered with no word of what it was."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_noting(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except Exception as error:  # whatever it is: nothing of it is shown
            _log.error("unexpected_error", exc_info=error)
            if not started:
                body = error_body("INTERNAL_SERVER_ERROR", "Internal error.", scope["state"]["request_id"])
                await send_json(send, 500, body)
            # An answer that had begun is broken off: the server closes what is left incomplete.


class Bounds:
    """Refuses addresses and headers that are too large, before anything looks at them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) + 1 > MAX_URL:
            await _refuse(scope, send, 414, f"An address holds at most {MAX_URL} bytes.")
        elif sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADERS:
            await _refuse(scope, send, 431, f"The header fields hold at most {MAX_HEADERS} bytes.")
        else:
            await self._app(scope, receive, send)


def request_id_of(scope: Scope) -> str:
    """The client's id if it is sane, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _SANE_ID.fullmatch(value):
            return str(value, "ascii")
    return new_id()


def _mark(message: MutableMapping[str, Any], request_id: str) -> None:  # Any: an ASGI message
    headers: list[Header] = list(message.get("headers", ()))
    present = {name for name, _ in headers}
    headers.extend(field for field in _SECURITY if field[0] not in present)
    headers.append((b"x-request-id", request_id.encode()))
    message["headers"] = headers


async def _refuse(scope: Scope, send: Send, status: int, text: str) -> None:
    await send_json(send, status, error_body("BAD_REQUEST", text, scope["state"]["request_id"]))


def _route_of(scope: Scope) -> str:
    return str(getattr(scope.get("route"), "path", "none"))


def _method_of(scope: Scope) -> str:
    method: str = scope["method"]
    return method if method in _METHODS else "other"
