"""Elevation, spoken: what a session may do for some minutes beyond what its person's roles grant."""

from datetime import datetime
from typing import Any

import strawberry

from auth.elevation import LONGEST_MINUTES, USUAL_MINUTES, Wanted
from auth.principal import Elevation as Raised
from resolvers.elevation import elevate, end_elevation
from schema.changes import ChangePayload
from schema.fields import Info, given, held, root_field
from schema.operation import Operation
from schema.user_errors import answered


@strawberry.type(description="Permissions that a session has for a while.")
class Elevation:
    """Its source is the principal's elevation."""

    scopes: list[str] = held("grants", description="In no order.")
    expires_at: datetime = held("until", description="When they end by themselves, on open streams too.")


@strawberry.input
class ElevateInput:
    """What is needed, what for, and for how long."""

    scopes: list[str] = strawberry.field(
        description="Permissions, each of which one of your roles lets you be elevated to: "
        "`viewer { permissions { elevatable } }`. They replace those of an elevation before."
    )
    reason: str = strawberry.field(description="It goes on record.")
    minutes: int = strawberry.field(default=USUAL_MINUTES, description=f"At most {LONGEST_MINUTES}.")
    password: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Shows that it is you. Not needed within five minutes of signing in; who has none signs in again "
        "at the provider: `/auth/login/{provider}?again`.",
    )


@strawberry.type
class ElevatePayload(ChangePayload):
    """Answers elevate."""

    elevation: Elevation | None = held("row")


@strawberry.type
class EndElevationPayload(ChangePayload):
    """Answers endElevation."""

    elevation: Elevation | None = held("row", description="As it was.")


def own_elevation(operation: Operation) -> Raised | None:
    """The caller's, if it has one now."""
    return operation.read.principal.elevation


async def _elevate(info: Info, input: ElevateInput) -> Any:  # Any: a Payload
    wanted = Wanted(tuple(dict.fromkeys(input.scopes)), input.reason, input.minutes)
    return await answered(elevate(info.context.write, wanted, given(input.password)))


async def _end(info: Info) -> Any:  # Any: a Payload
    return await answered(end_elevation(info.context.write))


@strawberry.type
class ElevationMutations:
    """The mutations of an elevation."""

    elevate: ElevatePayload = root_field(
        _elevate,
        gate=None,
        in_person=True,
        description="Have more permissions for some minutes. The answer brings a new cookie; streams that were opened "
        "with the old one end, and come back with what they may show now.",
    )
    end_elevation: EndElevationPayload = root_field(
        _end, gate=None, in_person=True, description="Give them up, at once and on open streams."
    )
