"""What a request carries to say who sends it, and from where: read here, judged in ``auth``."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.types import Scope

from auth.authenticate import Credentials
from auth.errors import AmbiguousCredentials, Unauthenticated
from web.entry import address_of
from web.negotiation import negotiate
from web.session_cookie import session_cookie

_BEARER = re.compile(r"[A-Za-z0-9\-._~+/]+=*")
_STREAM_TOKEN = b"streamToken="
_SINGLE = frozenset({b"authorization", b"x-tenant"})
_CSRF_HEADERS = {"x-tidegate-csrf": re.compile("1"), "apollo-require-preflight": re.compile(".+")}


def credentials_of(request: HTTPConnection) -> Credentials:
    """The bearer token, the session and the chosen tenant of a request; a token goes before a cookie.

    Raises Unauthenticated for an Authorization that is no bearer token, AmbiguousCredentials for anything given twice,
    and for a stream token beside another credential, or where no event stream is opened by GET.
    """
    given: dict[bytes, str] = {}
    for name, value in request.scope["headers"]:
        if name in _SINGLE:
            if name in given:
                title = name.decode().title()
                raise AmbiguousCredentials(title.lower(), f"The header {title} is given twice.")
            given[name] = value.decode("latin-1").strip()
    bearer, stream = _bearer(given.get(b"authorization")), _stream_token(request, given)
    session = None if bearer is not None or stream is not None else _session(request)
    return Credentials(bearer, session, given.get(b"x-tenant"), address_of(request.scope), stream)


def session_secrets(request: HTTPConnection) -> set[str]:
    """Every value that the session's cookie has in a request: one, unless somebody interferes."""
    wanted = session_cookie(request).name
    pairs = (part.partition("=") for header in request.headers.getlist("cookie") for part in header.split(";"))
    values = {value.strip().strip('"') for name, _, value in pairs if name.strip() == wanted}
    return values - {""}


def needs_csrf(credentials: Credentials) -> bool:
    """Whether a browser may have added the credentials by itself, so that the request must prove it was meant."""
    return credentials.bearer is None and credentials.session is not None


def has_csrf_header(request: HTTPConnection) -> bool:
    """Whether a header is there that another site's page cannot set without asking first."""
    return any(wanted.fullmatch(request.headers.get(name, "")) for name, wanted in _CSRF_HEADERS.items())


def sent_by_own_page(request: HTTPConnection) -> bool | None:
    """What the browser says of the page that sent the request: ours, another's; None when nothing is said, or a page
    that the settings name: it may use the cookie, and has to show by the header that it means to.

    ``Sec-Fetch-Site`` decides. Where it is missing ``Origin`` does, by its host alone: before a proxy that ends TLS
    the scheme is another one.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    named = origin is not None and origin in request.app.state.settings.allowed_origins
    if site is not None:
        return True if site in {"same-origin", "none"} else None if named else False
    if origin is None or named:
        return None
    try:
        host = urlsplit(origin).netloc.lower()
    except ValueError:
        return False
    public_url: str | None = request.app.state.settings.public_url
    ours = {request.headers.get("host", "").lower(), urlsplit(public_url or "").netloc.lower()} - {""}
    return host in ours


def has_stream_token(scope: Scope) -> bool:
    """Whether one may be in the address: told without reading what else the request carries."""
    return _STREAM_TOKEN in scope["query_string"]


def _stream_token(request: HTTPConnection, given: Mapping[bytes, str]) -> str | None:
    """From the address of a request that opens an event stream by GET. It is all that an EventSource can send."""
    if not has_stream_token(request.scope):
        return None
    tokens = request.query_params.getlist("streamToken")
    if not tokens:
        return None
    streams = request.scope["method"] == "GET" and negotiate(request.headers.get("accept", "").encode()).names_stream
    if len(tokens) > 1 or given or not streams:
        raise AmbiguousCredentials("stream token", "A stream token opens an event stream by GET, alone.")
    return tokens[0]


def _bearer(header: str | None) -> str | None:
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not _BEARER.fullmatch(token.strip()):
        raise Unauthenticated("authorization header", "The Authorization header must be: Bearer <token>.")
    return token.strip()


def _session(request: HTTPConnection) -> str | None:
    """The cookie's value. Two different ones are refused: another page of the same host may have put one there."""
    values = session_secrets(request)
    if len(values) > 1:
        raise AmbiguousCredentials("cookie", "The session's cookie is given twice.")
    return next(iter(values), None)
