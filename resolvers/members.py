"""The members of a tenant, and the rules by which they come to roles and leave."""

from collections.abc import Mapping, Sequence
from typing import Any

from db.audit_records import AuditRecord
from db.directory import Row
from db.ids import public_id
from db.members import ADMIN
from resolvers.context import ReadContext, WriteContext
from resolvers.errors import Invalid, NotFound, Problem
from resolvers.roles import MOVED, check_gift, role_of
from resolvers.tenant_lists import DirectoryList

LAST_ADMIN = "Somebody who can act has to have the role admin."


MEMBERS = DirectoryList(lambda directory: directory.members)


async def assign_role(ctx: WriteContext, user_id: str, role: str) -> Row:
    """Give a member one role more; one that is held already changes nothing. Raises Problem."""
    member, given = await _member(ctx, user_id), await role_of(ctx, role)
    check_gift(ctx, given, field="role")
    if role not in member["roles"]:
        members, tenant = ctx.database.directory.members, ctx.principal.tenant.hex
        record = _record(ctx, "assignRole", user_id, {"roles": [member["roles"], sorted([*member["roles"], role])]})
        if not await members.give(tenant, user_id, role, given["version"], record=record):
            raise Problem(MOVED, "role", code="CONFLICT")
    return await _member(ctx, user_id)


async def unassign_role(ctx: WriteContext, user_id: str, role: str) -> Row:
    """Take one of several roles from a member. Raises Problem."""
    member = await _member(ctx, user_id)
    if role not in member["roles"]:
        raise NotFound("The member does not have this role.", "role")
    check_gift(ctx, await role_of(ctx, role), field="role")
    if member["roles"] == [role]:
        raise Invalid("A member has at least one role: remove the member instead.", "role")
    record = _record(ctx, "unassignRole", user_id, {"roles": [member["roles"], _without(member["roles"], role)]})
    if not await ctx.database.directory.members.take(ctx.principal.tenant.hex, user_id, role, record=record):
        raise _refused(role == ADMIN)
    return await _member(ctx, user_id)


async def remove_member(ctx: WriteContext, user_id: str) -> Row:
    """End a membership: sessions, keys and streams of it end with it. Answers the member as it was. Raises Problem."""
    member = await _member_within_reach(ctx, user_id)
    record = _record(ctx, "removeMember", user_id, {"roles": [member["roles"], None]})
    if not await ctx.database.directory.members.remove(ctx.principal.tenant.hex, user_id, record=record):
        raise _refused(ADMIN in member["roles"])
    return member


async def disable_user(ctx: WriteContext, user_id: str) -> Row:
    """Let a member do nothing more in this tenant until it is enabled again. Raises Problem."""
    member = await _member_within_reach(ctx, user_id)
    if member["disabled_at"] is None:
        record = _record(ctx, "disableUser", user_id, {"disabled": [False, True]})
        if not await ctx.database.directory.members.disable(ctx.principal.tenant.hex, user_id, record=record):
            raise _refused(ADMIN in member["roles"])
    return await _member(ctx, user_id)


async def enable_user(ctx: WriteContext, user_id: str) -> Row:
    """Let a disabled member act again. Raises Problem."""
    await _member_within_reach(ctx, user_id)
    record = _record(ctx, "enableUser", user_id, {"disabled": [True, False]})
    await ctx.database.directory.members.enable(ctx.principal.tenant.hex, user_id, record=record)
    return await _member(ctx, user_id)


async def check_assignee(ctx: ReadContext, changes: Mapping[str, Any]) -> None:  # Any: columns
    """Whom a row is assigned to has to be a member who can act; nobody is nobody. Raises NotFound. To be asked before a
    transaction begins: the directory is another connection.
    """
    assignee = changes.get("assigned_to")
    if assignee is None:
        return
    found = await ctx.database.directory.members.by_id(ctx.principal.tenant.hex, [assignee])
    if assignee not in found or found[assignee]["disabled_at"] is not None:
        raise NotFound("There is no such member.", "assignedToId")


async def _member(ctx: ReadContext, user_id: str) -> Row:
    """Raises NotFound: alike for nobody, and for somebody of other tenants."""
    row = (await ctx.database.directory.members.by_id(ctx.principal.tenant.hex, [user_id])).get(user_id)
    if row is None:
        raise NotFound("There is no such member.", "userId")
    return row


async def _member_within_reach(ctx: ReadContext, user_id: str) -> Row:
    """A member who may do no more than the caller. Raises Problem."""
    member = await _member(ctx, user_id)
    roles = await ctx.database.directory.roles.by_name(ctx.principal.tenant.hex, member["roles"])
    check_gift(ctx, *roles.values(), field="userId")
    return member


def _refused(admin: bool) -> Problem:
    """Why nothing changed: the last admin stays, or somebody else was quicker."""
    if admin:
        return Problem(LAST_ADMIN, "userId", code="LAST_ADMIN")
    return Problem("The member has changed meanwhile.", "userId", code="CONFLICT")


def _without(roles: Sequence[str], role: str) -> list[str]:
    return [each for each in roles if each != role]


def _record(ctx: WriteContext, action: str, user_id: str, changes: dict[str, Any]) -> AuditRecord:  # Any: JSON
    return ctx.record(action, "member", public_id("usr", user_id), changes)
