"""Invitations, spoken: who was asked to join the tenant, and what became of it."""

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import strawberry

from resolvers.errors import Problem
from resolvers.invitations import (
    INVITATIONS,
    invite_member,
    revoke_invitation,
)
from schema.changes import ChangePayload, id_in
from schema.connections import Connection, Listed, ListSpec
from schema.directives import RequiresPermission
from schema.fields import Info, column, given, held, prefixed, root_field
from schema.filters import DateTimeFilter, IDFilter, StringFilter, filter_on, operator
from schema.page_arguments import NullsOrder, PageArguments, SortDirection
from schema.user_errors import Payload, answered, refused

READ = "admin:members"
PREFIX = "inv"
LINK = "/auth/invitation?token={}"


@strawberry.type(
    description="A link by which an address becomes a member, once.", directives=[RequiresPermission(permission=READ)]
)
class Invitation:
    """A row of ``db.tables.invitations``, without the token's hash."""

    id: strawberry.ID = prefixed(f"{PREFIX}_", "id")
    email: str = column("email")
    roles: list[str] = column("roles", description="By name.")
    inviter_id: strawberry.ID = prefixed("usr_", "inviter_id", description="The user's who invited.")
    expires_at: datetime = column("expires_at")
    accepted_at: datetime | None = column("accepted_at", description="When the address became a member by it.")
    revoked_at: datetime | None = column("revoked_at", description="When somebody ended it, or invited again.")
    version: int = column("version")
    created_at: datetime = column("created_at")
    updated_at: datetime = column("updated_at")


@strawberry.input
class InvitationWhere:
    """Conditions on an invitation; several fields must all hold."""

    and_: list["InvitationWhere"] | None = strawberry.field(default=strawberry.UNSET, name="and")
    or_: list["InvitationWhere"] | None = strawberry.field(default=strawberry.UNSET, name="or")
    not_: "InvitationWhere | None" = strawberry.field(default=strawberry.UNSET, name="not")
    id: IDFilter | None = filter_on("id", prefix=PREFIX)
    email: StringFilter | None = filter_on("email")
    inviter_id: IDFilter | None = filter_on("inviter_id", prefix="usr")
    expires_at: DateTimeFilter | None = filter_on("expires_at")
    accepted_at: DateTimeFilter | None = filter_on("accepted_at")
    revoked_at: DateTimeFilter | None = filter_on("revoked_at")
    created_at: DateTimeFilter | None = filter_on("created_at")


@strawberry.enum(description="What invitations can be sorted by.")
class InvitationSortField(enum.Enum):
    """Values are columns."""

    CREATED_AT = "created_at"
    EMAIL = "email"
    EXPIRES_AT = "expires_at"


@strawberry.input
class InvitationSort:
    """One field of an order."""

    field: InvitationSortField
    direction: SortDirection = SortDirection.ASC
    nulls: NullsOrder | None = operator()


LIST = ListSpec("invitation", INVITATIONS.page, INVITATIONS.count, INVITATIONS.has, {})


@strawberry.input
class InviteMemberInput:
    """Whom to invite, and to which roles: none that grants more than you have."""

    email: str
    roles: list[str]


@strawberry.input
class RevokeInvitationInput:
    """Which invitation."""

    id: strawberry.ID


@strawberry.type
class InviteMemberPayload(ChangePayload):
    """Answers inviteMember. Its source is ``_Invited``."""

    invitation: Invitation | None = held("row")
    link: str | None = strawberry.field(
        description="The path of the page where it is accepted, good for a week: shown now and never again."
    )


@strawberry.type
class RevokeInvitationPayload(ChangePayload):
    """Answers revokeInvitation."""

    invitation: Invitation | None = held("row")


@dataclass(slots=True)
class _Invited(Payload):
    """A payload that carries the link as well."""

    link: str | None = None


async def _invitations(  # noqa: PLR0917  # the arguments of a list, as Relay names them
    info: Info,
    first: int | None = strawberry.UNSET,
    after: str | None = strawberry.UNSET,
    last: int | None = strawberry.UNSET,
    before: str | None = strawberry.UNSET,
    where: InvitationWhere | None = strawberry.UNSET,
    order_by: list[InvitationSort] | None = strawberry.UNSET,
    offset: int | None = strawberry.UNSET,
) -> Any:  # Any: a Listed
    arguments = PageArguments(*map(given, (first, after, last, before, where, order_by, None, offset)))
    request, binding = arguments.request(LIST, info.context)
    return Listed(LIST, await INVITATIONS.page(info.context.read, request), binding, info.context)


async def _invite(info: Info, input: InviteMemberInput) -> Any:  # Any: a Payload
    made = await answered(invite_member(info.context.write, input.email, input.roles))
    if made.problems:
        return _Invited(problems=made.problems)
    return _Invited(made.row.row, link=LINK.format(made.row.token))


async def _revoke(info: Info, input: RevokeInvitationInput) -> Any:  # Any: a Payload
    problems: list[Problem] = []
    invitation_id = id_in(input.id, PREFIX, problems, "id")
    return refused(*problems) if problems else await answered(revoke_invitation(info.context.write, invitation_id))


@strawberry.type
class InvitationQueries:
    """The root field of invitations."""

    invitations: Connection[Invitation] = root_field(
        _invitations, gate=READ, description="Who was invited, the newest first unless ordered otherwise."
    )


@strawberry.type
class InvitationMutations:
    """The mutations of invitations."""

    invite_member: InviteMemberPayload = root_field(
        _invite,
        gate=READ,
        description="Invite an address to roles within your own, judged now and when it is accepted.",
    )
    revoke_invitation: RevokeInvitationPayload = root_field(
        _revoke, gate=READ, description="End an open invitation: its link is worth nothing any more."
    )
