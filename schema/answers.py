"""What goes out: one execution result as bytes, whole or as a frame of a stream."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import ExecutionResult

from auth.budgets import Charge
from db.events import Position
from schema.deprecations import Deprecation
from schema.errors import CODES, Unexpected, error_json
from schema.live.frames import Ending, Frame, joined
from schema.meter import Cost

TEMPORARY = frozenset({"OVERLOADED", "OPERATION_TIMEOUT"})
POSITION = "position"
"""The member of ``extensions`` that says where the tenant's log stood after a mutation."""
RESYNC = b'"stream":{"resync":true}'


@dataclass(frozen=True, slots=True)
class Given:
    """How an answer that may be kept came: ``outcome`` is hit, stale, miss or joined (``schema/caching``)."""

    outcome: str
    age: int
    """Seconds since it was made."""
    left: int
    """Seconds until it is too old; less than none for a stale one."""


@dataclass(slots=True)
class Answer:
    """A whole response. ``code`` is set when it was refused before anything ran; ``status`` overrides what the
    code's table says.
    """

    body: bytes
    code: str | None
    status: int | None
    has_errors: bool
    operation: str | None
    deprecation: Deprecation | None = None
    """Of what it is the answer to."""
    codes: Collection[str] = ()
    """Of the errors of what ran."""
    charge: Charge | None = None
    """What it took of its budgets, or would have; None where there are none."""
    position: str | None = None
    """Of a mutation: where the tenant's log stood after it; None where nobody needs to know."""
    given: Given | None = None
    """Where it may be kept."""


def json_body(value: Any) -> bytes:  # Any: JSON
    """Lone surrogates and integers that JSON clients cannot hold never get this far; bytes out, one encoder for all."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)


def answer_of(
    result: ExecutionResult,
    request_id: str,
    unexpected: Unexpected,
    operation: str,
    *,
    wrote: bool = False,
    deprecation: Deprecation | None = None,
    charge: Charge | None = None,
) -> Answer:
    """``wrote``: something of it is written, or may be, so that nobody is told to send it again."""
    extensions = result.extensions
    position = None if extensions is None else extensions.get(POSITION)
    if not result.errors:
        whole = {"data": result.data, "extensions": extensions} if extensions else {"data": result.data}
        return Answer(json_body(whole), None, None, False, operation, deprecation, (), charge, position)
    body = _body(result, request_id, unexpected)
    codes = {error["extensions"]["code"] for error in body["errors"]}
    if len(codes) == 1 and codes <= TEMPORARY and not wrote and _is_empty(result.data):
        # Nothing came of it for a reason that passes: told by status too, so that clients and proxies try again.
        told = json_body({"errors": body["errors"]})
        return Answer(told, codes.pop(), None, True, operation, deprecation, charge=charge)
    return Answer(json_body(body), None, None, True, operation, deprecation, codes, charge, position)


def _is_empty(data: dict[str, Any] | None) -> bool:  # Any: JSON
    return data is None or all(value is None for value in data.values())


def answer_of_cost(cost: Cost, operation: str) -> Answer:
    """What the operation would cost; it is not run."""
    body = {"data": None, "extensions": {"cost": cost.told(ran=False)}}
    return Answer(json_body(body), None, None, False, operation)


def frame_of(
    result: ExecutionResult,
    request_id: str,
    unexpected: Unexpected,
    cursor: str | None = None,
    position: Position | None = None,
    entity: str | None = None,
    *,
    note: bytes | None = None,
) -> Frame:
    """A stream's frame of one result; ``note``: what it says besides, as members of ``extensions``."""
    body = _body(result, request_id, unexpected)
    resync = any(error["extensions"]["code"] == "STREAM_RESYNC" for error in body.get("errors", ()))
    return Frame(json_body(body), cursor, position, entity, joined(RESYNC if resync else None, note))


def end_frame(ending: Ending, cursor: str | None, note: bytes | None = None) -> Frame:
    """The last frame of an operation that was ended: why, and from where to go on. Where the client shall not come back
    by itself it is told as an error too. ``note`` is what its other frames say besides.
    """
    end = {"reason": ending.reason.value, "code": ending.code, "cursor": cursor}
    body: dict[str, Any] = {"data": None}  # Any: JSON
    if ending.completes and ending.code is not None:
        body = {
            "errors": [{"message": ending.message or CODES[ending.code], "extensions": {"code": ending.code}}],
            **body,
        }
    return Frame(json_body(body), note=joined(b'"stream":' + json_body({"end": end}), note))


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
