"""What a resolver may refuse.

Problem             a rule of the domain says no; a mutation answers it as a user error, with code and field
├── NotFound        the row does not exist, or is another tenant's: told alike
├── Invalid         a value that the domain does not take
├── BadTransition   the status may not change that way
└── Conflict        the row has moved on since the caller read it; carries the row as it is now
Problems            several at once
InvalidInput        an argument that makes no sense in a read: answered as an error of the request
"""

from collections.abc import Sequence
from typing import Any


class Problem(Exception):
    """A rule says no. ``field`` is the path into the mutation's input."""

    code = "INVALID"

    def __init__(self, message: str, *field: str, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = list(field)
        self.code = code or self.code


class NotFound(Problem):
    """The row does not exist for this caller."""

    code = "NOT_FOUND"


class Invalid(Problem):
    """A value that the domain does not take."""


class BadTransition(Problem):
    """The status may not change that way."""

    code = "INVALID_TRANSITION"


class Conflict(Problem):
    """The row has moved on."""

    code = "CONFLICT"

    def __init__(self, message: str, *field: str, current: Any) -> None:  # Any: a row
        super().__init__(message, *field)
        self.current = current


class Problems(Exception):
    """Several problems of one mutation."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = list(problems)


class InvalidInput(Exception):
    """An argument that makes no sense; the message may be shown to the caller."""
