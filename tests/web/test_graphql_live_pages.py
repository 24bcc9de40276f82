"""Live pages over a socket: ids on every frame, a new page for whoever comes back, two pages on one connection."""

import pytest

from tests.support.feeds import Frame
from tests.support.live_client import LiveClient
from tests.support.server import STREAM, Front
from tests.support.shop import Shop
from tests.support.single import reserved
from tests.support.streams import Block, StreamClient
from tests.support.waiting import until

FIELDS = "id number status notes version"
LIVE = f"""subscription($where: OrderWhere) {{ ordersLive(first: 5, where: $where) {{ cursor
    snapshot {{ nodes {{ {FIELDS} }} }} changes {{ op id index patch node {{ {FIELDS} }} }} }} }}"""
PENDING = {"where": {"status": {"eq": "PENDING"}}}


@pytest.fixture
async def shop(front: Front) -> Shop:
    return await Shop.open(front.client, await front.bearer())


def frame_in(block: Block) -> Frame:
    """The frame of a block, which must be durable."""
    assert block.id is not None
    return Frame((block.field("data") or "").encode(), block.id)


async def take(client: LiveClient, stream: StreamClient) -> None:
    client.take(frame_in(await stream.wait_for_next()))


async def test_a_page_and_its_changes_arrive_with_ids(front: Front, shop: Shop) -> None:
    client = LiveClient()
    async with front.stream(LIVE, PENDING, headers=await front.bearer("viewer")) as stream:
        await take(client, stream)
        order = await shop.create("comes")
        await take(client, stream)
        assert client.ids[0] == order
        await shop.move(order, "CONFIRMED")
        await take(client, stream)
        assert order not in client.ids
        assert stream.last_id == client.cursor
        await stream.dispose()
    await until(lambda: not front.app.state.hub.followers)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_whoever_comes_back_is_given_a_new_page(front: Front, shop: Shop, method: str) -> None:
    headers, client = await front.bearer("viewer"), LiveClient()
    async with front.stream(LIVE, headers=headers) as stream:
        await take(client, stream)
        await stream.dispose()
    order = await shop.create("missed")
    fields = {**headers, "Accept": STREAM, "Last-Event-ID": stream.last_id or ""}
    body = {"json": {"query": LIVE}} if method == "POST" else {"params": {"query": LIVE}}
    async with front.client.stream(method, "/graphql", headers=fields, **body) as response:  # type: ignore[arg-type]  # one of the two
        again = StreamClient(response)
        await take(client, again)
        await again.dispose()
    assert client.pages == 2
    assert client.ids[0] == order


async def test_pages_and_events_share_a_connection_and_its_ids(front: Front, shop: Shop) -> None:
    single = await reserved(front)
    pages = {"all": LiveClient(), "pending": LiveClient()}
    async with single.open() as stream:
        for name, variables in (("all", {}), ("pending", PENDING)):
            assert (await single.post(name, LIVE, variables)).status_code == 202
        assert (await single.post("events", "subscription { orderEvents { id } }")).status_code == 202
        order = await shop.create("on all three")
        seen = 0
        while seen < 5:
            block = await stream.wait_for_next()
            name, payload = block.payload["id"], block.payload["payload"]
            seen += 1
            if name != "events":
                told = payload["data"]["ordersLive"]
                pages[name].nodes = told["snapshot"]["nodes"] if told["snapshot"] else pages[name].nodes
                for change in told["changes"]:
                    pages[name].apply(change)
            else:
                assert payload["data"]["orderEvents"]["id"] == order
        assert [page.ids[0] for page in pages.values()] == [order, order]
        assert stream.last_id is not None
