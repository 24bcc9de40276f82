"""What goes out: one execution result as bytes, whole or as a frame of a stream."""

from dataclasses import dataclass
from typing import Any

import orjson
from graphql import ExecutionResult

from schema.errors import Unexpected, error_json

TEMPORARY = frozenset({"OVERLOADED", "OPERATION_TIMEOUT"})


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response. ``code`` is set when it was refused before anything ran; ``status`` overrides what the
    code's table says.
    """

    body: bytes
    code: str | None
    status: int | None
    has_errors: bool
    operation: str | None


@dataclass(frozen=True, slots=True)
class Frame:
    """One result of a stream. ``cursor`` resumes after it; None when it is no event of the log."""

    payload: bytes
    cursor: str | None


def json_body(value: Any) -> bytes:  # Any: JSON
    """Lone surrogates and integers that JSON clients cannot hold never get this far; bytes out, one encoder for all."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)


def answer_of(result: ExecutionResult, request_id: str, unexpected: Unexpected, operation: str) -> Answer:
    body = _body(result, request_id, unexpected)
    codes = {error["extensions"]["code"] for error in body.get("errors", ())}
    if result.data is None and len(codes) == 1 and codes <= TEMPORARY:
        # Nothing came of it for a reason that passes: told by status too, so that clients and proxies try again.
        return Answer(json_body({"errors": body["errors"]}), codes.pop(), None, True, operation)
    return Answer(json_body(body), None, None, "errors" in body, operation)


def frame_of(result: ExecutionResult, request_id: str, unexpected: Unexpected, cursor: str | None = None) -> Frame:
    body = _body(result, request_id, unexpected)
    if cursor is not None:
        body["extensions"] = {"cursor": cursor}
    if any(error["extensions"]["code"] == "STREAM_RESYNC" for error in body.get("errors", ())):
        body["extensions"] = {"stream": {"resync": True}}
    return Frame(json_body(body), cursor)


def _body(result: ExecutionResult, request_id: str, unexpected: Unexpected) -> dict[str, Any]:  # Any: JSON
    body: dict[str, Any] = {}  # Any: JSON
    if result.errors:
        met: dict[int, BaseException] = {}
        body["errors"] = [
            error_json(error, request_id, lambda cause: met.update({id(cause): cause})) for error in result.errors
        ]
        # Many fields may meet one failure: it is logged once.
        for cause in met.values():
            unexpected(cause)
    body["data"] = result.data
    if result.extensions:
        body["extensions"] = result.extensions
    return body
