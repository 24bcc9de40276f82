"""The client of the npm package graphql-sse, in single connection mode: many operations on one connection."""

from contextlib import AbstractAsyncContextManager

from tests.interop.client import Client, node
from tests.interop.test_graphql_sse import WATCH, wait_for_streams
from tests.support.server import Front, serving
from tests.support.shop import Shop
from tests.support.waiting import until
from tests.support.wire import Wire

CREATED = "subscription ($after: String) { orderEvents(after: $after, types: [CREATED]) { type id cursor } }"
MOVED = "subscription ($after: String) { orderEvents(after: $after, types: [STATUS_CHANGED]) { type id cursor } }"
WHO = "{ viewer { tenant { slug } } }"


async def watching(
    front: Front, port: int, operations: dict[str, str], **more: object
) -> AbstractAsyncContextManager[Client]:
    """Each name with its document."""
    url = f"http://127.0.0.1:{port}/graphql/stream"
    asked = {name: {"query": query} for name, query in operations.items()}
    token = await front.token("manager")
    return node("graphql_sse_single.mjs", url=url, token=token, operations=asked, **more)


class Seen:
    """What each operation was told: its events by cursor, in the order in which they came first. After a cut those come
    again that came after the last cursor in ``extensions``, where operations take turns.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._events: dict[str, dict[str, str]] = {}

    def of(self, name: str) -> list[str]:
        """The ids of the orders."""
        return list(self._events.get(name, {}).values())

    async def wait_for(self, **counts: int) -> None:
        """Until each operation has seen so many events."""
        while any(len(self.of(name)) < count for name, count in counts.items()):
            await self._client.wait_for("next")
            said = self._client.said[-1]
            event = said["next"]["data"]["orderEvents"]
            self._events.setdefault(said["of"], {}).setdefault(event["cursor"], event["id"])


async def begun(front: Front, operations: int) -> None:
    """Until so many operations run on the one open stream."""

    def running() -> bool:
        streams = list(front.app.state.single_streams._open.values())
        return len(streams) == 1 and len(streams[0].outlet.names) == operations

    await until(running)


async def test_several_operations_share_one_connection(front: Front, shop: Shop) -> None:
    operations = {"all": WATCH, "created": CREATED, "moved": MOVED}
    async with await watching(front, front.port, operations) as client:
        await begun(front, 3)
        await wait_for_streams(front, 1)
        order = await shop.create("a first order")
        await shop.move(order, "CONFIRMED")
        other = await shop.create("another")
        seen = Seen(client)
        await seen.wait_for(all=3, created=2, moved=1)
    assert (seen.of("all"), seen.of("created"), seen.of("moved")) == ([order, order, other], [order, other], [order])


async def test_every_operation_resumes_after_the_connection_was_cut(front: Front, shop: Shop, wire: Wire) -> None:
    async with await watching(front, wire.port, {"all": WATCH, "created": CREATED}) as client:
        await begun(front, 2)
        seen = Seen(client)
        orders = await shop.create_all("one", "two")
        await seen.wait_for(all=2, created=2)
        for _ in range(3):
            wire.cut()
            await wait_for_streams(front, 0)
            orders += await shop.create_all("missed", "missed too")
            wire.mend()
            orders.append(await shop.create("while it comes back"))
            await seen.wait_for(all=len(orders), created=len(orders))
    assert seen.of("all") == seen.of("created") == orders


async def test_every_operation_resumes_after_a_restart(front: Front, shop: Shop, wire: Wire) -> None:
    settings = front.app.state.settings
    async with await watching(front, wire.port, {"all": WATCH, "created": CREATED}, start=[]) as client:
        seen = Seen(client)
        async with serving(settings) as first:
            wire.mend(first.port)
            await client.tell("subscribe all")
            await client.tell("subscribe created")
            await begun(first, 2)
            orders = await shop.create_all("one", "two")
            await seen.wait_for(all=2, created=2)
        orders += await shop.create_all("nobody serves", "nobody serves still")
        async with serving(settings) as second:
            wire.mend(second.port)
            await seen.wait_for(all=4, created=4)
            orders.append(await shop.create("served again"))
            await seen.wait_for(all=5, created=5)
    assert seen.of("all") == seen.of("created") == orders


async def test_disposing_one_operation_leaves_the_others(front: Front, shop: Shop) -> None:
    async with await watching(front, front.port, {"all": WATCH, "created": CREATED}) as client:
        await begun(front, 2)
        await client.tell("dispose created")
        assert await client.wait_for("complete") == "created"
        await begun(front, 1)
        orders = await shop.create_all("one", "two")
        seen = Seen(client)
        await seen.wait_for(all=2)
        assert (seen.of("all"), seen.of("created")) == (orders, [])
        await client.tell("subscribe created")
        await begun(front, 2)
        again = await shop.create("for both")
        await seen.wait_for(all=3, created=1)
        assert seen.of("created") == [again]


async def test_disposing_the_last_one_closes_the_connection_and_frees_everything(front: Front) -> None:
    async with await watching(front, front.port, {"all": WATCH, "created": CREATED}) as client:
        await begun(front, 2)
        for name in ("all", "created"):
            await client.tell(f"dispose {name}")
            assert await client.wait_for("complete") == name
        await wait_for_streams(front, 0)
        assert not front.app.state.single_streams._open
        assert front.app.state.hub.followers == 0


async def test_queries_are_answered_on_the_connection_and_complete(front: Front) -> None:
    async with await watching(front, front.port, {"watch": WATCH, "one": WHO, "two": WHO}) as client:
        got = await client.results(2)
        await begun(front, 1)
    assert got == [{"data": {"viewer": {"tenant": {"slug": "acme"}}}}] * 2


async def test_an_invalid_operation_is_refused_by_status(front: Front) -> None:
    operations = {"wrong": "subscription { orderEvents { nonsense } }"}
    async with await watching(front, front.port, operations, retryAttempts=0) as client:
        refused = await client.wait_for("refused")
    assert (refused["of"], refused["status"]) == ("wrong", 400)
