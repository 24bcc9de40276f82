"""Denials: the nulls that answer what a caller may not read, told once per selection from the finished response.

Counted in the data rather than while executing, so that they depend neither on which batch came first nor on nulls
that an error took away again: both executors tell the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError


@dataclass(frozen=True, slots=True)
class Denial:
    """Nulls of one denied selection: the place of the first, and how many there are."""

    selection: int
    """Which node of the document: fragments put one selection in many places."""
    permission: str
    coordinate: str
    path: list[str | int]
    occurrences: int = 1


def settle(nulls: Iterable[Denial], data: object) -> list[Denial]:
    """One denial per selection and coordinate, at its first null in the data; in the data's order. Nulls that the
    data does not hold are left out.
    """
    firsts: dict[tuple[int, str], tuple[tuple[int, ...], Denial]] = {}
    counts: dict[tuple[int, str], int] = {}
    for null in nulls:
        place = _place(null.path, data)
        if place is None:
            continue
        key = (null.selection, null.coordinate)
        counts[key] = counts.get(key, 0) + null.occurrences
        if key not in firsts or place < firsts[key][0]:
            firsts[key] = place, null
    return [
        Denial(null.selection, null.permission, null.coordinate, null.path, counts[null.selection, null.coordinate])
        for _, null in sorted(firsts.values(), key=lambda first: (first[0], first[1].coordinate))
    ]


def denial_errors(denials: Iterable[Denial]) -> list[GraphQLError]:
    """One error per denied selection, at the path of its first null."""
    return [
        GraphQLError(
            f"This needs the permission {denial.permission}.",
            path=denial.path,
            extensions={
                "code": "FORBIDDEN",
                "permission": denial.permission,
                "coordinate": denial.coordinate,
                "occurrences": denial.occurrences,
            },
        )
        for denial in denials
    ]


def _place(path: Iterable[str | int], data: Any) -> tuple[int, ...] | None:  # Any: JSON
    """Where the path stands in the data, as positions that compare in document order; None when it is not there."""
    place: list[int] = []
    value = data
    for step in path:
        if isinstance(value, dict) and step in value:
            place.append(list(value).index(step))
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            place.append(step)
        else:
            return None
        value = value[step]
    return tuple(place)
