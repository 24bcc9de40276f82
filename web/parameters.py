"""The parameters of a GraphQL request, out of a JSON body or a query string (GraphQL over HTTP, "Request Parameters").

The two come out alike; what is malformed is refused by name, and never with what the client sent.
"""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl

from web.json_text import check_text, load_json
from web.refusals import Refusal

_NAMES = ("query", "operationName", "variables", "extensions", "documentId", "lastEventId", "token")
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
    document = _text(found, "query")
    extensions = _object(found, "extensions")
    if not document and (_text(found, "documentId") or (extensions and extensions.get("persistedQuery"))):
        # The text that Apollo's clients wait for before they send the document itself.
        raise Refusal("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
    name = _text(found, "operationName") or None
    parameters = Parameters(document, name, _object(found, "variables"), extensions)
    if not in_url:
        return parameters
    return Parameters(
        document,
        name,
        parameters.variables,
        extensions,
        event_id(_text(in_url, "lastEventId")),
        _text(in_url, "token"),
    )


def event_id(text: str | None) -> str | None:
    """A last event id as a client gives it back. Raises Refusal for one that cannot be ours."""
    if not text:
        return None
    if len(text) > MAX_EVENT_ID or not text.isascii() or not text.isprintable():
        raise Refusal("BAD_USER_INPUT", "The last event id is malformed.")
    return text


def _text(found: JsonObject, name: str) -> str | None:
    value = found.get(name)
    if value is not None and not isinstance(value, str):
        raise Refusal("BAD_REQUEST", f"{name} is not a string.")
    return value


def _object(found: JsonObject, name: str) -> JsonObject | None:
    value = found.get(name)
    if value is not None and not isinstance(value, dict):
        raise Refusal("BAD_REQUEST", f"{name} is not an object.")
    return value
