"""A person's own sessions, and the tenant that one of them speaks for."""

from auth.errors import BadSession, Forbidden
from auth.session_desk import OwnSession
from auth.session_desk import list_sessions as list_own
from auth.session_desk import revoke_other_sessions as revoke_others
from auth.session_desk import revoke_session as revoke_own
from auth.session_desk import switch_space as switch_to_space
from auth.session_desk import switch_tenant as switch
from auth.spaces import Space
from db.directory import Row
from resolvers.context import ReadContext, SessionSlot, WriteContext
from resolvers.errors import Invalid, NotFound, Problem

MOVED = "The session has changed meanwhile: load the page again."
NO_SLOT = "Send this to /graphql by itself: a stream cannot carry a session's new cookie."


async def list_sessions(ctx: ReadContext) -> list[OwnSession]:
    return await list_own(ctx.database.directory, ctx.principal, ctx.lifetimes, ctx.clock)


async def revoke_session(ctx: WriteContext, session_id: str) -> OwnSession:
    """End one of the caller's own sessions (an id as hex). Raises Problem."""
    slot = slot_of(ctx) if session_id == ctx.principal.session_id else None
    try:
        revoked = await revoke_own(
            ctx.database.directory, ctx.principal, ctx.lifetimes, session_id, ctx.clock, ctx.author
        )
    except Forbidden as error:
        raise Invalid(error.message) from None
    if revoked is None:
        raise NotFound("You have no such session.", "id")
    if slot is not None:
        slot.put("")
    return revoked


async def revoke_other_sessions(ctx: WriteContext) -> int:
    """End all of the caller's sessions but the one that asks. Answers how many. Raises Problem."""
    try:
        return await revoke_others(ctx.database.directory, ctx.principal, ctx.clock, ctx.author)
    except Forbidden as error:
        raise Invalid(error.message) from None


async def switch_tenant(ctx: WriteContext, slug: str) -> Row:
    """Let the caller's session speak for another of its own tenants. Answers the membership there. Raises Problem."""
    slot, who = slot_of(ctx), ctx.author
    try:
        secret, membership = await switch(ctx.database.directory, ctx.principal, slug, who.address, ctx.clock, who)
    except Forbidden as error:
        raise (NotFound if ctx.principal.session_key else Invalid)(error.message, "slug") from None
    except BadSession:
        raise Problem(MOVED, code="CONFLICT") from None
    slot.put(secret)
    return membership


async def switch_space(ctx: WriteContext, space: Space) -> None:
    """Let the caller's session be in another space of its membership's. Raises Problem."""
    slot = slot_of(ctx)
    try:
        secret = await switch_to_space(ctx.database.directory, ctx.principal, space, ctx.clock, ctx.author)
    except Forbidden as error:
        raise Invalid(error.message, "space") from None
    except BadSession:
        raise Problem(MOVED, code="CONFLICT") from None
    slot.put(secret)


def slot_of(ctx: WriteContext) -> SessionSlot:
    """Where the session's new secret goes. Raises Problem where no answer can carry one."""
    if ctx.session_slot is None:
        raise Invalid(NO_SLOT)
    return ctx.session_slot
