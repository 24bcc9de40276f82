"""What a request carries to say who sends it, and from where: read here, judged in ``auth``."""

import re
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.types import Scope

from auth.authenticate import Credentials
from auth.errors import AmbiguousCredentials, Unauthenticated
from web.body import Fields
from web.entry import address_of
from web.negotiation import negotiate
from web.session_cookie import session_cookie

_BEARER = re.compile(r"(?i:bearer) \s*([A-Za-z0-9\-._~+/]+=*)")
_STREAM_TOKEN = b"streamToken="
_SINGLE = frozenset({b"authorization", b"x-tenant"})
_CSRF_HEADERS = {"x-tidegate-csrf": re.compile("1"), "apollo-require-preflight": re.compile(".+")}


def credentials_of(scope: Scope, fields: Fields) -> Credentials:
    """The bearer token, the session and the chosen tenant of a request; a token goes before a cookie.

    Raises Unauthenticated for an Authorization that is no bearer token, AmbiguousCredentials for anything given twice,
    and for a stream token beside another credential, or where no event stream is opened by GET.
    """
    authorization, tenant = fields.get(b"authorization"), fields.get(b"x-tenant")
    if (authorization and b"," in authorization) or (tenant is not None and b"," in tenant):
        _check_single(scope)
    bearer = None if authorization is None else _bearer(authorization)
    given = authorization is not None or tenant is not None
    stream = _stream_token(HTTPConnection(scope), given=given) if has_stream_token(scope) else None
    session = None
    if bearer is None and stream is None and b"cookie" in fields:
        session = _session(HTTPConnection(scope))
    slug = None if tenant is None else tenant.decode("latin-1").strip()
    return Credentials(bearer, session, slug, address_of(scope), stream)


def _check_single(scope: Scope) -> None:
    """Several fields of one name were joined by commas."""
    given = set()
    for name, _ in scope["headers"]:
        if name in _SINGLE:
            if name in given:
                title = name.decode().title()
                raise AmbiguousCredentials(title.lower(), f"The header {title} is given twice.")
            given.add(name)


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


def _stream_token(request: HTTPConnection, *, given: bool) -> str | None:
    """From the address of a request that opens an event stream by GET. It is all that an EventSource can send."""
    tokens = request.query_params.getlist("streamToken")
    if not tokens:
        return None
    streams = request.scope["method"] == "GET" and negotiate(request.headers.get("accept", "").encode()).names_stream
    if len(tokens) > 1 or given or not streams:
        raise AmbiguousCredentials("stream token", "A stream token opens an event stream by GET, alone.")
    return tokens[0]


def _bearer(header: bytes) -> str:
    found = _BEARER.fullmatch(header.decode("latin-1").strip())
    if found is None:
        raise Unauthenticated("authorization header", "The Authorization header must be: Bearer <token>.")
    return found[1]


def _session(request: HTTPConnection) -> str | None:
    """The cookie's value. Two different ones are refused: another page of the same host may have put one there."""
    values = session_secrets(request)
    if len(values) > 1:
        raise AmbiguousCredentials("cookie", "The session's cookie is given twice.")
    return next(iter(values), None)
