"""User errors: what a rule of the domain refused, with a code and the path of the input's field."""

import enum
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any

import strawberry
from graphql import GraphQLResolveInfo

from resolvers.errors import Conflict, Problem, Problems
from schema.node import Node, NodeKind, held_node
from schema.operation import Operation
from schema.weights import weighs


@strawberry.enum(description="Why a mutation did nothing.")
class UserErrorCode(enum.Enum):
    """The codes of ``resolvers/errors.py``."""

    INVALID = "INVALID"
    REQUIRED = "REQUIRED"
    TOO_LONG = "TOO_LONG"
    TOO_MANY = "TOO_MANY"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    TAKEN = "TAKEN"
    IN_USE = "IN_USE"
    BEYOND_YOURS = "BEYOND_YOURS"
    UNCONFIRMED = "UNCONFIRMED"
    LAST_ADMIN = "LAST_ADMIN"
    LOCKS_YOU_OUT = "LOCKS_YOU_OUT"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    INVALID_TRANSITION = "INVALID_TRANSITION"
    UNKNOWN_CURRENCY = "UNKNOWN_CURRENCY"
    CURRENCY_MISMATCH = "CURRENCY_MISMATCH"


@strawberry.interface(description="What a mutation could not do, and which field of its input is why.")
class UserError:
    """Its source is a ``Refusal``."""

    code: UserErrorCode
    message: str
    field: list[str] | None


@strawberry.type(description="A value or an id in the input that the domain does not take.", directives=weighs("0"))
class InputError(UserError):
    """Any problem that has no richer type."""

    @classmethod
    def is_type_of(cls, obj: Any, info: GraphQLResolveInfo[Operation]) -> bool:  # Any: a Refusal
        return isinstance(obj, Refusal) and obj.current is None


@strawberry.type(description="The row has changed since it was read.", directives=weighs("0"))
class ConflictError(UserError):
    """Carries the row as it is now, for those who may read it."""

    current: Node | None = held_node(kind="kind", row="current")

    @classmethod
    def is_type_of(cls, obj: Any, info: GraphQLResolveInfo[Operation]) -> bool:  # Any: a Refusal
        return isinstance(obj, Refusal) and obj.current is not None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A problem as a value: an executor takes an exception that is returned for one that was raised."""

    code: UserErrorCode
    message: str
    field: list[str] | None
    kind: NodeKind | None = None
    """Of the row in ``current``."""
    current: Any = None  # Any: the row as it is now, after a conflict


@dataclass(slots=True)
class Payload:
    """What a mutation answers with: the row, or why there is none."""

    row: Any = None  # Any: a row
    problems: list[Refusal] = field(default_factory=list)


def refused(*problems: Problem, kind: NodeKind | None = None) -> Payload:
    """The payload of a mutation that did nothing; ``kind`` is of the row that a conflict carries."""
    return Payload(problems=[_refusal(problem, kind) for problem in problems])


async def answered(change: Awaitable[Any]) -> Payload:  # Any: a row
    """As ``payload_of``, where no conflict carries a row."""
    try:
        return Payload(row=await change)
    except Problems as error:
        return refused(*error.problems)
    except Problem as error:
        return refused(error)


async def payload_of(kind: NodeKind, change: Awaitable[Any]) -> Payload:  # Any: a row
    """Await a change of a row of this kind; what the domain refused becomes the payload's user errors."""
    try:
        return Payload(row=await change)
    except Problems as error:
        return refused(*error.problems, kind=kind)
    except Problem as error:
        return refused(error, kind=kind)


def _refusal(problem: Problem, kind: NodeKind | None) -> Refusal:
    code, path = UserErrorCode(problem.code), problem.field or None
    if isinstance(problem, Conflict):
        return Refusal(code, problem.message, path, kind, problem.current)
    return Refusal(code, problem.message, path)
