"""Impersonation, spoken: who acts as whom, and how that begins and ends."""

from datetime import datetime
from typing import Any

import strawberry

from auth.impersonation import IMPERSONATE
from auth.principal import Principal
from db.ids import public_id
from resolvers.impersonation import end_impersonation, impersonate
from schema.changes import ChangePayload
from schema.fields import Info, held, root_field
from schema.operation import Operation
from schema.user_errors import Payload, answered


@strawberry.type(
    description="Somebody acts as another member. The same stands in `extensions.actingAs` of every answer."
)
class Impersonation:
    """Made of the principal."""

    id: strawberry.ID = strawberry.field(description="Of the member that the caller acts as.")
    name: str
    by: str = strawberry.field(description="The name of the person who does.")
    until: datetime


@strawberry.input
class ImpersonateInput:
    """As whom, and why."""

    user_id: strawberry.ID
    justification: str = strawberry.field(description="It goes on record.")


@strawberry.type
class ImpersonatePayload(ChangePayload):
    """Answers impersonate."""

    acting_as: Impersonation | None = held("row")


@strawberry.type
class EndImpersonationPayload(ChangePayload):
    """Answers endImpersonation."""

    acted_as: Impersonation | None = held("row", description="As whom the caller acted until now.")


def own_impersonation(operation: Operation) -> Impersonation | None:
    """As whom the caller acts, if it does."""
    return _shown(operation.read.principal)


def _shown(principal: Principal) -> Impersonation | None:
    if principal.acting_for is None or principal.elevation is None:
        return None
    return Impersonation(
        id=strawberry.ID(public_id("usr", principal.user_id)),
        name=principal.name,
        by=principal.acting_for.name,
        until=principal.elevation.until,
    )


async def _impersonate(info: Info, input: ImpersonateInput) -> Any:  # Any: a Payload
    return _told(await answered(impersonate(info.context.write, input.user_id, input.justification)))


async def _end(info: Info) -> Any:  # Any: a Payload
    return _told(await answered(end_impersonation(info.context.write)))


def _told(payload: Payload) -> Payload:
    if payload.row is not None:
        payload.row = _shown(payload.row)
    return payload


@strawberry.type
class ImpersonationMutations:
    """The mutations of an impersonation."""

    impersonate: ImpersonatePayload = root_field(
        _impersonate,
        gate=IMPERSONATE,
        in_person=True,
        description="Act as another member, who may do no more than you, until your elevation ends. What is sensitive "
        "is masked. The answer brings a new cookie; streams that were opened with the old one end.",
    )
    end_impersonation: EndImpersonationPayload = root_field(
        _end, gate=None, description="Be yourself again. The answer brings a new cookie."
    )
