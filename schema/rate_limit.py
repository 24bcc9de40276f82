"""Budgets, spoken: what a caller may still use."""

import enum
from datetime import datetime
from typing import Any

import strawberry

from resolvers.rate_limit import Budget as Entry
from resolvers.rate_limit import budgets_left
from schema.fields import Info, root_field
from schema.weights import at_most


@strawberry.enum(description="Whose budget it is.")
class BudgetName(enum.Enum):
    """As ``auth/budgets.py`` has them."""

    TENANT = strawberry.enum_value("tenant", description="All of your tenant's together.")
    USER = strawberry.enum_value("user", description="Your own in this tenant.")
    KEY = strawberry.enum_value("key", description="The API key's, or the peer's.")
    ADDRESS = strawberry.enum_value("address", description="That of the address you come from.")


@strawberry.type(description="A budget: it holds what may be used in a minute, and fills all the time.")
class Budget:
    """Made of what ``resolvers/rate_limit.py`` answers."""

    name: BudgetName
    limit: int = strawberry.field(description="Units of cost that it holds at most, and that flow in each minute.")
    remaining: int = strawberry.field(description="What is in it.")
    reset_at: datetime = strawberry.field(description="When it is full again, if nothing more is used.")


@strawberry.type(description="What you may still use, in units of cost.")
class RateLimit:
    """The tightest budget, and all of them."""

    cost: int = strawberry.field(
        description="What this operation took of each budget before it ran; what it did not cost is given back."
    )
    tightest: Budget = strawberry.field(description="The budget that is nearest to its end, as RateLimit tells it.")
    budgets: list[Budget] = strawberry.field(description="All that this operation goes to.", directives=at_most(3))


def _shown(entry: Entry) -> Budget:
    name = BudgetName[entry.account.name]
    return Budget(name=name, limit=entry.limit, remaining=entry.remaining, reset_at=entry.full_at)


def _rate_limit(info: Info) -> Any:  # Any: a RateLimit, or None
    left = budgets_left(info.context.read)
    if left is None:
        return None
    return RateLimit(cost=left.cost, tightest=_shown(left.tightest), budgets=[_shown(each) for each in left.budgets])


@strawberry.type
class RateLimitQueries:
    """The root field of budgets."""

    rate_limit: RateLimit | None = root_field(
        _rate_limit, gate=None, description="What you may still use; null where nothing is counted."
    )
