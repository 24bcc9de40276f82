"""Following live pages of orders through the gateway."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from auth.principal import Principal
from tests.support.facts import MOVE, UPDATE, Json
from tests.support.feeds import Frame, Watched
from tests.support.live_client import LiveClient
from tests.support.waiting import until
from tests.support.world import World

FIELDS = "id number status notes version total { amount currency } updatedAt customer { id }"
LIVE = f"""subscription($first: Int, $where: OrderWhere, $orderBy: [OrderSort!]) {{
    ordersLive(first: $first, where: $where, orderBy: $orderBy) {{
        cursor snapshot {{ nodes {{ {FIELDS} }} }} changes {{ op id index patch node {{ {FIELDS} }} }} }} }}"""
PAGE = f"""query($first: Int, $where: OrderWhere, $orderBy: [OrderSort!]) {{
    orders(first: $first, where: $where, orderBy: $orderBy) {{ nodes {{ {FIELDS} }} }} }}"""
UNNAMED = LIVE.replace("customer { id }", "")


class Following:
    """A live page that is read as it comes."""

    def __init__(self, stream: Watched) -> None:
        self.client = LiveClient()
        self.stream = stream
        self._frames = aiter(stream)
        self._coming: asyncio.Future[Frame] | None = None

    async def next(self) -> Json:
        """The next frame, applied."""
        return self.client.take(await self.read())

    async def read(self) -> Frame:
        """The next frame as it came."""
        coming, self._coming = self._coming or asyncio.ensure_future(anext(self._frames)), None
        async with asyncio.timeout(60):
            return await coming

    async def until(self, ids: list[str]) -> None:
        """Read on until the page is this."""
        while self.client.ids != ids:
            await self.next()

    async def nothing_until(self, cursor: str) -> None:
        """The log is done with up to there, and nothing came of it."""
        coming = self._coming = self._coming or asyncio.ensure_future(anext(self._frames))
        await until(lambda: self.stream.cursor == cursor)
        assert not coming.done()

    async def aclose(self) -> None:
        """Leave."""
        if self._coming is not None:
            self._coming.cancel()
            await asyncio.gather(self._coming, return_exceptions=True)
        await self.stream.aclose()


@asynccontextmanager
async def following(
    world: World,
    variables: Json | None = None,
    caller: Principal | str = "admin",
    document: str = LIVE,
    **how: Any,  # Any: as World.subscribe
) -> AsyncIterator[Following]:
    """Begun: the first page has come."""
    live = Following(await world.subscribe(document, variables, caller=caller, **how))
    try:
        await live.next()
        assert live.client.pages == 1
        yield live
    finally:
        await live.aclose()


async def here(world: World) -> str:
    """The cursor of the newest event."""
    tenant = world.tenants["acme"]
    codec = world.gateway._runner.event_cursors
    return codec.encode(tenant, await world.hub.head(tenant))


async def change(world: World, order: str, **changes: Any) -> None:  # Any: JSON
    document = MOVE if "status" in changes else UPDATE
    reply = await world.ask(document, {"input": {"id": order, **changes}})
    assert reply.errors == []


async def page(world: World, variables: Json, caller: Principal | str = "admin", document: str = PAGE) -> list[Json]:
    reply = await world.ask(document, variables, caller=caller)
    nodes: list[Json] = reply.data["orders"]["nodes"]
    return nodes
