"""What a seed will make: which tenants, how big, with which ids. A plan is a small value; all rows follow from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

from db.seed.names import TENANT_NAMES
from db.seed.rhythm import HOUR_MS, HOURS, milliseconds

CURRENCIES = ("EUR", "USD", "GBP")
DEMO_SHARES = (1.0, 0.2, 0.05)
"""The demo's tenants, measured in the first one's orders."""


@dataclass(frozen=True, slots=True)
class TenantPlan:
    """One tenant to be made. Equal plans give byte-equal rows, ids included."""

    slug: str
    name: str
    currency: str
    orders: int
    customers: int
    products: int
    staff: int
    seed: int
    now_ms: int

    def random(self, purpose: str) -> Random:
        """A stream of its own for each purpose, so that one part can grow without moving another."""
        return Random(f"{self.seed}/{self.slug}/{purpose}")

    @property
    def born_ms(self) -> int:
        """Before its first order, and different for each slug."""
        return self.now_ms - (HOURS + 24 * 90) * HOUR_MS + self.random("birth").randrange(24 * HOUR_MS)

    @property
    def tenant_id(self) -> str:
        return seeded_id(self.born_ms, self.random("tenant"))


def seeded_id(ms: int, random: Random) -> str:
    """32 hex digits shaped as UUIDv7: the time first, then bits of a seeded stream."""
    bits = random.getrandbits(74)
    return f"{ms:012x}7{bits >> 62:03x}{(bits & 0x3FFFFFFFFFFFFFFF) | 0x8000000000000000:016x}"


def plan_tenants(orders: int, tenants: int, seed: int, now: datetime) -> list[TenantPlan]:
    """``orders`` spread over ``tenants``: the largest holds half, the others less and less."""
    if tenants < 1 or orders < tenants:
        raise ValueError("a seed needs at least one tenant, and an order for each")
    return [_tenant(place, count, seed, now) for place, count in enumerate(_shares(orders, tenants))]


def plan_demo(orders: int, seed: int, now: datetime) -> list[TenantPlan]:
    """``acme`` with this many orders, ``globex`` with a fifth of it, ``initech`` with a twentieth."""
    return [_tenant(place, max(1, int(orders * share)), seed, now) for place, share in enumerate(DEMO_SHARES)]


def _shares(orders: int, tenants: int) -> Sequence[int]:
    rest = tenants - 1
    if rest == 0:
        return [orders]
    weights = [1 / (place + 1) for place in range(rest)]
    spare = max(0, orders // 2 - rest)
    smaller = [1 + int(spare * weight / sum(weights)) for weight in weights]
    return [orders - sum(smaller), *smaller]


def _tenant(place: int, orders: int, seed: int, now: datetime) -> TenantPlan:
    slug, name = TENANT_NAMES[place] if place < len(TENANT_NAMES) else (f"tenant-{place + 1}", f"Tenant {place + 1}")
    return TenantPlan(
        slug=slug,
        name=name,
        currency=CURRENCIES[place % len(CURRENCIES)],
        orders=orders,
        customers=max(200, orders // 10),
        products=min(2_000, max(500, orders // 100)),
        staff=min(20, 6 + orders // 2_000),
        seed=seed,
        now_ms=milliseconds(now),
    )
