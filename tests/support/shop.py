"""Changes orders over HTTP as a client would: what tests of live streams watch."""

from dataclasses import dataclass
from typing import Any

import httpx2

_STOCK = "{ customers(first: 1) { nodes { id } } products(first: 100) { nodes { id price { currency } } } }"
_CREATE = "mutation ($input: CreateOrderInput!) { createOrder(input: $input) { order { id } userErrors { message } } }"
_MOVE = (
    "mutation ($input: ChangeOrderStatusInput!) {"
    " changeOrderStatus(input: $input) { order { status } userErrors { message } } }"
)
ITEMS = 3
"""How many items each order is given."""


@dataclass(frozen=True, slots=True)
class Shop:
    """A client with a token that may write; its orders are all of the same customer and products."""

    client: httpx2.AsyncClient
    headers: dict[str, str]
    draft: dict[str, Any]

    @classmethod
    async def open(cls, client: httpx2.AsyncClient, headers: dict[str, str]) -> "Shop":
        """Looks up what can be ordered."""
        shop = cls(client, headers, {})
        stock = await shop.ask(_STOCK)
        currency = stock["products"]["nodes"][0]["price"]["currency"]
        products = [each["id"] for each in stock["products"]["nodes"] if each["price"]["currency"] == currency]
        items = [{"productId": product, "quantity": 2} for product in products[:ITEMS]]
        return cls(
            client, headers, {"customerId": stock["customers"]["nodes"][0]["id"], "currency": currency, "items": items}
        )

    async def create(self, notes: str) -> str:
        """A new order's id. Raises httpx2.HTTPError when the server goes away."""
        made = (await self.ask(_CREATE, {"input": {**self.draft, "notes": notes}}))["createOrder"]
        assert made["userErrors"] == []
        return str(made["order"]["id"])

    async def create_all(self, *notes: str) -> list[str]:
        """The ids of new orders, one after the other."""
        return [await self.create(each) for each in notes]

    async def move(self, order_id: str, status: str) -> None:
        """Change an order's status. Raises httpx2.HTTPError when the server goes away."""
        moved = (await self.ask(_MOVE, {"input": {"id": order_id, "status": status}}))["changeOrderStatus"]
        assert moved["userErrors"] == []

    async def ask(self, document: str, variables: dict[str, Any] | None = None) -> Any:  # Any: JSON
        """The data of an answer without errors."""
        body = {"query": document, "variables": variables}
        answer = (await self.client.post("/graphql", json=body, headers=self.headers)).json()
        assert "errors" not in answer, answer
        return answer["data"]
