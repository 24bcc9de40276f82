"""Members, spoken: who belongs to the tenant, with which roles, and how they come and go."""

import enum
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import strawberry

from resolvers.context import WriteContext
from resolvers.errors import Problem
from resolvers.members import (
    MEMBERS,
    assign_role,
    disable_user,
    enable_user,
    remove_member,
    unassign_role,
)
from schema.changes import ChangePayload, id_in
from schema.connections import Connection, Listed, ListSpec
from schema.directives import RequiresPermission
from schema.fields import Info, column, given, held, prefixed, root_field
from schema.filters import DateTimeFilter, IDFilter, StringFilter, filter_on, operator
from schema.page_arguments import NullsOrder, PageArguments, SortDirection
from schema.user_errors import Payload, answered, refused

READ = "admin:members"
PREFIX = "usr"


@strawberry.type(description="A user who belongs to the tenant.", directives=[RequiresPermission(permission=READ)])
class Member:
    """A row of ``db.members.MEMBERS``."""

    id: strawberry.ID = prefixed(f"{PREFIX}_", "id", description="The user's.")
    email: str = column("email")
    name: str = column("name")
    roles: list[str] = column("roles", description="By name.")
    disabled_at: datetime | None = column("disabled_at", description="Since when the member may do nothing here.")
    version: int = column("version")
    created_at: datetime = column("created_at", description="When the user became a member.")
    updated_at: datetime = column("updated_at")


@strawberry.input
class MemberWhere:
    """Conditions on a member; several fields must all hold."""

    and_: list["MemberWhere"] | None = strawberry.field(default=strawberry.UNSET, name="and")
    or_: list["MemberWhere"] | None = strawberry.field(default=strawberry.UNSET, name="or")
    not_: "MemberWhere | None" = strawberry.field(default=strawberry.UNSET, name="not")
    id: IDFilter | None = filter_on("id", prefix=PREFIX)
    email: StringFilter | None = filter_on("email")
    name: StringFilter | None = filter_on("name")
    disabled_at: DateTimeFilter | None = filter_on("disabled_at")
    created_at: DateTimeFilter | None = filter_on("created_at")


@strawberry.enum(description="What members can be sorted by.")
class MemberSortField(enum.Enum):
    """Values are columns."""

    CREATED_AT = "created_at"
    EMAIL = "email"
    NAME = "name"


@strawberry.input
class MemberSort:
    """One field of an order."""

    field: MemberSortField
    direction: SortDirection = SortDirection.ASC
    nulls: NullsOrder | None = operator()


LIST = ListSpec("member", MEMBERS.page, MEMBERS.count, MEMBERS.has, {})


@strawberry.input
class MemberRoleInput:
    """Which member, and which role."""

    user_id: strawberry.ID
    role: str


@strawberry.input
class MemberInput:
    """Which member."""

    user_id: strawberry.ID


@strawberry.type
class MemberPayload(ChangePayload):
    """What every mutation of a member answers with."""

    member: Member | None = held("row")


@strawberry.type
class AssignRolePayload(MemberPayload):
    """Answers assignRole."""


@strawberry.type
class UnassignRolePayload(MemberPayload):
    """Answers unassignRole."""


@strawberry.type
class RemoveMemberPayload(MemberPayload):
    """Answers removeMember, with the member as it was."""


@strawberry.type
class DisableUserPayload(MemberPayload):
    """Answers disableUser."""


@strawberry.type
class EnableUserPayload(MemberPayload):
    """Answers enableUser."""


async def _members(  # noqa: PLR0917  # the arguments of a list, as Relay names them
    info: Info,
    first: int | None = strawberry.UNSET,
    after: str | None = strawberry.UNSET,
    last: int | None = strawberry.UNSET,
    before: str | None = strawberry.UNSET,
    where: MemberWhere | None = strawberry.UNSET,
    order_by: list[MemberSort] | None = strawberry.UNSET,
    offset: int | None = strawberry.UNSET,
) -> Any:  # Any: a Listed
    arguments = PageArguments(*map(given, (first, after, last, before, where, order_by, None, offset)))
    request, binding = arguments.request(LIST, info.context)
    return Listed(LIST, await MEMBERS.page(info.context.read, request), binding, info.context)


async def _with_role(
    info: Info, input: MemberRoleInput, change: Callable[[WriteContext, str, str], Awaitable[Any]]
) -> Payload:  # Any: a row
    problems: list[Problem] = []
    user_id = id_in(input.user_id, PREFIX, problems, "userId")
    return refused(*problems) if problems else await answered(change(info.context.write, user_id, input.role))


async def _of_member(
    info: Info, input: MemberInput, change: Callable[[WriteContext, str], Awaitable[Any]]
) -> Payload:  # Any: a row
    problems: list[Problem] = []
    user_id = id_in(input.user_id, PREFIX, problems, "userId")
    return refused(*problems) if problems else await answered(change(info.context.write, user_id))


async def _assign(info: Info, input: MemberRoleInput) -> Any:  # Any: a Payload
    return await _with_role(info, input, assign_role)


async def _unassign(info: Info, input: MemberRoleInput) -> Any:  # Any: a Payload
    return await _with_role(info, input, unassign_role)


async def _remove(info: Info, input: MemberInput) -> Any:  # Any: a Payload
    return await _of_member(info, input, remove_member)


async def _disable(info: Info, input: MemberInput) -> Any:  # Any: a Payload
    return await _of_member(info, input, disable_user)


async def _enable(info: Info, input: MemberInput) -> Any:  # Any: a Payload
    return await _of_member(info, input, enable_user)


@strawberry.type
class MemberQueries:
    """The root field of members."""

    members: Connection[Member] = root_field(
        _members, gate=READ, description="Who belongs to the tenant, the newest first unless ordered otherwise."
    )


@strawberry.type
class MemberMutations:
    """The mutations of members. Nobody gives, takes or acts on more than they have themselves."""

    assign_role: AssignRolePayload = root_field(_assign, gate=READ, description="Give a member one role more.")
    unassign_role: UnassignRolePayload = root_field(
        _unassign, gate=READ, description="Take one of several roles from a member; never the last admin's."
    )
    remove_member: RemoveMemberPayload = root_field(
        _remove,
        gate=READ,
        description="End a membership, with all that is signed in by it; never the last admin's.",
    )
    disable_user: DisableUserPayload = root_field(
        _disable,
        gate=READ,
        description="Let a member do nothing in this tenant until it is enabled again; never the last admin.",
    )
    enable_user: EnableUserPayload = root_field(_enable, gate=READ, description="Let a disabled member act again.")
