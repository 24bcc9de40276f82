"""What every request passes on its way in and out. Pure ASGI; scopes other than HTTP go straight through."""

import re
import time
from collections.abc import Awaitable, Mapping

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from db.ids import new_id
from web.logs import REQUESTS
from web.metrics import Metrics
from web.refusals import Header
from web.responses import error_body, send_json

MAX_URL = 8_192
"""Bytes of path and query string."""
MAX_HEADERS = 32_768
"""Bytes of all header fields together."""
OTHER = "other"
"""What the metrics call a method that is none of HTTP's."""
UNANSWERED = 499
"""The status in the log of a request that nobody answered: its client went away."""
_SANE_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_SECURITY: tuple[Header, ...] = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"same-origin"))
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_log = structlog.get_logger()


class FrontDoor:
    """The one layer around everything else: what every request costs is paid here, so there is one of it, not four.

    - **An id** (``scope["state"]["request_id"]``, echoed as X-Request-Id).
    - **Bounds**: addresses and headers that are too large are refused before anything looks at them.
    - **A way straight through**: ``direct`` names applications by path that no router needs to look for.
    - **A mask**: whatever nobody foresaw is logged once, and answered with no word of what it was.
    - **A line in the log and a count** when it is over. The line holds no query string.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, direct: Mapping[str, ASGIApp] | None = None) -> None:
        self._app = app
        self._metrics = metrics
        self._direct = direct or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        size, request_id = _read_head(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        answer = _Answer(send, request_id)
        direct = self._direct.get(scope["path"])
        try:
            if len(scope.get("raw_path") or b"") + len(scope["query_string"]) + 1 > MAX_URL:
                await _refuse(scope, answer, 414, f"An address holds at most {MAX_URL} bytes.")
            elif size > MAX_HEADERS:
                await _refuse(scope, answer, 431, f"The header fields hold at most {MAX_HEADERS} bytes.")
            else:
                await (direct or self._app)(scope, receive, answer)
        except Exception as error:  # whatever it is: nothing of it is shown
            _log.error("unexpected_error", exc_info=error)
            if answer.status == UNANSWERED:
                await send_json(answer, 500, error_body("INTERNAL_SERVER_ERROR", "Internal error.", request_id))
            # An answer that had begun is broken off: the server closes what is left incomplete.
        finally:
            route = scope["path"] if direct is not None else _route_of(scope)
            method = _method_of(scope)
            self._metrics.count_request(route, method, answer.status, answer.seconds)
            took = round((time.perf_counter() - answer.begun) * 1000, 2)
            if direct is not None and method != OTHER:
                REQUESTS.write(request_id, method, route, answer.status, took)
            else:
                _log.info("request", method=scope["method"], path=scope["path"], status=answer.status, ms=took)


class _Answer:
    """What the application sends through: notes the status and the time, and puts the fields on every answer that keep
    browsers from guessing.
    """

    __slots__ = ("_request_id", "_send", "begun", "seconds", "status")

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.begun = time.perf_counter()
        self.status = UNANSWERED
        self.seconds = 0.0

    def __call__(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self.status, self.seconds = message["status"], time.perf_counter() - self.begun
            headers: list[Header] = list(message.get("headers", ()))
            present = {name for name, _ in headers}
            headers.extend(field for field in _SECURITY if field[0] not in present)
            headers.append((b"x-request-id", self._request_id.encode()))
            message["headers"] = headers
        return self._send(message)


def _read_head(scope: Scope) -> tuple[int, str]:
    """The bytes of all header fields; and the client's request id if it is sane, else a new one."""
    size, given = 0, None
    for name, value in scope["headers"]:
        size += len(name) + len(value)
        if name == b"x-request-id" and given is None and _SANE_ID.fullmatch(value):
            given = str(value, "ascii")
    return size, given or new_id()


async def _refuse(scope: Scope, send: Send, status: int, text: str) -> None:
    await send_json(send, status, error_body("BAD_REQUEST", text, scope["state"]["request_id"]))


def _route_of(scope: Scope) -> str:
    return str(getattr(scope.get("route"), "path", "none"))


def _method_of(scope: Scope) -> str:
    method: str = scope["method"]
    return method if method in _METHODS else OTHER
