"""The canary: two tenants that must not see each other, whatever either asks.

Each has a row of every noun, whose texts hold a mark that stands nowhere else. As either of them every root field is
asked for what is the other's: whole lists, by words, by filters, by ids, by a cursor, with the relations below; the
mutations of rows are tried on the other's; and while all subscriptions are open the other changes its rows. Whatever
holds the other's mark, or an id of its rows that was not asked for, is a leak. So is a count that counts more than the
list shows. What a tenant does not see of its own proves nothing, and is told as well.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from auth.principal import Principal
from db.clock import utc_now
from db.hub import Hub
from schema.answers import Answer
from schema.canary_questions import ROWS, Question, Wanted, questions, watched
from schema.canary_rows import PLANTS, Plant
from schema.execute import Gateway, OperationRequest
from schema.live.feed import Feed
from schema.live.frames import GONE
from schema.root import schema

PATIENCE = 10.0
"""Seconds for a subscription to be done with what was written."""


class CanaryFailed(Exception):
    """The canary's own rows cannot be written or watched; the text says which."""


@dataclass(slots=True)
class Side:
    """One of the two: who asks, and what only it may see."""

    caller: Principal
    mark: str
    rows: dict[str, str] = field(default_factory=dict)
    cursors: dict[str, str] = field(default_factory=dict)

    @property
    def wanted(self) -> Wanted:
        """To be asked for by the other."""
        return Wanted(self.mark, tuple(self.rows.values()), self.cursors)


@dataclass(frozen=True, slots=True)
class Watching:
    """A subscription that one side follows."""

    root: str
    side: Side
    feed: Feed


class Canary:
    """``leaks`` after ``sing``; ``asked`` counts the questions."""

    def __init__(self, gateway: Gateway, hub: Hub, left: Side, right: Side) -> None:
        self._gateway = gateway
        self._hub = hub
        self._schema = schema()._schema  # Strawberry has no public name for the schema it builds
        self._pairs = ((left, right), (right, left))
        self._woken = asyncio.Event()
        self.leaks: dict[str, None] = {}
        self.asked = 0

    async def sing(self) -> list[str]:
        """What either side was shown of the other, by where; nothing when all is well. Raises CanaryFailed."""
        for me, _ in self._pairs:
            for plant in PLANTS:
                await self._plant(me, plant)
        await self._watch()
        for me, other in self._pairs:
            for question in questions(self._schema, other.wanted):
                self._judge(question, other, await self._ask(me, question))
        return list(self.leaks)

    async def _plant(self, me: Side, plant: Plant) -> None:
        """Find the row of that noun, or make it; and see it."""
        listed = f"query {{ {plant.listed}(first: 1) {{ edges {{ cursor node {{ {plant.key} }} }} }} }}"
        found = (await self._read(me, listed))[plant.listed]["edges"]
        if not found:
            await self._change(me, plant, plant.create, plant.given(me.mark, me.rows))
            found = (await self._read(me, listed))[plant.listed]["edges"]
        if not found:
            raise CanaryFailed(f"{plant.listed} does not show a row that was just made")
        me.rows[plant.noun], me.cursors[plant.listed] = found[0]["node"][plant.key], found[0]["cursor"]

    async def _watch(self) -> None:
        """Try to change the other's rows, then change one's own, and look at what either is told of it."""
        watching = [self._open(me, question) for me, _ in self._pairs for question in watched(self._schema)]
        opened = [await each for each in watching]  # a few tens, each opened at once
        try:
            for me, other in self._pairs:
                await self._begun(me, opened)
                await self._trespass(me, other)
            for me, _ in self._pairs:
                for plant in PLANTS:
                    await self._touch(me, plant)
            for each in opened:
                await self._told(each)
        finally:
            for each in opened:
                await each.feed.aclose(GONE)

    async def _open(self, me: Side, question: Question) -> Watching:
        request = OperationRequest(question.document, None, None, None, "canary", allow_stream=True)
        feed = await self._gateway.answer(request, me.caller)
        if isinstance(feed, Answer):
            raise CanaryFailed(f"{question.root} does not open: {feed.body.decode()}")
        feed.listen(self._woken.set, lambda: 0, moves=True)
        self.asked += 1
        return Watching(question.root, me, feed)

    async def _begun(self, me: Side, opened: list[Watching]) -> None:
        """Every subscription knows where it begins: nothing that is written from now on escapes it."""
        await self._until(lambda: all(each.feed.done is not None for each in opened if each.side is me), "begin")

    async def _told(self, watching: Watching) -> None:
        """All frames up to the newest event of its own tenant."""
        other = next(other for me, other in self._pairs if me is watching.side)
        head = await self._hub.head(watching.side.caller.tenant)

        def over() -> bool:
            for frame in watching.feed.take(limit=1_000):
                self._look(watching.root, other, frame.payload.decode(), ())
            done = watching.feed.done
            return watching.feed.ending is not None or (done is not None and done.seq >= head.seq)

        await self._until(over, f"go on: {watching.root}")

    async def _until(self, reached: Any, what: str) -> None:  # Any: a condition
        try:
            async with asyncio.timeout(PATIENCE):
                while not reached():
                    self._woken.clear()
                    await self._woken.wait()
        except TimeoutError:
            raise CanaryFailed(f"subscriptions do not {what}") from None

    async def _touch(self, me: Side, plant: Plant) -> None:
        """An event of the noun, whose text holds the mark."""
        if plant.update is not None and plant.text is not None:
            given = {"id": me.rows[plant.noun], plant.text: f"{me.mark} {utc_now():%FT%T.%f}"}
            await self._change(me, plant, plant.update, given)

    async def _trespass(self, me: Side, other: Side) -> None:
        """Every mutation of a row, tried on the other's: it is as if there were none, and its text is never seen."""
        for plant in PLANTS:
            if plant.update is None or plant.text is None:
                continue
            id_ = other.rows[plant.noun]
            question = _mutation(plant, plant.update, {"id": id_, plant.text: f"{me.mark} was here"})
            answer = await self._ask(me, question)
            self._judge(question, other, answer)
            codes = [
                each["code"] for each in ((answer.get("data") or {}).get(plant.update) or {}).get("userErrors", ())
            ]
            if codes != ["NOT_FOUND"]:
                self.leaks[f"Mutation.{plant.update} answers {codes} for another tenant's row"] = None

    async def _change(self, me: Side, plant: Plant, name: str, given: Mapping[str, Any]) -> None:  # Any: JSON
        answer = await self._ask(me, _mutation(plant, name, given))
        if answer.get("errors") or answer["data"][name]["userErrors"]:
            raise CanaryFailed(f"{name}: {json.dumps(answer)}")

    async def _read(self, me: Side, document: str) -> Any:  # Any: JSON
        answer = await self._ask(me, Question("", document, {}))
        if answer.get("errors"):
            raise CanaryFailed(json.dumps(answer["errors"]))
        return answer["data"]

    async def _ask(self, me: Side, question: Question) -> Any:  # Any: JSON
        self.asked += 1
        request = OperationRequest(question.document, question.variables, None, None, "canary")
        answer = await self._gateway.answer(request, me.caller)
        if not isinstance(answer, Answer):
            raise CanaryFailed(f"{question.root} answers a stream")
        return json.loads(answer.body)

    def _judge(self, question: Question, other: Side, answer: Any) -> None:  # Any: JSON
        data, errors = answer.get("data"), answer.get("errors", ())
        self._look(question.root, other, json.dumps(data), ())
        self._look(f"an error of {question.root}", other, json.dumps(errors), question.asked)
        listed = (data or {}).get(question.root.partition(".")[2])
        if question.whole and isinstance(listed, dict) and "totalCount" in listed and "edges" in listed:
            shown = len(listed["edges"])
            if shown < ROWS and listed["totalCount"] != shown:
                self.leaks[f"{question.root} counts more than it shows"] = None

    def _look(self, where: str, other: Side, text: str, asked: tuple[str, ...]) -> None:
        for each in (other.mark, *other.rows.values()):
            if each in text and each not in asked:
                self.leaks[where] = None


def _mutation(plant: Plant, name: str, given: Mapping[str, Any]) -> Question:  # Any: JSON
    kind = f"{name[0].upper()}{name[1:]}Input"
    told = f"{{ {plant.noun} {{ {plant.key} }} userErrors {{ code message }} }}"
    document = f"mutation($i: {kind}!) {{ {name}(input: $i) {told} }}"
    return Question(f"Mutation.{name}", document, {"i": given})
