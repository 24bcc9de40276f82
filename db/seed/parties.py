"""A tenant's people: the staff who sign in, and the customers who buy."""

import re
from functools import lru_cache
from random import Random
from typing import NamedTuple

from db.search import fold, words_of
from db.seed.copying import NULL, batch, line
from db.seed.names import LOCALES, STAFF, Locale
from db.seed.plan import TenantPlan, seeded_id
from db.seed.rhythm import HOUR_MS, HOURS, as_text, rhythm_until

CUSTOMERS_A_BATCH = 10_000
ROLES_BY_RANK = ("admin", "manager", "viewer", "partner")
FOUNDING_SHARE = 0.2
"""This share of the customers was there before the first order."""
_PROVIDERS = ("post", "mail", "inbox", "courriel", "netz", "letters")
_FORWARD = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "æ": "ae", "þ": "th", "ı": "i", "œ": "oe", "'": "", "ʻ": ""}
)
_INITIALS = "ABCDEFGHIJKLMNOPRSTVWZÉÖ"
_MAILBOXES = ("info", "orders", "office", "einkauf", "compras")
_PEOPLE_SHARE = 0.62


class User(NamedTuple):
    """A row of ``users`` with its membership."""

    id: str
    email: str
    name: str
    role: str


@lru_cache(maxsize=32)
def staff_of(plan: TenantPlan) -> tuple[User, ...]:
    """The tenant's users: ``admin@``, ``manager@``, ``viewer@``, ``partner@``, then those who sell (managers)."""
    random = plan.random("staff")
    users = []
    for place in range(plan.staff):
        given, family = STAFF[place % len(STAFF)]
        ranked = place < len(ROLES_BY_RANK)
        role = ROLES_BY_RANK[place] if ranked else "manager"
        mailbox = role if ranked else f"{plain(given)}.{plain(family)}"
        id_ = seeded_id(plan.born_ms + place, random)
        users.append(User(id_, f"{mailbox}@{plan.slug}.example", f"{given} {family}", role))
    return tuple(users)


def sellers_of(plan: TenantPlan) -> tuple[str, ...]:
    """Ids of those who write orders and look after customers."""
    return tuple(user.id for user in staff_of(plan) if user.role in ("admin", "manager"))


@lru_cache(maxsize=4)
def customer_births(plan: TenantPlan) -> tuple[tuple[int, str], ...]:
    """Creation time and id of every customer, oldest first."""
    random, rhythm = plan.random("customer-ids"), rhythm_until(plan.now_ms)
    founders = founding_customers(plan)
    start, span = plan.now_ms - HOURS * HOUR_MS, 60 * 24 * HOUR_MS
    early = sorted(start - random.randrange(1, span) for _ in range(founders))
    later = [rhythm.at((place + 0.5) / (plan.customers - founders)) for place in range(plan.customers - founders)]
    return tuple((ms, seeded_id(ms, random)) for ms in early + later)


def founding_customers(plan: TenantPlan) -> int:
    return int(plan.customers * FOUNDING_SHARE)


def customer_batches(plan: TenantPlan) -> int:
    return -(-plan.customers // CUSTOMERS_A_BATCH)


def customer_rows(plan: TenantPlan, index: int) -> bytes:
    """COPY text for ``seed_customers``: one batch of them."""
    random = plan.random(f"customers/{index}")
    sellers = sellers_of(plan)
    births = customer_births(plan)[index * CUSTOMERS_A_BATCH : (index + 1) * CUSTOMERS_A_BATCH]
    return batch(_customer(random, ms, id_, sellers, plan.now_ms) for ms, id_ in births)


def _customer(random: Random, created: int, id_: str, sellers: tuple[str, ...], now_ms: int) -> str:
    locale = random.choices(LOCALES, _WEIGHTS)[0]
    city = random.choice(locale.cities)
    name, email = _person(random, locale) if random.random() < _PEOPLE_SHARE else _firm(random, locale, city)
    version = random.choice((1, 1, 1, 1, 2, 2, 3))
    updated = created if version == 1 else created + int((now_ms - created) * random.random())
    return line(
        id_,
        name,
        fold(name),
        email,
        city,
        locale.country,
        random.choice(sellers),
        random.choice(sellers) if random.random() < 0.8 else NULL,
        version,
        as_text(created),
        as_text(updated),
        " ".join(sorted(words_of(name))),
        " ".join(sorted(words_of(email))),
    )


def _person(random: Random, locale: Locale) -> tuple[str, str]:
    given, family = random.choice(locale.given), random.choice(locale.family)
    chance = random.random()
    if chance < 0.15:
        family = f"{family}-{random.choice(locale.family)}"
    elif chance < 0.4:
        given = f"{given} {random.choice(_INITIALS)}."
    number = random.randrange(1, 100) if random.random() < 0.6 else ""
    name = f"{family} {given}" if locale.country == "VN" else f"{given} {family}"
    return name, f"{plain(given)}.{plain(family)}{number}@{random.choice(_PROVIDERS)}.example"


def _firm(random: Random, locale: Locale, city: str) -> tuple[str, str]:
    family, other = random.choice(locale.family), random.choice(locale.family)
    name = random.choice(locale.firms).format(family=family, other=other, city=city)
    clerk = f"{plain(random.choice(locale.given))}.{plain(family)}"
    mailbox = random.choice((*_MAILBOXES, clerk))
    return name, f"{mailbox}@{plain(family)}-{plain(city)}.{locale.country.lower()}.example"


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """The text as it would stand in a mailbox name: letters without accents, words joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", fold(text).translate(_FORWARD)).strip("-")


_WEIGHTS = [locale.weight for locale in LOCALES]
