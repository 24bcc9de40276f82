"""The envelope of plain answers: ``{"data", "meta": {"requestId", …}, "error"}``, all three always there.

``error`` is null or ``{"code", "message"}``, with ``fields`` where a change was refused for what it holds. Codes are
those of GraphQL's answers, but ``VALIDATION_ERROR`` for whatever is wrong with the values of the request.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from schema.answers import Answer
from schema.errors import CODES
from schema.routes.table import PlainRoute
from web.negotiation import Media, status_of
from web.rest.variables import Paging

VALIDATION_ERROR = "VALIDATION_ERROR"
_VALUES = frozenset({"BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"})
_OF_CHANGES = {"NOT_FOUND": 404, "CONFLICT": 409}
"""User errors that have a status of their own; any other is a value that will not do."""
_BESIDE = frozenset({"userErrors"})


@dataclass(frozen=True, slots=True)
class Envelope:
    """One answer. ``status`` is HTTP's."""

    status: int
    data: Any = None  # Any: JSON
    error: Mapping[str, Any] | None = None  # Any: as above
    meta: Mapping[str, Any] = field(default_factory=dict)  # Any: as above

    def body(self, request_id: str) -> bytes:
        return orjson.dumps({"data": self.data, "meta": {"requestId": request_id, **self.meta}, "error": self.error})


def refused(code: str, message: str, status: int | None = None) -> Envelope:
    """A request that is not taken further."""
    told = VALIDATION_ERROR if code in _VALUES else code
    return Envelope(status or status_of(code, Media.GRAPHQL), error={"code": told, "message": message})


def enveloped(route: PlainRoute, answer: Answer, paging: Paging | None) -> Envelope:
    """What a document was answered, as its route answers."""
    body: dict[str, Any] = orjson.loads(answer.body)  # Any: JSON
    errors, data = body.get("errors") or [], body.get("data")
    first = errors[0] if errors else None
    code = first["extensions"]["code"] if first else None
    found = None if data is None else data[route.root.name.value]
    if found is None:
        if code is None:
            return refused("NOT_FOUND", CODES["NOT_FOUND"])
        return refused(code, first["message"] if first else "", answer.status)
    error = None if first is None else {"code": code, "message": first["message"]}
    if "userErrors" in found:
        return _of_change(route, found, error)
    if paging is not None and "nodes" in found:
        return Envelope(200, found["nodes"], error, _page_meta(found, paging))
    return Envelope(200, found, error)


def _of_change(
    route: PlainRoute,
    payload: Mapping[str, Any],  # Any: JSON
    error: Mapping[str, Any] | None,
) -> Envelope:
    data = next(value for name, value in payload.items() if name not in _BESIDE)
    problems = payload["userErrors"]
    if not problems:
        return Envelope(201 if route.name.startswith("Create") else 200, data, error)
    status = next((_OF_CHANGES[each["code"]] for each in problems if each["code"] in _OF_CHANGES), 400)
    code = next((name for name, known in _OF_CHANGES.items() if known == status), VALIDATION_ERROR)
    return Envelope(status, error={"code": code, "message": problems[0]["message"], "fields": problems})


def _page_meta(found: Mapping[str, Any], paging: Paging) -> dict[str, Any]:  # Any: JSON
    info = found["pageInfo"]
    return {
        "page": paging.page,
        "pageSize": paging.size,
        "totalCount": found["totalCount"],
        "totalCountIsEstimate": found["totalCountIsEstimate"],
        "nextCursor": info["endCursor"] if info["hasNextPage"] else None,
    }
