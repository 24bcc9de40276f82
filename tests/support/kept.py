"""A house that keeps answers, beside one that does not: on the same database, with a clock that tests move."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from auth.marks import Marks
from auth.principal import Principal
from db.answers import MemoryAnswers
from db.event_cursors import EventCursorCodec
from db.last_changes import LastChanges
from db.pages import CursorCodec
from db.redis_answers import RedisAnswers
from schema.caching.cache import AnswerCache, AnswerStores
from schema.execute import Answer, Gateway, OperationRequest
from schema.masks import MaskKeys
from tests.support.clock import HandClock
from tests.support.facts import Json
from tests.support.world import KEY, World


@dataclass(frozen=True, slots=True)
class Keeper:
    """``world`` keeps answers, ``plain`` does not."""

    world: World
    plain: World
    stores: AnswerStores
    clock: HandClock

    @property
    def cache(self) -> AnswerCache:
        assert self.world.gateway.answers is not None
        return self.world.gateway.answers

    async def answer(
        self, document: str, variables: Json | None = None, caller: Principal | str | None = "admin", **more: object
    ) -> Answer:
        """As the front door gets it."""
        who = self.world.principal(caller) if isinstance(caller, str) else caller
        request = OperationRequest(document, variables, None, None, "req-test")
        answer = await self.world.gateway.answer(replace(request, **more), who)  # type: ignore[arg-type]
        assert isinstance(answer, Answer)
        return answer

    async def outcome(
        self, document: str, variables: Json | None = None, caller: Principal | str | None = "admin", **more: object
    ) -> str | None:
        """What became of asking: hit, stale, miss, joined; None where it is not kept."""
        answer = await self.answer(document, variables, caller, **more)
        return None if answer.given is None else answer.given.outcome

    async def made_anew(self) -> None:
        """Until nothing is being made behind anybody's back."""
        while self.cache._refreshing:
            await asyncio.wait(self.cache._refreshing.values())


@asynccontextmanager
async def keeping(
    world: World, *, size: int = 8_000_000, shared: RedisAnswers | None = None, clock: HandClock | None = None
) -> AsyncIterator[Keeper]:
    """Another gateway on the same database."""
    clock, hears = clock or HandClock(), [True]
    stores = AnswerStores(MemoryAnswers(size), shared, LastChanges(world.hub), Marks(), lambda: hears[0])
    codecs = CursorCodec([KEY]), EventCursorCodec([KEY], epoch=7)
    gateway = Gateway(world.database, world.hub, *codecs, mask_keys=MaskKeys(KEY), clock=clock, stores=stores)
    keeper = Keeper(replace(world, gateway=gateway), world, stores, clock)
    try:
        yield keeper
    finally:
        await keeper.cache.stop()
        if shared is not None:
            await shared.stop()
        await stores.changes.stop()
