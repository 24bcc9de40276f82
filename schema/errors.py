"""Errors as clients see them: one table of codes, and one place where an exception becomes an error.

Nothing inside an unexpected exception is ever shown: it answers INTERNAL_SERVER_ERROR with the request id, and is
logged once.
"""

from collections.abc import Callable
from typing import Any

from graphql import GraphQLError

from db.errors import BadCursor, BadValue, CursorExpired, QueryTimeout, Unavailable
from db.ids import BadId
from resolvers.errors import InvalidInput

CODES: dict[str, str] = {
    "GRAPHQL_PARSE_FAILED": "The document is not GraphQL.",
    "GRAPHQL_VALIDATION_FAILED": "The document does not fit the schema, or names no operation to run.",
    "BAD_USER_INPUT": "A value is malformed, out of range, or makes no sense: a cursor, a date, a page size.",
    "BAD_REQUEST": "The HTTP request is not a GraphQL request.",
    "UNAUTHENTICATED": "Sign in, or send a valid token.",
    "FORBIDDEN": (
        "The caller lacks `extensions.permission` for `extensions.coordinate`, is in the wrong space, or acts as "
        "somebody else."
    ),
    "NOT_FOUND": "There is no such row for this caller.",
    "CONFLICT": "The row has changed since it was read.",
    "RATE_LIMITED": ("A budget is used up, which `extensions.bucket` names, or too much was tried; see `Retry-After`."),
    "COST_LIMIT_EXCEEDED": "The operation would cost more than is allowed.",
    "OPERATION_TIMEOUT": "The operation ran past its deadline and was cancelled.",
    "CSRF_PREVENTION": "A request with a cookie needs the header `X-Tidegate-Csrf: 1`.",
    "FEATURE_DISABLED": "The feature is not available here.",
    "QUERY_LIMIT_EXCEEDED": "The document is too large, too deep or too wide.",
    "OVERLOADED": "The server has no capacity now; try again later.",
    "STREAM_LIMIT": "Too many open streams.",
    "TENANT_SWITCHED": "The session speaks for another tenant now.",
    "TOKEN_EXPIRED": "The token, or the key, has expired: take a new one.",
    "PERSISTED_QUERY_NOT_FOUND": "No document is registered under this id.",
    "PERSISTED_QUERY_NOT_SUPPORTED": "Documents are not run by Apollo's hashes here: send the text.",
    "PERSISTED_QUERY_HASH_MISMATCH": "The document does not hash to its id.",
    "DOCUMENT_NOT_ALLOWED": "The caller may not run this document.",
    "SESSION_REVOKED": "The session, or the credential, was ended: sign in again.",
    "STREAM_RESYNC": "The log no longer reaches back to the cursor: read afresh and subscribe without it.",
    "DRAINING": "The server is going down; connect again.",
    "INTERNAL_SERVER_ERROR": "Something went wrong here; quote `extensions.requestId`.",
}
"""Every code that can stand in ``extensions.code``, and what it tells the client."""

_TABLE: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((InvalidInput, BadCursor, BadValue, BadId), "BAD_USER_INPUT"),
    ((CursorExpired,), "STREAM_RESYNC"),
    ((QueryTimeout, TimeoutError), "OPERATION_TIMEOUT"),
    ((Unavailable,), "OVERLOADED"),
)
_TOLD_AS_IS = (InvalidInput, BadCursor, BadValue, BadId, CursorExpired)

Unexpected = Callable[[BaseException], None]
"""Told of each exception that nobody foresaw."""


def error_json(error: GraphQLError, request_id: str, unexpected: Unexpected) -> dict[str, Any]:  # Any: JSON
    """One entry of ``errors``: message, locations, path, and extensions with at least ``code`` and ``requestId``."""
    cause = error.original_error
    code, message, more = _describe(error, cause)
    if code == "INTERNAL_SERVER_ERROR" and cause is not None:
        unexpected(cause)
    # A message may quote what was sent: half a surrogate pair cannot be sent back.
    entry: dict[str, Any] = {"message": message.encode("utf-8", "replace").decode()}  # Any: JSON
    if error.locations:
        entry["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path:
        entry["path"] = list(error.path)
    entry["extensions"] = {"code": code, **more, "requestId": request_id}
    return entry


def _describe(error: GraphQLError, cause: BaseException | None) -> tuple[str, str, dict[str, Any]]:  # Any: JSON
    known = (error.extensions or {}).get("code")
    if known is not None:
        return known, error.message, {name: value for name, value in (error.extensions or {}).items() if name != "code"}
    if isinstance(cause, GraphQLError) or cause is None:
        # Raised by the executor itself: a value that a scalar refused, or a null where none may be.
        internal = cause is None and "Cannot return null for non-nullable" in error.message
        return ("INTERNAL_SERVER_ERROR", "Internal error.", {}) if internal else ("BAD_USER_INPUT", error.message, {})
    for kinds, code in _TABLE:
        if isinstance(cause, kinds):
            return code, str(cause) if isinstance(cause, _TOLD_AS_IS) else CODES[code], {}
    return "INTERNAL_SERVER_ERROR", "Internal error.", {}


def coded(code: str, message: str, **extensions: Any) -> GraphQLError:  # Any: JSON
    """An error of our own making."""
    return GraphQLError(message, extensions={"code": code, **extensions})
