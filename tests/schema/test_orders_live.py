"""Live pages of orders: a page and its changes are the page at every cursor, for each caller as much as it may read."""

import asyncio
import random
from contextlib import AsyncExitStack

import pytest

from schema.execute import Answer, OperationRequest
from tests.support.facts import Json, new_order, shop_of
from tests.support.live_client import LiveClient
from tests.support.live_orders import LIVE, PAGE, UNNAMED, change, following, here, page
from tests.support.world import World

PENDING: Json = {"where": {"status": {"eq": "PENDING"}}}
NEWEST: Json = {"first": 3, "orderBy": [{"field": "UPDATED_AT", "direction": "DESC"}]}


async def test_a_page_and_its_changes_are_the_page_that_is_read(world: World) -> None:
    rng = random.Random(7)
    pages: list[Json] = [
        NEWEST,
        {"first": 4, **PENDING, "orderBy": [{"field": "TOTAL"}]},
        {"first": 100, "where": {"notes": {"contains": "watched"}}},
        {
            "first": 5,
            "where": {"not": {"status": {"eq": "CANCELLED"}}},
            "orderBy": [{"field": "DUE_AT", "nulls": "FIRST"}],
        },
    ]
    async with AsyncExitStack() as stack:
        lives = [await stack.enter_async_context(following(world, variables)) for variables in pages]
        orders: list[str] = []
        for turn in range(30):
            if turn % 5 == 0:
                orders.append(await new_order(world, notes="watched"))
            elif turn % 3 == 0:
                await change(world, rng.choice(orders), status=rng.choice(["CONFIRMED", "CANCELLED"]))
            else:
                await change(world, rng.choice(orders), notes=rng.choice(["watched", "not", "é", None]))
        for live, variables in zip(lives, pages, strict=True):
            right = await page(world, variables)
            while live.client.nodes != right:
                await live.next()
            await live.nothing_until(await here(world))


async def test_an_order_comes_changes_moves_and_goes(world: World) -> None:
    async with following(world, {**NEWEST, **PENDING}) as live:
        order = await new_order(world)
        await live.next()
        await change(world, order, notes="n")
        await live.next()
        other = await new_order(world)
        await live.next()
        await change(world, order, notes="m")
        await live.next()
        await change(world, order, status="CONFIRMED")
        told = (await live.next())["data"]["ordersLive"]
        assert live.client.ids[0] == other
    assert live.client.ops == [["LEAVE", "ENTER"], ["UPDATE"], ["LEAVE", "ENTER"], ["MOVE"], ["LEAVE", "ENTER"]]
    assert told["changes"][0] == {"op": "LEAVE", "id": order, "index": 0, "patch": None, "node": None}


async def test_an_order_that_left_is_not_told_of_again(world: World) -> None:
    order = await new_order(world, notes="to be confirmed")
    async with following(world, {"where": {"notes": {"eq": "to be confirmed"}}}) as live:
        await change(world, order, notes="hush")
        await live.next()
        assert "hush" not in str(live.client.heard)
        await change(world, order, notes="hush hush")
        await live.nothing_until(await here(world))


async def test_a_partner_is_told_nothing_of_customers_and_not_that_one_changed(world: World) -> None:
    order, shop = await new_order(world, notes="for a partner"), await shop_of(world)
    mine = {"where": {"notes": {"startsWith": "for a partner"}}}
    async with following(world, mine, "partner", UNNAMED) as live:
        await change(world, order, customerId=shop.customers[1])
        await live.nothing_until(await here(world))
        await change(world, order, customerId=shop.customers[2], notes="for a partner!")
        told = (await live.next())["data"]["ordersLive"]["changes"][0]
        assert told["patch"].keys() == {"notes", "version", "updatedAt"}
        assert "cus_" not in str(live.client.heard)


@pytest.mark.parametrize(
    ("page_of", "node", "told"),
    [
        ("nodes { id notes }", "id", {"notes"}),
        ("edges { node { id status } } nodes { id }", "id", {"status"}),
        ("nodes { id }", "id ...on Order { notes }", {"notes"}),
        ("nodes { id version }", "id", set()),
        ("nodes { id notes @skip(if: true) status }", "id", {"status"}),
    ],
)
async def test_a_change_is_told_of_what_is_selected(world: World, page_of: str, node: str, told: set[str]) -> None:
    order = await new_order(world)
    document = f"""subscription($where: OrderWhere) {{ ordersLive(where: $where) {{
        cursor snapshot {{ nodes {{ id }} {page_of} }} changes {{ op id index patch node {{ {node} }} }} }} }}"""
    async with following(world, {"where": {"id": {"eq": order}}}, document=document) as live:
        for changes in ({"notes": "now"}, {"status": "CONFIRMED"}):
            await change(world, order, **changes)
            if told == changes.keys():
                frame = await live.next()
                patch = frame["data"]["ordersLive"]["changes"][0]["patch"]
                assert patch.keys() == {*changes, "version", "updatedAt"}
            else:
                await live.nothing_until(await here(world))


async def test_equal_pages_are_read_once_and_told_to_all(world: World) -> None:
    async with world.statements() as seen, AsyncExitStack() as stack:
        lives = [await stack.enter_async_context(following(world, NEWEST)) for _ in range(3)]
        seen.clear()
        order = await new_order(world)
        for live in lives:
            await live.until([order, *live.client.ids[:2]])
        assert len([sql for sql in seen if sql.startswith("SELECT") and "ORDER BY orders.updated_at" in sql]) == 1
        assert lives[0].client.nodes == lives[1].client.nodes == lives[2].client.nodes == await page(world, NEWEST)
    assert world.hub.followers == 0


@pytest.mark.parametrize("last", ["mine", "nonsense", "x" * 10_000])
@pytest.mark.parametrize("by_get", [False, True])
async def test_whoever_comes_back_begins_with_a_new_page(world: World, last: str, by_get: bool) -> None:
    last = await here(world) if last == "mine" else last
    order = await new_order(world)
    async with following(world, NEWEST, last_event_id=last, by_get=by_get) as live:
        assert live.client.ids[0] == order
        await change(world, order, notes="on")
        await live.next()
        assert live.client.ops == [["UPDATE"]]


async def only_answer(world: World, variables: Json, caller: str = "admin") -> Json:
    """The one frame of a page that ends at once."""
    stream = await world.subscribe(LIVE, variables, caller=caller)
    try:
        async with asyncio.timeout(60):
            (frame,) = [frame async for frame in stream]
    finally:
        await stream.aclose()
    assert frame.cursor is None
    return LiveClient().refused(frame)


@pytest.mark.parametrize(
    "variables",
    [
        {"first": -1},
        {"first": 501},
        {"where": {"id": {"eq": "cus_x"}}},
        {"where": {"notes": {"eq": None}}},
        {"where": {"notes": {"eq": "\0"}}},
        {"orderBy": [{"field": "TOTAL"}] * 2},
        {"orderBy": [{"field": f} for f in ("TOTAL", "STATUS", "NUMBER", "DUE_AT")]},
    ],
    ids=str,
)
async def test_what_no_list_takes_no_live_page_takes(world: World, variables: Json) -> None:
    refused = await only_answer(world, variables)
    listed = await world.ask(PAGE, variables)
    assert [error["extensions"]["code"] for error in refused["errors"]] == ["BAD_USER_INPUT"] == listed.codes
    assert [error["message"] for error in refused["errors"]] == [error["message"] for error in listed.errors]
    assert world.hub.followers == 0


@pytest.mark.parametrize(
    ("role", "first", "good"), [("viewer", 101, False), ("viewer", 100, True), ("admin", 500, True)]
)
async def test_a_live_page_is_as_large_as_a_list_may_be(world: World, role: str, first: int, good: bool) -> None:
    if good:
        async with following(world, {"first": first}, role) as live:
            assert len(live.client.nodes) == first
    else:
        assert "errors" in await only_answer(world, {"first": first}, role)


async def test_an_empty_page_is_told_and_stays_open(world: World) -> None:
    async with following(world, {"first": 0}) as live:
        await new_order(world)
        await live.nothing_until(await here(world))
        assert live.client.nodes == []


@pytest.mark.parametrize("who", [None, "without", "partner"])
async def test_who_may_not_list_gets_no_page(world: World, who: str | None) -> None:
    callers = {
        None: None,
        "without": world.principal(grants=frozenset({"products:read"})),
        "partner": world.principal("partner"),
    }
    document = UNNAMED if who == "partner" else LIVE
    variables: Json | None = {"where": {"customerId": {"in": []}}} if who == "partner" else None
    request = OperationRequest(document, variables, None, None, "r", allow_stream=True)
    answer = await world.gateway.answer(request, callers[who])
    assert isinstance(answer, Answer)
    assert answer.code == ("FORBIDDEN" if who else "UNAUTHENTICATED")
    assert b"data" not in answer.body
    assert world.hub.followers == 0
