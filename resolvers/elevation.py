"""Elevation: a session gets more rights for some minutes, and gives them up."""

from collections.abc import Iterator
from contextlib import contextmanager

from auth.elevation import MOST_SCOPES, Wanted, elevation_faults
from auth.elevation import elevate as elevate_session
from auth.elevation import end_elevation as end_session_elevation
from auth.errors import AuthError, BadSession, Forbidden, Unconfirmed, WrongPassword
from auth.principal import Elevation
from auth.records import note
from auth.session_desk import NO_SESSION
from resolvers.changes import refuse
from resolvers.context import WriteContext
from resolvers.errors import Invalid, NotFound, Problem, Problems
from resolvers.sessions import MOVED, slot_of

NOT_ELEVATED = "You are not elevated."
SHOWN = 40
"""Characters of what was asked for that are recorded."""


async def elevate(ctx: WriteContext, wanted: Wanted, password: str | None) -> Elevation:
    """Let the caller's session do more for a while, once its person has shown that they are there; a refusal goes on
    record too. Raises Problem, Problems.
    """
    with refusals_on_record(ctx, scopes=[note(scope[:SHOWN]) for scope in wanted.scopes[:MOST_SCOPES]]):
        slot, who, actor = slot_of(ctx), ctx.principal, ctx.author
        if who.session_key is None:
            raise Invalid(NO_SESSION)
        refuse([Problem(message, part, code=code) for code, message, part in elevation_faults(who, wanted)])
        await _confirm(ctx, password)
        try:
            secret, elevation = await elevate_session(ctx.database.directory, who, wanted, actor, ctx.clock())
        except BadSession:
            raise Problem(MOVED, code="CONFLICT") from None
    slot.put(secret)
    return elevation


async def end_elevation(ctx: WriteContext) -> Elevation:
    """Give up what the caller's session was elevated to; answers it as it was. Raises Problem."""
    try:
        ended = await end_session_elevation(ctx.database.directory, ctx.principal, ctx.author, ctx.clock())
    except Forbidden as error:
        raise Invalid(error.message) from None
    if ended is None:
        raise NotFound(NOT_ELEVATED)
    return ended


@contextmanager
def refusals_on_record(ctx: WriteContext, **said: object) -> Iterator[None]:
    """Have what is refused inside put on record as a denial: what was asked for, and never what was typed to show who
    it is.
    """
    try:
        yield
    except (Problem, Problems) as error:
        if ctx.actor is not None:
            ctx.actor.refused = {
                **{name: [None, value] for name, value in said.items()},
                "refused": [None, note(str(error))],
            }
        raise


async def _confirm(ctx: WriteContext, password: str | None) -> None:
    """Raises Problem."""
    if ctx.confirmation is None:
        raise Invalid("Nobody can be elevated here.")
    try:
        await ctx.confirmation.confirm(ctx.principal, password, ctx.author.address, ctx.clock())
    except (Unconfirmed, WrongPassword) as error:
        raise Problem(error.message, "password", code="UNCONFIRMED") from None
    except AuthError as error:  # too many of them, or too many people at once
        raise Problem(error.message, "password", code="TOO_MANY") from None
