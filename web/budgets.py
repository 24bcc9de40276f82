"""Budgets at the front door: what the settings allow, header fields that tell what is left, and counts.

``RateLimit`` and ``RateLimit-Policy`` are those of the IETF's draft (draft-ietf-httpapi-ratelimit-headers): of the
budget that is nearest to its end. Its unit is ``cost``, not requests.
"""

import math
from collections.abc import Iterator
from contextlib import AsyncExitStack
from functools import lru_cache

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.datastructures import State

from auth.budgets import WINDOW_SECONDS, Account, Budgets, Charge
from db.buckets import Allowance, MemoryBuckets
from db.redis_buckets import shared_buckets
from schema.refusals import seconds_of
from web.refusals import Header
from web.settings import Settings


async def open_budgets(state: State, closing: AsyncExitStack) -> Budgets | None:
    """Who counts what everybody uses; None where nothing is counted."""
    settings: Settings = state.settings
    per_minute = {
        Account.TENANT: settings.budget_tenant,
        Account.USER: settings.budget_user,
        Account.KEY: settings.budget_key,
        Account.ADDRESS: settings.budget_address,
    }
    if not any(per_minute.values()):
        return None
    realm = state.keyring.keys("budgets")[0][:8].hex()
    shared = shared_buckets(state.bus, realm, lambda: state.entrance.workers)
    if shared is not None:
        await shared.start()
        closing.push_async_callback(shared.stop)
    budgets = Budgets(shared or MemoryBuckets(), per_minute)
    closing.callback(budgets.stop)
    state.metrics.registry.register(BudgetCounts(budgets))
    return budgets


def budget_fields(charge: Charge | None) -> tuple[Header, ...]:
    """What an answer says of its caller's budgets."""
    if charge is None:
        return ()
    tab = charge.tab
    fields: tuple[Header, ...] | None = tab.fields
    if fields is None:
        fields = _fields(charge)
        if tab.runs:  # else each answer tells what is left to the unit
            tab.fields = fields
    return fields


def _fields(charge: Charge) -> tuple[Header, ...]:
    number = charge.tightest
    allowance, full_in = charge.buckets[number].allowance, charge.full_in(number)
    policy, told = _words_of(allowance)
    fields = (policy, (b"ratelimit", told % (allowance.left(full_in), math.ceil(full_in))))
    return fields if charge.short is None else (*fields, (b"retry-after", b"%d" % seconds_of(charge)))


@lru_cache(maxsize=8)
def _words_of(allowance: Allowance) -> tuple[Header, bytes]:
    kind = allowance.kind.encode()
    policy = b'"%s";q=%d;qu="cost";w=%d' % (kind, allowance.most, WINDOW_SECONDS)
    return (b"ratelimit-policy", policy), b'"%s";r=%%d;t=%%d' % kind


class BudgetCounts(Collector):
    """Tells how much was used of whose budgets, and how often which was used up, when somebody looks."""

    def __init__(self, budgets: Budgets) -> None:
        self._budgets = budgets

    def collect(self) -> Iterator[Metric]:
        ledger, refused = self._budgets.ledger, self._budgets.refused
        for name, text, counts in (
            ("taken", "Units of cost that were taken of budgets.", ledger.taken),
            ("returned", "Those of them that were given back.", ledger.returned),
            ("refused", "Operations refused for want of budget.", refused),
        ):
            family = CounterMetricFamily(f"tidegate_budget_{name}", text, labels=["bucket"])
            for account in Account:
                family.add_metric([account.value], counts[account.value])
            yield family
