"""Where operations of a single connection go on after it was dropped."""

import pytest

from tests.support.server import STREAM, Front
from tests.support.shop import Shop
from tests.support.single import PATH, Single, reserved, told
from tests.support.streams import Block, StreamClient
from tests.web.sse.test_single_connection import WATCH


async def a_cursor(front: Front) -> str:
    """Where the log stands now."""
    async with front.stream(WATCH, headers=await front.bearer("viewer")) as stream:
        return await stream.wait_for_id()


def seen(block: Block) -> tuple[str, str]:
    """The operation, and the order that it tells of."""
    name, payload = told(block)
    return name, payload["data"]["orderEvents"]["id"]


async def results(stream: StreamClient, count: int) -> list[tuple[str, str]]:
    return [seen(await stream.wait_for_next()) for _ in range(count)]


async def test_after_brings_exactly_what_was_missed(front: Front, shop: Shop) -> None:
    cursor = await a_cursor(front)
    orders = await shop.create_all("one", "two", "three")
    single = await reserved(front)
    async with single.open() as stream:
        await single.post("1", WATCH, {"after": cursor})
        orders.append(await shop.create("four"))
        assert await results(stream, 4) == [("1", order) for order in orders]


async def test_every_operation_resumes_from_a_cursor_of_its_own(front: Front, shop: Shop) -> None:
    early = await a_cursor(front)
    orders = await shop.create_all("one", "two")
    late = await a_cursor(front)
    orders += await shop.create_all("three", "four")
    single = await reserved(front)
    async with single.open() as stream:
        await single.post("early", WATCH, {"after": early})
        await single.post("late", WATCH, {"after": late})
        got = await results(stream, 6)
        assert [order for name, order in got if name == "early"] == orders
        assert [order for name, order in got if name == "late"] == orders[2:]


MOMENTS = pytest.mark.parametrize("moment", ["reserving", "opening", "posting"])
"""With which request the last event id is sent."""


@MOMENTS
async def test_the_last_event_id_counts_when_reserving_opening_and_posting(
    front: Front, shop: Shop, moment: str
) -> None:
    header = {"Last-Event-ID": await a_cursor(front)}
    order = await shop.create("missed")
    single = await reserved(front, also=header if moment == "reserving" else None)
    async with single.open(also=header if moment == "opening" else None) as stream:
        for name in ("1", "2"):
            await single.post(name, WATCH, also=header if moment == "posting" else None)
            assert await results(stream, 1) == [(name, order)]


@MOMENTS
async def test_no_id_is_told_while_more_may_be_posted_that_resumes_by_the_last_one(
    front: Front, shop: Shop, moment: str
) -> None:
    """So what was not posted yet when the stream is cut loses nothing: the client comes back with the same id."""
    header = {"Last-Event-ID": await a_cursor(front)}
    missed = await shop.create("missed")
    single = await reserved(front, also=header if moment == "reserving" else None)
    async with single.open(also=header if moment == "opening" else None) as stream:
        await single.post("1", WATCH, also=header if moment == "posting" else None)
        assert await results(stream, 1) == [("1", missed)]
        missed_too = await shop.create("missed too")
        block = await stream.wait_for_next()
        assert (seen(block), "cursor" in told(block)[1]["extensions"]) == (("1", missed_too), True)
        assert stream.last_id is None
    again = await reserved(front)
    async with again.open(also=header) as stream:
        for name in ("1", "2"):
            await again.post(name, WATCH)
            assert await results(stream, 2) == [(name, missed), (name, missed_too)]


async def test_once_nothing_more_resumes_by_the_last_id_the_next_one_is_told_at_once(
    front: Front, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = {"Last-Event-ID": await a_cursor(front)}
    monkeypatch.setattr("web.sse.resumption.RESUME_SECONDS", 0.5)
    order = await shop.create("missed")
    single = await reserved(front)
    async with single.open(also=header) as stream:
        await single.post("1", WATCH)
        assert await results(stream, 1) == [("1", order)]
        last = await stream.wait_for_id()
    again = await reserved(front)
    async with again.open(also={"Last-Event-ID": last}) as stream:
        await again.post("1", WATCH)
        order = await shop.create("new")
        assert await results(stream, 1) == [("1", order)]


async def test_an_event_source_that_is_made_anew_opens_the_stream_with_the_id_in_its_address(
    front: Front, shop: Shop
) -> None:
    early = await a_cursor(front)
    order = await shop.create("missed")
    single = await reserved(front)
    fields = {**single.fields, "Accept": STREAM}
    async with front.client.stream("GET", PATH, params={"lastEventId": early}, headers=fields) as response:
        stream = StreamClient(response)
        await single.post("1", WATCH)
        assert await results(stream, 1) == [("1", order)]


async def test_the_id_that_came_with_the_stream_goes_before_the_reservations(front: Front, shop: Shop) -> None:
    early = await a_cursor(front)
    await shop.create("one")
    late = await a_cursor(front)
    order = await shop.create("two")
    single = await reserved(front, also={"Last-Event-ID": early})
    async with single.open(also={"Last-Event-ID": late}) as stream:
        await single.post("1", WATCH)
        assert await results(stream, 1) == [("1", order)]


async def test_on_post_after_goes_before_every_id(front: Front, shop: Shop) -> None:
    early = await a_cursor(front)
    await shop.create("one")
    late = await a_cursor(front)
    order = await shop.create("two")
    single = await reserved(front, also={"Last-Event-ID": early})
    async with single.open(also={"Last-Event-ID": early}) as stream:
        await single.post("1", WATCH, {"after": late}, {"Last-Event-ID": early})
        assert await results(stream, 1) == [("1", order)]


async def test_the_connections_id_counts_for_what_is_posted_soon_and_no_longer(
    front: Front, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = {"Last-Event-ID": await a_cursor(front)}
    await shop.create("missed")
    monkeypatch.setattr("web.sse.resumption.RESUME_SECONDS", 0.0)
    single = await reserved(front, also=header)
    async with single.open(also=header) as stream:
        await single.post("late", WATCH)
        order = await shop.create("new")
        assert await results(stream, 1) == [("late", order)]


async def test_the_reservations_id_counts_for_what_waits_for_the_stream(front: Front, shop: Shop) -> None:
    header = {"Last-Event-ID": await a_cursor(front)}
    order = await shop.create("missed")
    single = await reserved(front, also=header)
    await single.post("kept", WATCH)
    async with single.open() as stream:
        assert await results(stream, 1) == [("kept", order)]


async def test_a_reservations_id_is_forgotten_in_time(
    front: Front, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = {"Last-Event-ID": await a_cursor(front)}
    await shop.create("missed")
    monkeypatch.setattr("web.sse.single_streams.RESUME_SECONDS", 0.0)
    single = await reserved(front, also=header)
    async with single.open() as stream:
        await single.post("late", WATCH)
        order = await shop.create("new")
        assert await results(stream, 1) == [("late", order)]


async def test_the_streams_last_id_resumes_all_its_operations(front: Front, shop: Shop) -> None:
    single = await reserved(front)
    async with single.open() as stream:
        for name in ("a", "b"):
            await single.post(name, WATCH)
        await shop.create("seen by both")
        await results(stream, 2)
        last = stream.last_id
    missed = await shop.create_all("missed", "missed too")
    again: Single = await reserved(front)
    assert last is not None
    async with again.open(also={"Last-Event-ID": last}) as stream:
        for name in ("a", "b"):
            await again.post(name, WATCH)
        got = await results(stream, 4)
    assert [order for name, order in got if name == "a"] == missed
    assert [order for name, order in got if name == "b"] == missed


async def test_a_forged_id_ends_its_operation_alone(front: Front, shop: Shop) -> None:
    single = await reserved(front)
    async with single.open() as stream:
        await single.post("good", WATCH)
        await single.post("bad", WATCH, {"after": "forged"})
        name, payload = told(await stream.wait_for_next())
        assert (name, payload["errors"][0]["extensions"]["code"]) == ("bad", "BAD_USER_INPUT")
        assert (await stream.wait_for_complete()).payload == {"id": "bad"}
        order = await shop.create("seen")
        assert await results(stream, 1) == [("good", order)]


async def test_operations_take_turns_in_learning_a_cursor(front: Front, shop: Shop) -> None:
    single = await reserved(front)
    names = ("a", "b", "c", "d", "e")
    async with single.open() as stream:
        for name in names:
            await single.post(name, WATCH)
        learned: list[str] = []
        for round_ in range(2 * len(names)):
            await shop.create(f"number {round_}")
            blocks = [await stream.wait_for_next() for _ in names]
            learned += [told(block)[0] for block in blocks if "extensions" in told(block)[1]]
    assert sorted(learned[: len(names)]) == sorted(learned[len(names) :]) == list(names)
