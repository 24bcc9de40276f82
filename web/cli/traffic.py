"""Live demo traffic: people at work on a tenant's orders, and now and then on its customers and prices where they may;
each change made through the resolvers.
"""

from collections import Counter, OrderedDict
from decimal import Decimal
from random import Random

from db.filters import Test
from db.pages import PageRequest, SortKey
from db.seed.names import LOCALES
from db.seed.orders import note
from resolvers.context import WriteContext
from resolvers.customers import CustomerPatch, list_customers, update_customer
from resolvers.errors import Invalid, Problem, Problems
from resolvers.order_drafts import NewItem, NewOrder
from resolvers.orders import TRANSITIONS, OrderPatch, change_order_status, create_order, list_orders, update_order
from resolvers.products import ProductPatch, list_products, update_product

SAMPLE = 200
"""Customers, products and open orders that the traffic deals with."""
_OPEN = ("PENDING", "CONFIRMED", "PROCESSING", "SHIPPED")
_FORWARD = {"PENDING": "CONFIRMED", "CONFIRMED": "PROCESSING", "PROCESSING": "SHIPPED", "SHIPPED": "DELIVERED"}
_CHANCE_TO_CANCEL, _CHANCE_TO_REFUND = 0.06, 0.04
_WEIGHTS = {"created": 0.3, "moved": 0.55, "edited": 0.15}
_BESIDES = {"customers:write": "relocated", "products:write": "repriced"}
"""What else somebody does who may."""
_BESIDES_WEIGHT = 0.02


class Traffic:
    """``prepare`` once, then ``act`` for each change. ``counts`` says what was done."""

    def __init__(self, ctx: WriteContext, random: Random) -> None:
        self._ctx = ctx
        self._random = random
        self._customers: list[str] = []
        self._products: list[str] = []
        self._prices: dict[str, int] = {}
        besides = [action for needed, action in _BESIDES.items() if ctx.principal.permissions.allows(needed)]
        self._weights = _WEIGHTS | dict.fromkeys(besides, _BESIDES_WEIGHT)
        self._currency = ""
        self._open: OrderedDict[str, str] = OrderedDict()
        self.counts: Counter[str] = Counter()

    async def prepare(self) -> None:
        """Look at the tenant. Raises Invalid when it has no customers or no products."""
        newest = (SortKey("updated_at", descending=True),)
        customers = await list_customers(self._ctx, PageRequest(newest, SAMPLE), ("id",))
        products = await list_products(self._ctx, PageRequest(newest, SAMPLE), ("id", "currency", "price"))
        if not customers.rows or not products.rows:
            raise Invalid("The tenant has no customers or no products: seed it first.")
        self._customers = [row["id"] for row in customers.rows]
        self._currency = products.rows[0]["currency"]
        self._prices = {row["id"]: row["price"] for row in products.rows if row["currency"] == self._currency}
        self._products = list(self._prices)
        still_open = PageRequest(newest, SAMPLE, where=Test("status", "in", list(_OPEN)))
        for row in (await list_orders(self._ctx, still_open, ("id", "status"))).rows:
            self._keep(row["id"], row["status"])

    async def act(self) -> None:
        """Make one change. What a rule refuses, because somebody else was faster, is counted and forgotten."""
        action = self._random.choices(list(self._weights), list(self._weights.values()))[0] if self._open else "created"
        order_id = self._random.choice(list(self._open)) if action in {"moved", "edited"} else ""
        try:
            match action:
                case "moved":
                    await self._move(order_id)
                case "edited":
                    await update_order(self._ctx, OrderPatch(order_id, None, {"notes": note(self._random)}))
                case "relocated":
                    await self._relocate()
                case "repriced":
                    await self._reprice()
                case _:
                    await self._create()
        except (Problem, Problems):
            self._open.pop(order_id, None)
            action = "refused"
        self.counts[action] += 1

    async def _create(self) -> None:
        random = self._random
        chosen = random.sample(self._products, min(len(self._products), random.choice((1, 1, 2, 2, 3, 4, 6))))
        items = [NewItem(product_id, random.choice((1, 1, 1, 2, 3, 5, 10))) for product_id in chosen]
        notes = note(random) if random.random() < 0.3 else None
        row = await create_order(self._ctx, NewOrder(random.choice(self._customers), self._currency, notes, items))
        self._keep(row["id"], row["status"])

    async def _relocate(self) -> None:
        """A customer moves to another town."""
        locale = self._random.choice(LOCALES)
        home = {"city": self._random.choice(locale.cities), "country": locale.country}
        await update_customer(self._ctx, CustomerPatch(self._random.choice(self._customers), None, home))

    async def _reprice(self) -> None:
        """A price goes up or down by a few percent of what it was at first, in whole units."""
        product = self._random.choice(self._products)
        price = max(1, round(self._prices[product] * self._random.uniform(0.95, 1.05) / 100)) * 100
        await update_product(self._ctx, ProductPatch(product, None, {"price": Decimal(price)}))

    async def _move(self, order_id: str) -> None:
        row = await change_order_status(self._ctx, order_id, self._next(self._open[order_id]), None)
        self._keep(order_id, row["status"])

    def _next(self, status: str) -> str:
        if "CANCELLED" in TRANSITIONS[status] and self._random.random() < _CHANCE_TO_CANCEL:
            return "CANCELLED"
        return _FORWARD.get(status, "REFUNDED")

    def _keep(self, order_id: str, status: str) -> None:
        """Remember an order that can still move; the longest known gives way."""
        if status in _FORWARD or (status == "DELIVERED" and self._random.random() < _CHANCE_TO_REFUND):
            self._open[order_id] = status
        else:
            self._open.pop(order_id, None)
        while len(self._open) > SAMPLE:
            self._open.popitem(last=False)
