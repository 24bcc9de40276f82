"""Clients that change what is watched through the front door, whatever becomes of it, and never ask twice."""

import asyncio
import random
from collections import Counter, defaultdict
from typing import Any

import orjson

from tests.faults.lines import Fields, Refused, exchange


def _mutation(name: str, answered: str) -> str:
    kind = f"{name[0].upper()}{name[1:]}Input"
    return f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ {answered} userErrors {{ code }} }} }}"


_CREATE = {
    noun: _mutation(f"create{noun.capitalize()}", f"{noun} {{ id }}") for noun in ("order", "customer", "product")
}
_UPDATE = {noun: _mutation(f"update{noun.capitalize()}", "") for noun in _CREATE}
_MOVE = _mutation("changeOrderStatus", "")
_ANNOUNCE = _mutation("announce", "")
_STATUSES = ("CONFIRMED", "CONFIRMED", "PROCESSING", "CANCELLED")
"""What writers ask for; what may not be is refused, and changes nothing."""
PATIENCE = 5.0


class Failed(Exception):
    """A mutation that was answered, and not done: by its error's code."""


class Writer:
    """Somebody who may do all of it. ``outcomes`` counts what the answers said; what an unanswered mutation did, only
    the database knows.
    """

    def __init__(
        self, bearer: Fields, draft: dict[str, Any], port: int, chance: random.Random, pause: float
    ) -> None:  # Any: a mutation's input
        self.outcomes: Counter[str] = Counter()
        self._bearer = bearer
        self._draft = draft
        self._port = port
        self._chance = chance
        self._pause = pause
        self._known: defaultdict[str, list[str]] = defaultdict(list)

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
            except Failed as failed:
                self.outcomes[f"failed: {failed}"] += 1
            except (OSError, EOFError):  # a timeout too
                self.outcomes["unanswered"] += 1

    async def _change(self) -> None:
        (noun,) = self._chance.choices(("order", "customer", "product", "announcement"), (6, 1, 1, 1))
        if noun == "announcement":
            await self._ask(_ANNOUNCE, {"kind": "NOTICE", "text": self._word()})
        elif not self._known[noun] or self._chance.random() < 0.4:
            made = await self._ask(_CREATE[noun], self._new(noun))
            self._known[noun].append(made[f"create{noun.capitalize()}"][noun]["id"])
        elif noun == "order" and self._chance.random() < 0.3:
            given = {"id": self._chance.choice(self._known[noun]), "status": self._chance.choice(_STATUSES)}
            await self._ask(_MOVE, given)
        else:
            given = {"id": self._chance.choice(self._known[noun]), **self._changed(noun)}
            await self._ask(_UPDATE[noun], given)

    def _new(self, noun: str) -> dict[str, Any]:  # Any: a mutation's input
        word = self._word()
        return {
            "order": {**self._draft, "notes": "in the storm"},
            "customer": {"name": word, "email": f"{word}@storm.example", "city": "Ys", "country": "FR"},
            "product": {"sku": word, "name": word, "price": "9.90", "currency": "EUR"},
        }[noun]

    def _changed(self, noun: str) -> dict[str, str]:
        price = f"{self._chance.randrange(1, 10_000)}.00"
        return {"order": {"notes": self._word()}, "customer": {"city": self._word()}, "product": {"price": price}}[noun]

    def _word(self) -> str:
        return f"{self._chance.getrandbits(64):x}"

    async def _ask(self, document: str, given: dict[str, Any]) -> Any:  # Any: JSON
        async with exchange(self._port) as connection:
            fields = {**self._bearer, "accept": "application/graphql-response+json"}
            body = {"query": document, "variables": {"input": given}}
            answered = await connection.ask("POST", "/graphql", fields, body)
            answer = orjson.loads(await connection.body(answered))
            if answer.get("errors"):
                raise Failed(answer["errors"][0]["extensions"]["code"])
            return answer["data"]
