"""Denied nulls of a finished response: found in the data, where their response keys lead."""

from collections.abc import Iterator, Sequence
from typing import Any

from schema.denials import Denial
from schema.engine.plan import DeniedPart

Json = dict[str, Any]  # Any: JSON values and times


def find_denials(parts: Sequence[DeniedPart], data: Json) -> list[Denial]:
    """One for each denied part that the data holds; markers are replaced by the nulls they stand for."""
    found: list[Denial] = []
    marked: list[tuple[Json, str]] = []
    for part in parts:
        places = []
        for holder, path in _places(data, part.keys, []):
            if part.marker is None:
                places.append(path)
            elif holder[part.keys[-1]] is part.marker:
                # Replaced only when all are found: one object can stand in many places.
                places.append(path)
                marked.append((holder, part.keys[-1]))
        if places:
            found.append(Denial(part.selection, part.permission, part.coordinate, places[0], len(places)))
    for holder, key in marked:
        holder[key] = None
    return found


def _places(
    value: Any,
    keys: Sequence[str],
    path: list[str | int],  # Any: JSON
) -> Iterator[tuple[Json, list[str | int]]]:
    """Every place in the data where the keys lead, in document order, with the object it stands in; lists are walked
    through.
    """
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _places(item, keys, [*path, index])
    elif isinstance(value, dict) and keys[0] in value:
        if len(keys) == 1:
            yield value, [*path, keys[0]]
        else:
            yield from _places(value[keys[0]], keys[1:], [*path, keys[0]])
