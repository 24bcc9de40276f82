"""Clients that change orders through the front door, whatever becomes of it, and never ask twice."""

import asyncio
import random
from collections import Counter
from typing import Any

import orjson

from tests.faults.lines import Fields, Refused, exchange

_CREATE = "mutation ($input: CreateOrderInput!) { createOrder(input: $input) { order { id } userErrors { code } } }"
_MOVE = "mutation ($input: ChangeOrderStatusInput!) { changeOrderStatus(input: $input) { userErrors { code } } }"
_NOTE = "mutation ($input: UpdateOrderInput!) { updateOrder(input: $input) { userErrors { code } } }"
PATIENCE = 5.0


class Writer:
    """``outcomes`` counts what the answers said; what an unanswered mutation did, only the database knows."""

    def __init__(
        self, bearer: Fields, draft: dict[str, Any], port: int, chance: random.Random, pause: float
    ) -> None:  # Any: a mutation's input
        self.outcomes: Counter[str] = Counter()
        self._bearer = bearer
        self._draft = draft
        self._port = port
        self._chance = chance
        self._pause = pause
        self._orders: list[str] = []

    async def write(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(self._chance.uniform(0, 2 * self._pause))
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._change()
                self.outcomes["done"] += 1
            except Refused as refused:
                self.outcomes[f"refused with {refused.status}"] += 1
            except (OSError, EOFError):  # a timeout too
                self.outcomes["unanswered"] += 1

    async def _change(self) -> None:
        known = self._chance.choice(self._orders) if self._orders else None
        if known is None or self._chance.random() < 0.4:
            made = await self._ask(_CREATE, {**self._draft, "notes": "in the storm"})
            self._orders.append(made["createOrder"]["order"]["id"])
        elif self._chance.random() < 0.3:
            await self._ask(_MOVE, {"id": known, "status": "CONFIRMED"})
        else:
            await self._ask(_NOTE, {"id": known, "notes": f"{self._chance.getrandbits(64):x}"})

    async def _ask(self, document: str, given: dict[str, Any]) -> Any:  # Any: JSON
        async with exchange(self._port) as connection:
            fields = {**self._bearer, "accept": "application/graphql-response+json"}
            body = {"query": document, "variables": {"input": given}}
            answered = await connection.ask("POST", "/graphql", fields, body)
            return orjson.loads(await connection.body(answered))["data"]
