"""The API keys of a tenant, and the rules by which members make, rotate and revoke them."""

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from auth.errors import OperatorError
from auth.key_desk import NewKey, living_key
from auth.key_desk import create_key as make_key
from auth.key_desk import revoke_key as end_key
from auth.key_desk import rotate_key as replace_key
from db.directory import Row
from resolvers.context import ReadContext, WriteContext
from resolvers.errors import Invalid, NotFound, Problem
from resolvers.tenant_lists import DirectoryList

BEYOND = "This is more than you may do yourself."
ELSEWHERE = "Your membership does not let you be in that space."
BY_KEY = "An API key makes no keys: they would outlive it."
T = TypeVar("T")
_PROBLEMS = {
    "label": ("INVALID", "label"),
    "permission": ("INVALID", "permissions"),
    "beyond": ("BEYOND_YOURS", "permissions"),
    "network": ("INVALID", "networks"),
    "days": ("OUT_OF_RANGE", "days"),
    "overlap": ("OUT_OF_RANGE", "overlapHours"),
    "no such key": ("NOT_FOUND", "name"),
    "too many": ("TOO_MANY",),
}
"""By the desk's reason: the code of the problem and the field of the input."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A key that was made just now. ``secret`` is the whole key's text: told once and kept nowhere."""

    row: Row
    secret: str


API_KEYS = DirectoryList(lambda directory: directory.api_keys)


async def create_key(ctx: WriteContext, new: NewKey) -> Shown:
    """A key of the caller's own making, with at most what the caller may do. Raises Problem."""
    _refuse_key(ctx)
    if new.space not in ctx.principal.spaces:
        raise Problem(ELSEWHERE, "space", code="BEYOND_YOURS")
    who, directory = ctx.principal, ctx.database.directory
    making = make_key(directory, who.tenant.hex, who.user_id, who.lasting, new, ctx.clock, actor=ctx.author)
    made = await _desk(making)
    return Shown(await _key(ctx, made.name), made.text)


async def rotate_key(ctx: WriteContext, name: str, overlap: timedelta, days: int) -> Shown:
    """A new key like that one, which ends after ``overlap``. Its maker is who rotates, so it has to be within what the
    caller may do: whoever gets to know a secret can use it. Raises Problem.
    """
    _refuse_key(ctx)
    who, directory = ctx.principal, ctx.database.directory
    old = await _desk(living_key(directory, who.tenant.hex, name, ctx.clock))
    if old["space"] not in who.spaces or not all(map(who.lasting.covers, old["permissions"])):
        raise Problem(BEYOND, "name", code="BEYOND_YOURS")
    made = await _desk(
        replace_key(
            directory,
            who.tenant.hex,
            old["name"],
            overlap,
            days,
            ctx.clock,
            maker_id=who.user_id,
            actor=ctx.author,
        )
    )
    return Shown(await _key(ctx, made.name), made.text)


async def revoke_key(ctx: WriteContext, name: str) -> Row:
    """End a key at once, with its streams: any key of the tenant, also one that may do more. Raises Problem."""
    directory, tenant = ctx.database.directory, ctx.principal.tenant.hex
    before = await _desk(living_key(directory, tenant, name, ctx.clock))
    await _desk(end_key(directory, tenant, before["name"], ctx.clock, ctx.author))
    return await _key(ctx, before["name"])


def _refuse_key(ctx: WriteContext) -> None:
    """Raises Invalid: what a key made would be bound by neither its end nor its networks."""
    if ctx.principal.key_name is not None:
        raise Invalid(BY_KEY)


async def _desk(work: Awaitable[T]) -> T:
    """What the desk refuses, as a problem of the mutation."""
    try:
        return await work
    except OperatorError as error:
        code, *field = _PROBLEMS[error.reason]
        raise Problem(error.message, *field, code=code) from None


async def _key(ctx: ReadContext, name: str) -> Row:
    row = await ctx.database.directory.api_keys.by_name(ctx.principal.tenant.hex, name)
    if row is None:
        raise NotFound("There is no such key.", "name")
    return row
