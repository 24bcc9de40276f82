"""Which other sites' pages may use the server, and what their browsers are told of it (CORS).

Each origin is named in the settings: none is allowed because it asks, and ``*`` does not exist. To a page that is not
named nothing is said, and its browser keeps the answer from it; what it may do with a cookie is judged elsewhere
(``web/credentials.py``).
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.types import Scope

from auth.providers import is_safe_address
from web.refusals import Header

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, QUERY"
TAKEN = (
    *("accept", "authorization", "content-type", "if-none-match", "last-event-id"),
    *("x-tenant", "x-request-id", "x-tidegate-csrf", "x-tidegate-stream", "graphql-cost"),
    "tidegate-position",
    *("x-graphql-event-stream-token", "apollo-require-preflight", "x-apollo-operation-name"),
    *("apollographql-client-name", "apollographql-client-version"),
)
"""Header fields of requests that mean something here, or that clients add by themselves."""
SHOWN = (
    *("x-request-id", "x-tidegate-stream", "retry-after", "etag", "deprecation", "sunset", "link", "allow"),
    *("www-authenticate", "ratelimit", "ratelimit-policy", "tidegate-position", "age", "cache-status"),
)
"""Header fields of answers that a page may read, beside those that it always may."""
PREFLIGHT: tuple[Header, ...] = (
    (b"access-control-allow-methods", METHODS.encode()),
    (b"access-control-allow-headers", ", ".join(TAKEN).encode()),
    (b"access-control-max-age", b"7200"),  # the longest that Chromium remembers
)
_VARY: tuple[Header, ...] = ((b"vary", b"Origin"),)


class Origins:
    """Made only where the settings name origins (``web/edge.py``); what is said to each is made once."""

    def __init__(self, origins: Iterable[str]) -> None:
        self._told = {origin.encode(): _told(origin.encode()) for origin in origins}

    def fields(self, scope: Scope) -> tuple[Header, ...]:
        """What an answer says to whoever asks."""
        given = [value for name, value in scope["headers"] if name == b"origin"]
        return self._told.get(given[0], _VARY) if len(given) == 1 else _VARY


def is_preflight(scope: Scope, fields: tuple[Header, ...]) -> bool:
    """Whether the browser of a page that is named asks what it may send."""
    return (
        scope["method"] == "OPTIONS"
        and fields is not _VARY
        and any(name == b"access-control-request-method" for name, _ in scope["headers"])
    )


def plain_origin(text: str) -> str:
    """An origin as browsers send it. Raises ValueError."""
    origin = text.lower()
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        port, parts = 0, urlsplit("")
    whole = f"{parts.scheme}://{parts.netloc}"
    if origin != whole or not is_safe_address(origin) or not _is_plain(parts.netloc) or port == 0:
        raise ValueError("holds one that is no origin: write https://app.example, without a path or a wildcard")
    return whole.removesuffix(":443") if parts.scheme == "https" else whole.removesuffix(":80")


def _is_plain(netloc: str) -> bool:
    return netloc.isascii() and not set(netloc) & set("@*, ")


def _told(origin: bytes) -> tuple[Header, ...]:
    return (
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", ", ".join(SHOWN).encode()),
        *_VARY,
    )
