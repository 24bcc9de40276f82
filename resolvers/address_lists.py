"""From where a tenant may be used, and the rules by which members change it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from auth.address_desk import NewList, checked_list, put_list
from auth.addresses import EVERYTHING, may_come_from
from auth.errors import OperatorError
from auth.permissions import PermissionSet
from resolvers.context import ReadContext, WriteContext
from resolvers.errors import Problem

CHANGES = "admin:addresses"
"""What it takes to change a list, so that nobody may be left without it by doing so."""
BEYOND = "This is more than you may do yourself."
_FIELDS = {"permission": ("INVALID", "permission"), "network": ("INVALID", "networks"), "too many": ("TOO_MANY",)}
"""By the desk's reason: the code of the problem and the field of the input."""


@dataclass(frozen=True, slots=True)
class AddressList:
    """A grant (``*`` for everything), and the networks that it counts from."""

    permission: str
    networks: list[str]


async def list_address_lists(ctx: ReadContext) -> list[AddressList]:
    """Those of the caller's tenant, by grant."""
    return _shown(await ctx.database.directory.address_lists.of_tenant(ctx.principal.tenant.hex))


async def set_address_list(ctx: WriteContext, permission: str, networks: Sequence[str]) -> list[AddressList]:
    """Bind a grant to networks; to none: it counts from anywhere again. From the next request on, and on open streams.
    Answers all lists. Raises Problem.
    """
    directory, tenant = ctx.database.directory, ctx.principal.tenant.hex
    before = await directory.address_lists.of_tenant(tenant)
    new = _checked(permission, networks, before)
    if new.grant != EVERYTHING and not ctx.principal.permissions.covers(new.grant):
        raise Problem(BEYOND, "permission", code="BEYOND_YOURS")
    _refuse_lockout(ctx, new)
    if before.get(new.grant, []) == list(new.networks):
        return _shown(before)
    return _shown(await put_list(directory, tenant, new, before, ctx.clock, ctx.author))


def _checked(permission: str, networks: Sequence[str], known: Mapping[str, list[str]]) -> NewList:
    try:
        return checked_list(permission, networks, dict(known))
    except OperatorError as error:
        code, *field = _FIELDS[error.reason]
        raise Problem(error.message, *field, code=code) from None


def _refuse_lockout(ctx: WriteContext, new: NewList) -> None:
    """Raises Problem for a list by which who makes it could not take it back."""
    address = None if ctx.actor is None else ctx.actor.address
    if new.networks and _binds(new.grant) and not may_come_from(address, new.networks):
        where = "You are at no known address" if address is None else f"You are at {address}"
        raise Problem(f"{where}: this list would lock you out.", "networks", code="LOCKS_YOU_OUT")


def _binds(grant: str) -> bool:
    """Whether a list of the grant decides where lists can be changed."""
    return PermissionSet.of((grant,)).covers(CHANGES)


def _shown(lists: Mapping[str, list[str]]) -> list[AddressList]:
    return [AddressList(grant, networks) for grant, networks in sorted(lists.items())]
