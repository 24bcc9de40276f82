"""What every request passes on its way in and out. Pure ASGI; scopes other than HTTP go straight through."""

import re
import time
from collections.abc import Awaitable, Iterable, Mapping
from itertools import chain

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from db.ids import new_id
from schema.current import operation_of
from web.edge import Edge
from web.entry import Entry
from web.logs import REQUESTS
from web.metrics import Metrics
from web.origins import PREFLIGHT, is_preflight
from web.refusals import Header
from web.responses import JSON, NO_STORE, error_body, send_bytes, send_json
from web.rest.envelope import refused

MAX_URL = 8_192
"""Bytes of path and query string."""
MAX_HEADERS = 32_768
"""Bytes of all header fields together."""
OTHER = "other"
"""What the metrics call a method that is none of HTTP's."""
UNROUTED = "none"
"""What they call the route of a path that has none."""
TRACE_ID = "trace_id"
"""What the scope's state calls the id of the request's trace, where there is one."""
UNANSWERED = 499
"""The status in the log of a request that nobody answered: its client went away."""
NOT_FROM_HERE = "This server may not be used from where you are."
NOT_HERE = "This server is not the one of that host."
_SANE_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "QUERY"})
_PLAIN = Edge()
_log = structlog.get_logger()


class FrontDoor:
    """The one layer around everything else: what every request costs is paid here, so there is one of it, not four.

    - **An id** (``scope["state"]["request_id"]``, echoed as X-Request-Id).
    - **Bounds**: addresses and headers that are too large are refused before anything looks at them.
    - **A name**, where the settings say by which hosts the server is asked (``web/hosts.py``).
    - **An entry**, where the settings say who may come in, or which proxies stand before it (``web/entry.py``).
    - **An answer to browsers** that ask for a page of another site what it may send (``web/origins.py``).
    - **A way straight through**: ``direct`` names applications by path that no router needs to look for.
    - **A mask**: whatever nobody foresaw is logged once, and answered with no word of what it was.
    - **A line in the log and a count** when it is over. The line holds no query string.
    """

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        direct: Mapping[str, ASGIApp] | None = None,
        entry: Entry | None = None,
        edge: Edge = _PLAIN,
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._direct = direct or {}
        self._entry = entry
        self._fields, self._hosts, self._origins = edge.fields, edge.hosts, edge.origins
        self._names = frozenset(name for name, _ in edge.fields)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        size, request_id = _read_head(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.bind_contextvars(request_id=request_id)
        told = () if self._origins is None else self._origins.fields(scope)
        answer = _Answer(send, request_id, self._fields, self._names, told)
        direct = self._direct.get(scope["path"])
        try:
            if len(scope.get("raw_path") or b"") + len(scope["query_string"]) + 1 > MAX_URL:
                await _refuse(scope, answer, 414, f"An address holds at most {MAX_URL} bytes.")
            elif size > MAX_HEADERS:
                await _refuse(scope, answer, 431, f"The header fields hold at most {MAX_HEADERS} bytes.")
            elif self._hosts is not None and (status := self._hosts.refusal(scope)) is not None:
                await _refuse(scope, answer, status, NOT_HERE)
            elif self._entry is not None and not self._entry.admits(scope):
                await _turn_away(scope, answer)
            elif told and is_preflight(scope, told):
                await _send_preflight(answer)
            else:
                await (direct or self._app)(scope, receive, answer)
        except Exception as error:  # whatever it is: nothing of it is shown
            _log.error("unexpected_error", exc_info=error)
            if answer.status == UNANSWERED:
                await _tell(scope, answer, 500, "INTERNAL_SERVER_ERROR", "Internal error.")
            # An answer that had begun is broken off: the server closes what is left incomplete.
        finally:
            route = scope["path"] if direct is not None else route_of(scope)
            method = method_of(scope)
            self._metrics.count_request(route, method, answer.status, answer.seconds)
            took = round((time.perf_counter() - answer.begun) * 1000, 2)
            ran = operation_of(request_id)
            if direct is not None and method != OTHER:
                trace_id = scope["state"].get(TRACE_ID)
                REQUESTS.write(request_id, method, route, answer.status, took, ran, trace_id=trace_id)
            else:
                facts = {} if ran is None else ran.facts()
                _log.info("request", method=scope["method"], path=scope["path"], status=answer.status, ms=took, **facts)


class _Answer:
    """What the application sends through: notes the status and the time, and puts the fields on every answer that keep
    browsers from guessing.
    """

    __slots__ = ("_fields", "_names", "_request_id", "_send", "_told", "begun", "seconds", "status")

    def __init__(
        self,
        send: Send,
        request_id: str,
        fields: tuple[Header, ...],
        names: frozenset[bytes],
        told: tuple[Header, ...],
    ) -> None:
        self._send = send
        self._request_id = request_id
        self._fields, self._names = fields, names
        self._told = told
        self.begun = time.perf_counter()
        self.status = UNANSWERED
        self.seconds = 0.0

    def __call__(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self.status, self.seconds = message["status"], time.perf_counter() - self.begun
            given: Iterable[Header] = message.get("headers", ())
            usual: Iterable[Header] = self._fields
            for name, _ in given:
                if name in self._names:
                    usual = self._missing(given)
                    break
            message["headers"] = [*given, *usual, *self._told, (b"x-request-id", self._request_id.encode())]
        return self._send(message)

    def _missing(self, given: Iterable[Header]) -> list[Header]:
        """Those that the application did not set otherwise."""
        present = {name for name, _ in given}
        return [field for field in self._fields if field[0] not in present]


def _read_head(scope: Scope) -> tuple[int, str]:
    """The bytes of all header fields; and the client's request id if it is sane, else a new one."""
    fields = scope["headers"]
    size = sum(map(len, chain.from_iterable(fields)))
    for name, value in fields:
        if name == b"x-request-id" and _SANE_ID.fullmatch(value):
            return size, str(value, "ascii")
    return size, new_id()


async def _refuse(scope: Scope, send: Send, status: int, text: str) -> None:
    await _tell(scope, send, status, "BAD_REQUEST", text)


async def _turn_away(scope: Scope, send: Send) -> None:
    structlog.contextvars.bind_contextvars(reason="address")
    await _tell(scope, send, 403, "FORBIDDEN", NOT_FROM_HERE)


async def _tell(scope: Scope, send: Send, status: int, code: str, text: str) -> None:
    """In the form of the path that was asked: plain routes have their envelope."""
    request_id = scope["state"]["request_id"]
    if scope["path"].startswith("/v1/"):
        await send_bytes(send, status, JSON, refused(code, text, status).body(request_id), (NO_STORE,))
    else:
        await send_json(send, status, error_body(code, text, request_id))


async def _send_preflight(send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": list(PREFLIGHT)})
    await send({"type": "http.response.body", "body": b""})


def route_of(scope: Scope) -> str:
    """The pattern that the router found; never a path that a client made up."""
    return str(getattr(scope.get("route"), "path", UNROUTED))


def method_of(scope: Scope) -> str:
    """HTTP's name of the method, or ``OTHER``."""
    method: str = scope["method"]
    return method if method in _METHODS else OTHER
