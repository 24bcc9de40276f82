"""What is left of a caller's budgets, as the operation that asks has left them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from auth.budgets import Account

if TYPE_CHECKING:
    from resolvers.context import ReadContext


@dataclass(frozen=True, slots=True)
class Budget:
    """One of them, in units of cost. ``full_at``: when all of it is there again, if nothing more is used."""

    account: Account
    limit: int
    remaining: int
    full_at: datetime


@dataclass(frozen=True, slots=True)
class BudgetsLeft:
    """All that the operation goes to. ``tightest`` is the one that is nearest to its end, ``cost`` what the operation
    took of each; what it did not cost is given back after it.
    """

    cost: int
    tightest: Budget
    budgets: list[Budget]


def budgets_left(ctx: "ReadContext") -> BudgetsLeft | None:
    """None where nothing is counted."""
    charge = ctx.charge
    if charge is None:
        return None
    now, found = ctx.clock(), []
    for number, (allowance, _) in enumerate(charge.buckets):
        full_in = charge.full_in(number)
        full_at = now + timedelta(seconds=full_in)
        found.append(Budget(Account(allowance.kind), allowance.most, allowance.left(full_in), full_at))
    return BudgetsLeft(charge.units, found[charge.tightest], found)
