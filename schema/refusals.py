"""The errors of operations that are refused before they run."""

import math

from graphql import GraphQLError

from auth.budgets import Account, Charge
from auth.principal import Principal
from schema.documents import Refused
from schema.errors import coded
from schema.meter import Cost


def with_code(error: GraphQLError, code: str) -> GraphQLError:
    """The error with this code, unless it has one."""
    if (error.extensions or {}).get("code"):
        return error
    return GraphQLError(error.message, error.nodes, error.source, error.positions, extensions={"code": code})


def denied_error(coordinate: str, permission: str, caller: Principal | None) -> GraphQLError:
    """Why the operation is refused where the caller lacks the permission (none: where somebody acts as the caller)."""
    elsewhere = () if caller is None else caller.permissions.elsewhere(permission)
    if not permission:
        return coded(
            "FORBIDDEN", "Nobody does this for somebody else: end the impersonation first.", coordinate=coordinate
        )
    if caller is None or not elsewhere:
        withheld = caller is not None and caller.permissions.withholds(permission)
        why = ", which does not count where you are" if withheld else ""
        message = f"This needs the permission {permission}{why}."
        return coded("FORBIDDEN", message, permission=permission, coordinate=coordinate)
    message = f"This is for the space {' or '.join(elsewhere)}; you are in {caller.space}."
    return coded("FORBIDDEN", message, space=caller.space, spaces=list(elsewhere), coordinate=coordinate)


def too_dear(cost: Cost) -> Refused:
    """Why an operation of this cost is refused."""
    code, told = "COST_LIMIT_EXCEEDED", f"The operation would cost {cost.requested:,}; {cost.limit:,} is allowed."
    return Refused(code, (coded(code, told, requested=cost.requested, limit=cost.limit),))


_WHOSE = {
    Account.TENANT: "The tenant's budget",
    Account.USER: "Your budget",
    Account.KEY: "The key's budget",
    Account.ADDRESS: "The budget of your address",
}


def used_up(charge: Charge) -> Refused:
    """Why an operation is refused that its caller's budgets have not enough for."""
    name, seconds = Account.TENANT if charge.short is None else Account(charge.short.allowance.kind), seconds_of(charge)
    told = f"{_WHOSE[name]} is used up. Try again in {seconds} s."
    more = {"bucket": name.value, "requested": charge.units, "retryAfter": seconds}
    return Refused("RATE_LIMITED", (coded("RATE_LIMITED", told, **more),))


def seconds_of(charge: Charge) -> int:
    """When it may be asked again, in whole seconds from now."""
    return max(1, math.ceil(charge.wait))
