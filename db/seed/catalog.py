"""A tenant's products."""

from functools import lru_cache
from random import Random
from typing import NamedTuple

from db.search import fold, words_of
from db.seed.copying import batch, line
from db.seed.phrases import FINISHES, MATERIALS, STYLES, THINGS
from db.seed.plan import TenantPlan, seeded_id
from db.seed.rhythm import HOUR_MS, HOURS, as_text

_ENDINGS = (0, 0, 50, 90, 95, 99)
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


class Product(NamedTuple):
    """A row of ``products``; ``price`` in hundredths."""

    id: str
    sku: str
    name: str
    price: int
    created: int


@lru_cache(maxsize=4)
def products_of(plan: TenantPlan) -> tuple[Product, ...]:
    """All of them, oldest first, all older than the first order."""
    random = plan.random("products")
    start = plan.now_ms - HOURS * HOUR_MS
    births = sorted(start - random.randrange(1, 75 * 24 * HOUR_MS) for _ in range(plan.products))
    return tuple(_product(random, place, ms) for place, ms in enumerate(births))


def product_rows(plan: TenantPlan) -> bytes:
    """COPY text for ``seed_products``, numbered from 0 as orders refer to them."""
    random = plan.random("product-changes")
    return batch(_row(random, place, product, plan.now_ms) for place, product in enumerate(products_of(plan)))


def _product(random: Random, place: int, created: int) -> Product:
    material, thing, style = random.choice(MATERIALS), random.choice(THINGS), random.choice(STYLES)
    name = f"{material} {thing} {style}"
    if random.random() < 0.35:
        name = f"{name}, {random.choice(FINISHES)}"
    if random.random() < 0.02:
        name = f"{name} (with fittings, mounting plate and a printed guide in Français, Español and Türkçe)"
    letters = random.choice(_LETTERS) + random.choice(_LETTERS)
    sku = f"{fold(thing[:3]).upper()}-{letters}-{10_000 + place * 37}"
    price = int(10 ** random.uniform(2.3, 4.9)) // 100 * 100 + random.choice(_ENDINGS)
    return Product(seeded_id(created, random), sku, name, price, created)


def _row(random: Random, place: int, product: Product, now_ms: int) -> str:
    version = random.choice((1, 1, 2, 3))
    updated = product.created if version == 1 else product.created + int((now_ms - product.created) * random.random())
    words = " ".join(sorted(words_of(product.name, product.sku)))
    return line(
        place,
        product.id,
        product.sku,
        product.name,
        fold(product.name),
        product.price,
        version,
        as_text(product.created),
        as_text(updated),
        words,
    )
