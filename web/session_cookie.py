"""The cookie that carries a session's secret: how it is called, how it is bound, and how an answer brings a new one."""

import ipaddress
from dataclasses import dataclass

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Scope

from web.refusals import Header


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """How the session's cookie is called here, and whether it is bound to HTTPS."""

    name: str
    secure: bool


class Slot:
    """What an operation may put for the browser that asked: its session's new secret, or the empty text for none."""

    __slots__ = ("secret",)

    def __init__(self) -> None:
        self.secret: str | None = None

    def put(self, secret: str) -> None:
        """The last one counts."""
        self.secret = secret


def session_cookie(request: HTTPConnection) -> SessionCookie:
    """``__Host-tidegate``; only the demo, on plain HTTP on loopback, has one that works there.

    The socket's own address decides, never a header: a proxy's word or a Host header can be anybody's.
    """
    demo = request.app.state.settings.environment == "demo"
    if demo and request.scope["scheme"] == "http" and _is_loopback((request.scope.get("server") or ("",))[0]):
        return SessionCookie("tidegate", secure=False)
    return SessionCookie("__Host-tidegate", secure=True)


def set_session_cookie(request: HTTPConnection, response: Response, secret: str) -> None:
    """An empty secret takes the cookie away."""
    cookie = session_cookie(request)
    life = int(request.app.state.authenticator.lifetimes.absolute.total_seconds()) if secret else 0
    response.set_cookie(cookie.name, secret, life, path="/", secure=cookie.secure, httponly=True, samesite="lax")
    response.headers["Cache-Control"] = "no-store"


def cookie_field(scope: Scope, slot: Slot) -> tuple[Header, ...]:
    """The header field that an answer carries for what was put; none for nothing."""
    if slot.secret is None:
        return ()
    response = Response()
    set_session_cookie(HTTPConnection(scope), response, slot.secret)
    return tuple((name, value) for name, value in response.raw_headers if name == b"set-cookie")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
