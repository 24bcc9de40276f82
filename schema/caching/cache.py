"""Gives answers again that were made before, as far as they are still true and the caller may have them.

Whoever asks has passed every check before; this only saves the execution. Everything that is not sure goes the usual
way: what has errors, is recorded, or is told more than its data.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace

from graphql import ExecutionResult

from auth.budgets import Charge
from auth.flights import Flights
from auth.marks import Marks
from auth.principal import Principal
from db.answers import Kept, MemoryAnswers
from db.last_changes import LastChanges
from db.redis_answers import RedisAnswers
from db.tasks import end
from schema.answers import POSITION, Answer, Given, json_body
from schema.caching.keys import Somebody, key_of, somebody_for
from schema.caching.policies import Policy
from schema.causality import AT_PRIMARY
from schema.requests import OperationRequest, Ready
from schema.runner import Runner

REFRESHING = 100
"""New answers that are made at once while the old ones are given; more wait until they are asked for again."""
DRAIN_SECONDS = 5.0
_OWN = frozenset({"engine", POSITION})
"""Extensions of a request that make its answer another than that of everybody who asks the same."""


@dataclass(frozen=True, slots=True)
class AnswerStores:
    """Where answers are kept, and what tells that they are old."""

    memory: MemoryAnswers
    shared: RedisAnswers | None
    changes: LastChanges
    marks: Marks
    hears: Callable[[], bool]
    """Whether changes of rights are told now."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What one request asks for."""

    policy: Policy
    key: bytes
    who: Somebody
    user: str

    @property
    def owner(self) -> str:
        """On whose account it is kept: everybody's, or the tenant's."""
        return "" if self.who.principal is None else self.who.principal.tenant.hex

    @property
    def shared(self) -> bool:
        """Whether other workers can judge it, and have somebody to give it to."""
        return self.who.shared and not self.policy.identity


@dataclass(frozen=True, slots=True)
class _Made:
    kept: Kept
    cost: int = 0
    """What it took to make it; nothing where it was taken from other workers."""


class AnswerCache:
    """One a gateway. ``counted``: what became of requests that ask for what may be kept."""

    def __init__(self, runner: Runner, stores: AnswerStores) -> None:
        self._runner = runner
        self.stores = stores
        self._flights = Flights[_Made | ExecutionResult]()
        self._refreshing: dict[bytes, asyncio.Task[None]] = {}
        self.counted: Counter[str] = Counter()

    async def stop(self) -> None:
        """What is being made is finished, if that does not take long."""
        if self._refreshing:
            await asyncio.wait(self._refreshing.values(), timeout=DRAIN_SECONDS)
            await end(*self._refreshing.values())
        await self._flights.stop()

    async def answer(
        self, request: OperationRequest, ready: Ready, caller: Principal | None, charge: Charge | None
    ) -> Answer | ExecutionResult:
        """The answer to an operation that may have been answered before; where there is none that can be kept, what
        running it came to.
        """
        wanted = self._wanted(request, ready, caller)
        if wanted is None:
            self.counted["bypass"] += 1
            return await self._runner.run(request, ready, caller, charge)
        kept = self.stores.memory.get(wanted.key)
        left = None if kept is None else self._left(kept, wanted)
        if kept is None or left is None:
            return await self._ask(request, ready, wanted, charge)
        if left <= 0:
            self._refresh(request, ready, wanted)
        return self._given(kept, "hit" if left > 0 else "stale", ready, wanted, charge)

    def _wanted(self, request: OperationRequest, ready: Ready, caller: Principal | None) -> _Wanted | None:
        """None for what is not kept: that has to be recorded, or says more than its data."""
        policy: Policy = ready.document.cached[ready.name]
        asks_more = request.cost or request.position or not _OWN.isdisjoint(request.extensions or ())
        if asks_more or ready.actor is not None or (policy.identity and not self.stores.hears()):
            return None
        who = somebody_for(policy.scope, caller)
        if who is None:
            return None
        return _Wanted(policy, key_of(ready, who), who, "" if caller is None else caller.user_id)

    def _needed(self, wanted: _Wanted) -> int | None:
        """How far the log must have been read for it; None while that is not known."""
        if not wanted.policy.nouns or wanted.who.principal is None:
            return 0
        return self.stores.changes.needed(wanted.who.principal.tenant, wanted.policy.nouns)

    async def _attend(self, wanted: _Wanted) -> int | None:
        """How far the log is read, to be taken before the answer is; None where it is not to be kept."""
        if not wanted.policy.nouns or wanted.who.principal is None:
            return 0
        return await self.stores.changes.attend(wanted.who.principal.tenant)

    def _left(self, kept: Kept, wanted: _Wanted) -> float | None:
        """Seconds until it is too old, less than none while it may be given once more; None where it may not."""
        policy, needed = wanted.policy, self._needed(wanted)
        if needed is None or kept.read_at < needed:
            return None
        if policy.identity and kept.mark < self.stores.marks.of(wanted.user):
            return None
        left = policy.ttl - self._age(kept)
        return left if left > -policy.swr else None

    def _age(self, kept: Kept) -> float:
        """Another worker's clock may be ahead of ours."""
        return max(0.0, self._runner.clock().timestamp() - kept.made_at)

    async def _ask(
        self, request: OperationRequest, ready: Ready, wanted: _Wanted, charge: Charge | None
    ) -> Answer | ExecutionResult:
        """Equal questions are asked once. Whoever joined one that came to nothing asks once more: that it took too long
        is not their doing.
        """
        made, led = await self._join(request, ready, wanted)
        if not isinstance(made, _Made) and not led:
            made, led = await self._join(request, ready, wanted)
        if not isinstance(made, _Made):
            self.counted["unkept"] += 1
            return made
        if not made.cost and self._age(made.kept) >= wanted.policy.ttl:
            self._refresh(request, ready, wanted)
        return self._given(made.kept, "miss" if led else "joined", ready, wanted, charge, made.cost if led else 0)

    async def _join(
        self, request: OperationRequest, ready: Ready, wanted: _Wanted
    ) -> tuple[_Made | ExecutionResult, bool]:
        """What is made for all who ask the same now, and whether it was made for this one. Nobody is told what was read
        before something that they may know of: whoever asks after a change asks another question.
        """
        led = False
        await self._attend(wanted)
        needed, mark = self._needed(wanted), self.stores.marks.of(wanted.user) if wanted.policy.identity else 0
        known = object() if needed is None else (needed, mark)

        async def make() -> _Made | ExecutionResult:
            nonlocal led
            led = True
            return await self._make(request, ready, wanted)

        made = await _while_there(request, self._flights.join((wanted.key, known), make))
        return made, led

    async def _make(
        self, request: OperationRequest, ready: Ready, wanted: _Wanted, *, anew: bool = False
    ) -> _Made | ExecutionResult:
        """Another worker's, or a new one, kept as of what was known before it was read: at the primary, for whoever
        else wants it may have written lately. ``anew``: not one that is only just good enough.
        """
        stores, policy, key = self.stores, wanted.policy, wanted.key
        read_at, mark = await self._attend(wanted), stores.marks.now
        if stores.shared is not None and wanted.shared and (found := await stores.shared.get(key)) is not None:
            left = self._left(found, wanted)
            if left is not None and not (anew and left <= 0):
                stores.memory.put(key, found, wanted.owner)
                return _Made(found)
        made_at = self._runner.clock().timestamp()
        result = await self._runner.run(replace(request, listen=None, position=AT_PRIMARY), ready, wanted.who.principal)
        if result.errors or result.data is None or result.extensions:
            return result
        kept = Kept(json_body({"data": result.data}), made_at, read_at or 0, mark)
        if read_at is not None:
            stores.memory.put(key, kept, wanted.owner)
            if stores.shared is not None and wanted.shared:
                stores.shared.put(key, kept, wanted.owner, policy.ttl + policy.swr)
        return _Made(kept, max(1, ready.cost.actual(result.data)))

    def _refresh(self, request: OperationRequest, ready: Ready, wanted: _Wanted) -> None:
        key = wanted.key
        if key in self._refreshing or len(self._refreshing) >= REFRESHING:
            return
        task = self._refreshing[key] = asyncio.create_task(self._refreshed(request, ready, wanted))
        task.add_done_callback(lambda _: self._refreshing.pop(key))

    async def _refreshed(self, request: OperationRequest, ready: Ready, wanted: _Wanted) -> None:
        try:
            made = await self._make(request, ready, wanted, anew=True)
        except Exception as error:  # nobody waits for it: the next one who asks gets the old answer, and tries again
            self._runner.unexpected(error)
            return
        self.counted["refreshed" if isinstance(made, _Made) else "unkept"] += 1

    def _given(
        self, kept: Kept, outcome: str, ready: Ready, wanted: _Wanted, charge: Charge | None, cost: int = 0
    ) -> Answer:
        self.counted[outcome] += 1
        if charge is not None:
            charge.settle(cost)
        age = int(self._age(kept))
        given = Given(outcome, age, wanted.policy.ttl - age)
        return Answer(kept.body, None, None, False, ready.kind, ready.deprecation, (), charge, given=given)


async def _while_there(
    request: OperationRequest, answer: Coroutine[None, None, _Made | ExecutionResult]
) -> _Made | ExecutionResult:
    """Wait for it, unless the client hangs up: others may wait for the same."""
    task = asyncio.current_task()
    if request.listen is None or task is None:
        return await answer
    request.listen(task.cancel)
    try:
        return await answer
    finally:
        request.listen(None)
