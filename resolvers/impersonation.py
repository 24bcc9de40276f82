"""Impersonation: a person acts as another member of the tenant for a while, and stops doing so."""

from auth.errors import BadSession, Forbidden
from auth.impersonation import MORE, has_more, is_able, justification_faults
from auth.impersonation import end_impersonation as end_session_impersonation
from auth.impersonation import impersonate as let_act
from auth.principal import Principal
from auth.records import note
from db.directory import Row
from db.ids import BadId, hex_of
from resolvers.changes import refuse
from resolvers.context import WriteContext
from resolvers.elevation import SHOWN, refusals_on_record
from resolvers.errors import Invalid, NotFound, Problem
from resolvers.sessions import MOVED, slot_of

NOBODY = "You act as nobody but yourself."


async def impersonate(ctx: WriteContext, member: str, justification: str) -> Principal:
    """Let the caller's session act as another member (a public id); answers who it is now. A refusal goes on record
    too. Raises Problem, Problems.
    """
    with refusals_on_record(ctx, userId=note(member[:SHOWN])):
        slot, who, actor = slot_of(ctx), ctx.principal, ctx.author
        refuse([Problem(message, part, code=code) for code, message, part in justification_faults(justification)])
        user_id = _id_of(member)
        if user_id == who.user_id:
            raise Invalid("That is you.", "userId")
        row = await _member(ctx, user_id)
        if has_more(who, row):
            raise Problem(MORE, "userId", code="BEYOND_YOURS")
        try:
            secret, principal = await let_act(ctx.database.directory, who, row, justification, actor, ctx.clock())
        except Forbidden as error:
            raise Invalid(error.message) from None
        except BadSession:
            raise Problem(MOVED, code="CONFLICT") from None
    slot.put(secret)
    return principal


async def end_impersonation(ctx: WriteContext) -> Principal:
    """Let the caller's session be its person's own again; answers as whom it acted. Raises Problem."""
    slot, who = slot_of(ctx), ctx.principal
    if who.acting_for is None:
        raise NotFound(NOBODY)
    try:
        secret = await end_session_impersonation(ctx.database.directory, who, ctx.author, ctx.clock())
    except BadSession:
        raise Problem(MOVED, code="CONFLICT") from None
    slot.put(secret)
    return who


def _id_of(member: str) -> str:
    """Raises Invalid."""
    try:
        return hex_of(member, "usr")
    except BadId as error:
        raise Invalid(str(error), "userId") from None


async def _member(ctx: WriteContext, user_id: str) -> Row:
    """Raises NotFound: alike for nobody, for somebody of other tenants, and for who cannot act."""
    asked = [(user_id, ctx.principal.tenant.hex, None)]
    row = (await ctx.database.directory.callers_by_token(asked)).get(0)
    if row is None or not is_able(row):
        raise NotFound("There is no such member.", "userId")
    return row
