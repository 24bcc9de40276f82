"""Files that front ends write their documents to, read: whichever tool wrote them, they come down to texts.

| file | shape |
|---|---|
| Apollo's manifest | ``{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{id, body}]}`` |
| graphql-codegen's persisted documents | ``{"sha256:<hex>" or "<hex>": text}`` |
| Relay's persisted queries | ``{"<hex>": text}`` |
| ``.graphql``, ``.gql`` | the text itself |
"""

from dataclasses import dataclass
from typing import Any

import orjson

APOLLO = "apollo-persisted-query-manifest"
ID_PREFIX = "sha256:"


class BadManifest(Exception):
    """It is none of the files that are known; the text says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One document of a file. ``id`` is what the file calls it, in hex; None where it says nothing."""

    where: str
    text: str
    id: str | None = None


def entries_of(name: str, content: bytes) -> list[Entry]:
    """The documents in a file. Raises BadManifest."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise BadManifest(f"{name} is not UTF-8.") from None
    if not name.endswith(".json"):
        return [Entry(name, text)]
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise BadManifest(f"{name} is not JSON: {error}.") from None
    if isinstance(found, dict) and "format" in found:
        return _apollo(name, found)
    if isinstance(found, dict) and all(isinstance(value, str) for value in found.values()):
        return [Entry(f"{name}: {key}", value, key.removeprefix(ID_PREFIX)) for key, value in found.items()]
    raise BadManifest(f"{name} is no manifest: neither Apollo's, nor an object of ids and texts.")


def _apollo(name: str, found: dict[str, Any]) -> list[Entry]:  # Any: JSON
    if (found["format"], found.get("version")) != (APOLLO, 1):
        raise BadManifest(f"{name} is no {APOLLO} of version 1.")
    operations = found.get("operations")
    if not isinstance(operations, list):
        raise BadManifest(f"{name} has no list of operations.")
    entries = []
    for place, each in enumerate(operations):
        if not isinstance(each, dict) or not isinstance(each.get("body"), str) or not isinstance(each.get("id"), str):
            raise BadManifest(f"{name}: operation {place} has no id or no body.")
        entries.append(Entry(f"{name}: {each.get('name') or place}", each["body"], each["id"]))
    return entries
