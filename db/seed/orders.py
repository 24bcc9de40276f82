"""A tenant's orders, with their items and notes: the part of a seed that is big, so it is written for speed."""

from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate, product
from random import Random

from db.search import words_of
from db.seed.catalog import products_of
from db.seed.copying import NULL, batch, copied
from db.seed.names import STAFF
from db.seed.parties import customer_births, founding_customers, sellers_of
from db.seed.phrases import DAYS, EMOJI, LONG_SENTENCES, SENTENCES
from db.seed.plan import TenantPlan
from db.seed.rhythm import HOUR_MS, as_text, rhythm_until

ORDERS_A_BATCH = 5_000
DAY_MS = 24 * HOUR_MS
_STATUSES = ("PENDING", "CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED", "CANCELLED", "REFUNDED")
_STEPS = {"PENDING": 0, "CONFIRMED": 1, "PROCESSING": 2, "SHIPPED": 3, "DELIVERED": 4, "CANCELLED": 1, "REFUNDED": 5}
# Age in days up to which a mix of statuses holds, and the mix, in the order of _STATUSES.
_MIXES = (
    (0.5, (70, 26, 2, 0, 0, 2, 0)),
    (2, (30, 45, 18, 4, 0, 3, 0)),
    (5, (8, 22, 40, 24, 2, 4, 0)),
    (12, (3, 7, 18, 48, 18, 6, 0)),
    (30, (1, 2, 5, 20, 63, 7, 2)),
    (120, (0.2, 0.4, 0.8, 3, 84.6, 7, 4)),
    (float("inf"), (0.02, 0.03, 0.05, 0.4, 87.5, 7.5, 4.5)),
)
_AGES = [age for age, _ in _MIXES]
_CHANCES = [list(accumulate(weight / sum(mix) for weight in mix)) for _, mix in _MIXES]
# How many items an order has: cumulative chances of 1, 2, 3, …; the mean is about three.
_SIZES = [0.27, 0.52, 0.70, 0.82, 0.90, 0.945, 0.967, 0.98, 0.988, 0.993, 0.996, 0.998]
_QUANTITIES = (1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 4, 5, 6, 6, 8, 10, 12, 12, 20, 24, 50, 100)
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TRIPLES = ["".join(letters) for letters in product(_CROCKFORD, repeat=3)]
_SCATTER = 0x5DEECE66D
"""Odd, so multiplying by it modulo 2**35 gives each order of a tenant a code of its own."""


class Desk:
    """What writing a tenant's orders needs at hand; made once a process and kept."""

    __slots__ = ("customers", "first_code", "founders", "now", "orders", "prices", "rhythm", "sellers")

    def __init__(self, plan: TenantPlan) -> None:
        self.now = plan.now_ms
        self.orders = plan.orders
        self.rhythm = rhythm_until(plan.now_ms)
        self.customers = [id_ for _, id_ in customer_births(plan)]
        self.founders = founding_customers(plan)
        self.prices = [item.price for item in products_of(plan)]
        self.sellers = sellers_of(plan)
        self.first_code = plan.random("codes").getrandbits(35)


@lru_cache(maxsize=4)
def desk_of(plan: TenantPlan) -> Desk:
    return Desk(plan)


def order_batches(plan: TenantPlan) -> int:
    return -(-plan.orders // ORDERS_A_BATCH)


def order_rows(plan: TenantPlan, index: int) -> bytes:
    """COPY text for ``seed_orders``: one batch of them, oldest first."""
    desk, random = desk_of(plan), plan.random(f"orders/{index}")
    first = index * ORDERS_A_BATCH
    return batch(_order(desk, random, place) for place in range(first, min(first + ORDERS_A_BATCH, plan.orders)))


def _order(desk: Desk, random: Random, place: int) -> str:
    draw = random.random
    share = (place + draw()) / desk.orders
    created = desk.rhythm.at(share)
    created_text = as_text(created)
    bits = random.getrandbits(74)
    id_ = f"{created:012x}7{bits >> 62:03x}{(bits & 0x3FFFFFFFFFFFFFFF) | 0x8000000000000000:016x}"
    code = (desk.first_code + place * _SCATTER) & 0x7FFFFFFFF
    day = created_text[2:4] + created_text[5:7] + created_text[8:10]
    tail = _TRIPLES[code >> 20] + _TRIPLES[(code >> 5) & 0x7FFF] + _CROCKFORD[code & 31]
    status = _status(draw(), desk.now - created)
    version, updated = _history(random, status, created, desk.now)
    known = desk.founders + int((len(desk.customers) - desk.founders) * place / desk.orders)
    customer = desk.customers[int(known * draw() ** 1.6)]
    total, products, quantities = _items(random, desk.prices)
    words, notes = {day, tail.lower()}, NULL
    if draw() < 0.3:
        text = note(random)
        words |= words_of(text)
        notes = copied(text)
    seller = desk.sellers[int(draw() ** 1.3 * len(desk.sellers))]
    assigned = NULL if draw() < (0.6 if status == "PENDING" else 0.1) else desk.sellers[int(draw() * len(desk.sellers))]
    due = NULL if draw() < 0.3333 else _due(random, created)
    author = NULL if draw() < 0.01 else seller
    return (
        f"{id_}\t{day}-{tail}\t{status}\t{customer}\t{total}\t{notes}\t{due}\t{author}\t{assigned}\t{version}\t"
        f"{created_text}\t{updated}\t{{{products}}}\t{{{quantities}}}\t{' '.join(sorted(words))}"
    )


def _status(chance: float, age: int) -> str:
    return _STATUSES[min(bisect_right(_CHANCES[bisect_right(_AGES, age / DAY_MS)], chance), 6)]


def _due(random: Random, created: int) -> str:
    """A full hour of a working day's span, two to thirty-one days later."""
    draw = random.random
    return as_text((created // DAY_MS + 2 + int(draw() * draw() * 30)) * DAY_MS + (8 + int(draw() * 10)) * HOUR_MS)


def _history(random: Random, status: str, created: int, now: int) -> tuple[int, str]:
    """Version and time of the last change: one version for each step on the way, now and then one more for an edit."""
    draw = random.random
    steps = _STEPS[status]
    if status == "CANCELLED":
        steps += int(draw() * 3)
    if draw() < 0.15:
        steps += 1
    pace = DAY_MS if steps < 3 else 2 * DAY_MS
    updated = created + int(steps * pace * draw() ** 2) + (60_000 if steps else 0)
    if updated > now:
        updated = created + int((now - created) * draw())
    return steps + 1, as_text(updated)


def _items(random: Random, prices: list[int]) -> tuple[int, str, str]:
    """The order's total, its products by number and their quantities; no product twice."""
    draw, count = random.random, len(prices)
    size = bisect_right(_SIZES, draw()) + 1
    if size > len(_SIZES):
        size += int(draw() * 12)
    bought: dict[int, int] = {}
    while len(bought) < size:
        bought[int(count * draw() ** 2)] = _QUANTITIES[int(draw() * 26)]
    total = 0
    for which, quantity in bought.items():
        total += prices[which] * quantity
    return total, ",".join(map(str, bought)), ",".join(map(str, bought.values()))


def note(random: Random) -> str:
    """What somebody wrote on an order: mostly a short line, sometimes more, rarely a page."""
    chance = random.random()
    if chance < 0.86:
        text = random.choice(SENTENCES)
    elif chance < 0.965:
        text = f"{random.choice(SENTENCES)} {random.choice(SENTENCES)}"
    elif chance < 0.995:
        text = f"{random.choice(LONG_SENTENCES)} {random.choice(SENTENCES)}"
    else:
        text = "\n".join(random.sample(LONG_SENTENCES, random.randrange(5, len(LONG_SENTENCES) + 1)))
    if "{" in text:
        text = _filled(random, text)
    return f"{text} {random.choice(EMOJI)}" if random.random() < 0.01 else text


def _filled(random: Random, text: str) -> str:
    given, family = random.choice(STAFF)
    name = given if random.random() < 0.5 else f"{given} {family}"
    day, number, short = random.choice(DAYS), random.randrange(10_000, 100_000), random.randrange(10, 100)
    return text.format(name=name, day=day, number=number, short=short)
