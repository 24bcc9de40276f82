"""The parameters of a GraphQL request, out of a JSON body or a query string (GraphQL over HTTP, "Request Parameters").

The two come out alike; what is malformed is refused by name, and never with what the client sent.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from web.json_text import check_text, load_json
from web.refusals import Refusal

_TEXT, _OBJECT = (str, "a string"), (dict, "an object")
_IDS = ("documentId", "doc_id")
_KINDS: Mapping[str, tuple[type, str]] = {
    **dict.fromkeys(("query", "operationName", *_IDS), _TEXT),
    **dict.fromkeys(("variables", "extensions"), _OBJECT),
}
_NAMES = (*_KINDS, "lastEventId", "token")
_ID_PREFIX = "sha256:"
_ID = re.compile("[0-9a-f]{64}")
_NO_ID = "0"
"""No document's: what is malformed is as little registered as what is not."""
MAX_PARAMETERS = 50
MAX_EVENT_ID = 200

JsonObject = Mapping[str, object]


class Parameters(NamedTuple):
    """What is asked for. ``last_event_id`` and ``token`` come from a query string only."""

    document: str | None
    operation_name: str | None
    variables: JsonObject | None
    extensions: JsonObject | None
    last_event_id: str | None = None
    token: str | None = None
    document_id: str | None = None
    """In hex, whichever way it came."""
    by_hash: bool = False
    """Whether it came as Apollo's clients send it."""


def from_body(body: bytes) -> Parameters:
    """Raises Refusal for whatever is no single GraphQL request."""
    found = load_json(body, "The body")
    if isinstance(found, list):
        raise Refusal("BAD_REQUEST", "Batches are not taken: send one operation a request.")
    if not isinstance(found, dict):
        raise Refusal("BAD_REQUEST", "The body is not a JSON object.")
    return _checked(found)


def from_query(query_string: bytes) -> Parameters:
    """Raises Refusal, also for a parameter that is there twice: which one counts is not guessed."""
    try:
        text = query_string.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except ValueError:  # UnicodeDecodeError is one
        raise Refusal("BAD_REQUEST", "The query string is not form-encoded UTF-8, or holds too much.") from None
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise Refusal("BAD_REQUEST", "A parameter is there twice.")
        if name in _NAMES:
            found[name] = check_text(value)
    for name in ("variables", "extensions"):
        if name in found:
            found[name] = load_json(str(found[name]).encode(), name) if found[name] else None
    return _checked(found, found)


def _checked(found: JsonObject, in_url: JsonObject | None = None) -> Parameters:
    for name, (kind, what) in _KINDS.items():
        value = found.get(name)
        if value is not None and not isinstance(value, kind):
            raise Refusal("BAD_REQUEST", f"{name} is not {what}.")
    given: Mapping[str, Any] = found  # Any: of the kinds that were looked at
    extensions = given.get("extensions")
    last, token = (event_id(given.get("lastEventId")), given.get("token")) if in_url else (None, None)
    id, by_hash = _ids_of(given, extensions) if extensions or not given.keys().isdisjoint(_IDS) else (None, False)
    called, variables = given.get("operationName") or None, given.get("variables")
    return Parameters(given.get("query"), called, variables, extensions, last, token, id, by_hash)


def with_id(parameters: Parameters, document_id: str) -> Parameters:
    """The same, of the document that the path names. Raises Refusal."""
    if _hex(document_id) == _NO_ID:
        raise Refusal("NOT_FOUND", "Not Found")
    return parameters._replace(document_id=_the_one([parameters.document_id, _hex(document_id)]))


def _ids_of(
    found: Mapping[str, Any],  # Any: of the kinds that were looked at
    extensions: JsonObject | None,
) -> tuple[str | None, bool]:
    """The document's id, and whether it is Apollo's hash: ``documentId`` (GraphQL over HTTP, appendix A), ``doc_id``
    (Relay), ``extensions.persistedQuery`` (Apollo).
    """
    named, relays = map(found.get, _IDS)
    persisted = extensions.get("persistedQuery") if extensions else None
    if persisted is None and not (named and relays):
        only = named or relays
        return (_hex(only) if only else None), False
    said = [_hex(text) if text else None for text in (named, relays)]
    if persisted is None:
        return _the_one(said), False
    if not isinstance(persisted, dict) or persisted.get("version") != 1:
        raise Refusal("BAD_REQUEST", "extensions.persistedQuery is of version 1, with a sha256Hash.")
    hashed = persisted.get("sha256Hash")
    return _the_one([*said, _hex(hashed) if isinstance(hashed, str) else _NO_ID]), True


def _hex(text: str) -> str:
    id = text.removeprefix(_ID_PREFIX)
    return id if _ID.fullmatch(id) else _NO_ID


def _the_one(said: list[str | None]) -> str | None:
    ids = {each for each in said if each is not None}
    if len(ids) > 1:
        raise Refusal("BAD_REQUEST", "The request names several documents.")
    return next(iter(ids), None)


def event_id(text: str | None) -> str | None:
    """A last event id as a client gives it back. Raises Refusal for one that cannot be ours."""
    if not text:
        return None
    if len(text) > MAX_EVENT_ID or not text.isascii() or not text.isprintable():
        raise Refusal("BAD_USER_INPUT", "The last event id is malformed.")
    return text
