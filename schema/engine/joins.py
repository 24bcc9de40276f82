"""Relations that need no call of their own: their rows' columns are read with the level above, by its key."""

from collections.abc import Sequence
from dataclasses import replace

from db.joins import through
from schema.engine.plan import Fixed, Inline, Joined, Leaf, Part, Relation

WIDEST = 8
"""Columns that are repeated in each row of the level above; for more, a call reads each row once."""


def joined(relation: Relation) -> Joined | None:
    """The same as a part of the level above; None where that cannot be, or does not pay."""
    fields = _through(relation.key, relation.plan.fields)
    if fields is None or len(relation.plan.columns) > WIDEST:
        return None
    tells = not relation.nullable and any(_is_telling(part) for _, part in relation.plan.fields)
    return Joined(relation.key, relation.nullable, None if tells else through(relation.key, "id"), fields)


def _through(key: str, fields: Sequence[tuple[str, Part]]) -> tuple[tuple[str, Leaf | Fixed | Inline], ...] | None:
    found: list[tuple[str, Leaf | Fixed | Inline]] = []
    for name, part in fields:
        match part:
            case Fixed():
                found.append((name, part))
            case Leaf():
                columns = tuple(key if column == "id" else through(key, column) for column in part.columns)
                found.append((name, replace(part, columns=columns)))
            case Inline():
                inner = _through(key, part.fields)
                if inner is None:
                    return None
                found.append((name, Inline(inner)))
            case _:
                return None
    return tuple(found)


def _is_telling(part: Part) -> bool:
    """Whether the field cannot be written when its row is missing."""
    return isinstance(part, Leaf) and not part.nullable and part.prefix is None and part.columns != ("id",)
