"""What the mutations of every noun share: their payloads, and how an input is read."""

from typing import Any

import strawberry

from db.ids import BadId, hex_of
from resolvers.errors import Invalid, Problem
from schema.fields import held
from schema.user_errors import UserError


@strawberry.type
class ChangePayload:
    """What every mutation answers with; a noun's own payload adds the row: ``order: Order | None = held("row")``. Its
    source is a ``Payload``.
    """

    # A conflict, which alone leads to a row, comes alone.
    user_errors: list[UserError] = held("problems", at_most=1)


def id_in(public: str, prefix: str, problems: list[Problem], *field: str) -> str:
    """The id's digits, or a problem for the field; what is returned then is never used."""
    try:
        return hex_of(public, prefix)
    except BadId as error:
        problems.append(Invalid(str(error), *field))
        return ""


def changes_in(patch: Any, *names: str) -> dict[str, Any]:  # Any: an input; one value per field
    """Those of the fields that were given, null or not."""
    return {name: value for name in names if (value := getattr(patch, name)) is not strawberry.UNSET}


def assignment_in(patch: Any, problems: list[Problem]) -> dict[str, Any]:  # Any: an input; an id as hex, or None
    """Whom a row is to be assigned to, if that was said."""
    public = patch.assigned_to_id
    if public is strawberry.UNSET:
        return {}
    return {"assigned_to": None if public is None else id_in(public, "usr", problems, "assignedToId")}
