"""Invitations into a tenant, and the rules by which they are made and ended."""

from collections.abc import Sequence
from dataclasses import dataclass

from auth.invitations import PERMISSION, invited_address, make_invitation
from db.directory import Row
from db.ids import public_id
from db.invitations import MOST
from resolvers.context import ReadContext, WriteContext
from resolvers.errors import Invalid, NotFound, Problem
from resolvers.roles import check_gift
from resolvers.tenant_lists import DirectoryList

MOST_ROLES = 20
"""Roles that one invitation gives."""


@dataclass(frozen=True, slots=True)
class MadeInvitation:
    """``token`` is shown now and kept nowhere."""

    row: Row
    token: str


INVITATIONS = DirectoryList(lambda directory: directory.invitations)


async def invite_member(ctx: WriteContext, email: str, roles: Sequence[str]) -> MadeInvitation:
    """Invite an address to roles that the caller could give; the open invitation of that address is over. Raises
    Problem.
    """
    tenant, directory = ctx.principal.tenant.hex, ctx.database.directory
    address = invited_address(email)
    if address is None:
        raise Invalid("This is no email address, or has letters that look like others.", "email")
    if not 1 <= len(set(roles)) <= MOST_ROLES:
        raise Invalid(f"An invitation gives 1 to {MOST_ROLES} roles.", "roles")
    found = await directory.roles.by_name(tenant, list(set(roles)))
    if set(found) != set(roles):
        raise NotFound("There is no such role.", "roles")
    check_gift(ctx, *found.values(), field="roles")
    if not ctx.principal.lasting.covers(PERMISSION):  # an elevation ends, and with it what it invited to
        raise Problem("Whoever may invite for a while only cannot: an invitation outlives that.", code="BEYOND_YOURS")
    if await directory.invitations.is_member(tenant, address):
        raise Problem("Somebody with this address is a member.", "email", code="TAKEN")
    made = await make_invitation(directory, tenant, address, roles, ctx.principal.user_id, ctx.clock, actor=ctx.author)
    if made is None:
        raise Problem(f"A tenant has at most {MOST:,} open invitations.", code="TOO_MANY")
    return MadeInvitation(await _invitation(ctx, made.id), made.token)


async def revoke_invitation(ctx: WriteContext, invitation_id: str) -> Row:
    """End an open invitation: its link is worth nothing any more. Raises Problem."""
    row, invitations = await _invitation(ctx, invitation_id), ctx.database.directory.invitations
    changes = {"email": [row["email"], None], "roles": [row["roles"], None]}
    record = ctx.record("revokeInvitation", "invitation", public_id("inv", invitation_id), changes)
    if not await invitations.revoke(ctx.principal.tenant.hex, invitation_id, record=record):
        raise Invalid("The invitation is over already.", "id")
    return await _invitation(ctx, invitation_id)


async def _invitation(ctx: ReadContext, invitation_id: str) -> Row:
    """Raises NotFound: alike for none, and for another tenant's."""
    row = await ctx.database.directory.invitations.by_id(ctx.principal.tenant.hex, invitation_id)
    if row is None:
        raise NotFound("There is no such invitation.", "id")
    return row
