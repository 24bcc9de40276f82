"""Single connection mode by the rules of the protocol's text: reserve, open, operate, stop."""

import pytest

from tests.support.server import JSON, STREAM, Front
from tests.support.shop import Shop
from tests.support.single import PATH, TOKEN, code_of, put, reserved, told
from tests.support.streams import StreamClient
from tests.support.waiting import until

WATCH = "subscription ($after: String) { orderEvents(after: $after) { type id cursor patch } }"
WHO = "{ viewer { tenant { slug } } }"
ACME = {"data": {"viewer": {"tenant": {"slug": "acme"}}}}


async def wait_for_complete(stream: StreamClient, operation_id: str) -> None:
    block = await stream.wait_for_complete()
    assert block.payload == {"id": operation_id}


# ── making reservations ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_put_answers_created_and_a_token_as_text(front: Front) -> None:
    answer = await put(front, await front.bearer("viewer"))
    assert (answer.status_code, answer.headers["content-type"]) == (201, "text/plain; charset=utf-8")
    assert answer.headers["cache-control"] == "no-store"
    assert len(answer.text) == 43


async def test_the_server_makes_the_token_whatever_the_client_sends(front: Front) -> None:
    answer = await put(front, {**await front.bearer("viewer"), TOKEN: "mine", "Accept": "text/plain"})
    assert answer.status_code == 201
    assert answer.text != "mine"


async def test_the_token_may_be_in_the_address_for_clients_that_set_no_headers(front: Front) -> None:
    single = await reserved(front)
    params, fields = {"token": single.token}, {**single.headers, "Accept": STREAM}
    async with front.client.stream("GET", PATH, params=params, headers=fields) as response:
        stream = StreamClient(response)
        answer = await front.client.post(
            PATH, params=params, json={"query": WHO, "extensions": {"operationId": "1"}}, headers=single.headers
        )
        assert answer.status_code == 202
        assert told(await stream.wait_for_next()) == ("1", ACME)


# ── the stream ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_stream_is_opened_by_get_and_by_post(front: Front, method: str) -> None:
    single = await reserved(front)
    async with single.open(method) as stream:
        assert stream.response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert stream.response.headers["cache-control"] == "no-store"
        assert stream.response.headers["x-accel-buffering"] == "no"
        assert (await stream.wait_for_block()).raw == b":\n\n"


async def test_a_second_stream_of_a_reservation_is_refused_and_the_first_goes_on(front: Front) -> None:
    single = await reserved(front)
    async with single.open() as stream:
        await stream.wait_for_block()
        for _ in range(2):
            answer = await front.client.get(PATH, headers={**single.fields, "Accept": STREAM})
            assert (answer.status_code, code_of(answer)) == (409, "CONFLICT")
        assert (await single.post("1", WHO)).status_code == 202
        assert told(await stream.wait_for_next()) == ("1", ACME)


async def test_a_token_is_good_for_one_stream(front: Front) -> None:
    single = await reserved(front)
    before = front.open_streams
    async with single.open() as stream:
        await stream.wait_for_block()
    await until(lambda: front.open_streams == before)
    answer = await front.client.get(PATH, headers={**single.fields, "Accept": STREAM})
    assert (answer.status_code, code_of(answer)) == (404, "NOT_FOUND")
    assert (await single.post("1", WHO)).status_code == 404
    assert (await single.delete("1")).status_code == 404


async def test_the_stream_stays_open_when_all_operations_are_complete(front: Front) -> None:
    single = await reserved(front)
    async with single.open() as stream:
        for number in ("1", "2", "3"):
            await single.post(number, WHO)
            assert told(await stream.wait_for_next()) == (number, ACME)
            await wait_for_complete(stream, number)
        assert (await stream.wait_for_block()).event is None  # a ping


async def test_a_silent_stream_is_kept_alive(front: Front) -> None:
    single = await reserved(front)
    async with single.open() as stream:
        for _ in range(4):
            assert (await stream.wait_for_block()).event is None


# ── executing operations ────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_operation_is_accepted_without_a_body_and_answered_on_the_stream(front: Front) -> None:
    single = await reserved(front)
    async with single.open() as stream:
        answer = await single.post("an id", WHO)
        assert (answer.status_code, answer.content) == (202, b"")
        block = await stream.wait_for_next()
        assert (
            block.raw
            == b'event: next\ndata: {"id":"an id","payload":{"data":{"viewer":{"tenant":{"slug":"acme"}}}}}\n\n'
        )
        assert (await stream.wait_for_complete()).raw == b'event: complete\ndata: {"id":"an id"}\n\n'


async def test_an_operation_can_be_sent_by_get(front: Front) -> None:
    single = await reserved(front)
    async with single.open() as stream:
        answer = await single.get({"query": WHO, "extensions": '{"operationId":"1"}'}, {"Accept": JSON})
        assert (answer.status_code, answer.content) == (202, b"")
        assert told(await stream.wait_for_next()) == ("1", ACME)


async def test_a_mutation_runs_over_the_stream(front: Front, shop: Shop) -> None:
    single = await reserved(front, shop.headers)
    document = "mutation ($input: CreateOrderInput!) { createOrder(input: $input) { order { notes } } }"
    async with single.open() as stream:
        answer = await single.post("m", document, {"input": {**shop.draft, "notes": "by stream"}})
        assert answer.status_code == 202
        assert told(await stream.wait_for_next()) == ("m", {"data": {"createOrder": {"order": {"notes": "by stream"}}}})
        await wait_for_complete(stream, "m")


async def test_a_mutation_by_get_is_refused(front: Front, shop: Shop) -> None:
    single = await reserved(front, shop.headers)
    async with single.open():
        document = 'mutation { changeOrderStatus(input: {id: "ord_0", status: SHIPPED}) { order { id } } }'
        answer = await single.get({"query": document, "extensions": '{"operationId":"1"}'})
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_subscriptions_deliver_what_happens_after_their_post_was_accepted(front: Front, shop: Shop) -> None:
    single = await reserved(front)
    async with single.open() as stream:
        for number in range(5):
            name = f"watch {number}"
            assert (await single.post(name, WATCH)).status_code == 202
            order = await shop.create(name)
            blocks = [await stream.wait_for_next() for _ in range(number + 1)]
            assert {told(block)[0] for block in blocks} == {f"watch {each}" for each in range(number + 1)}
            assert {told(block)[1]["data"]["orderEvents"]["id"] for block in blocks} == {order}


async def test_frames_of_one_event_share_its_cursor_and_only_the_last_carries_it(front: Front, shop: Shop) -> None:
    single = await reserved(front)
    async with single.open() as stream:
        for name in ("a", "b", "c"):
            await single.post(name, WATCH)
        await shop.create("told three times")
        blocks = [await stream.wait_for_next() for _ in range(3)]
    assert {told(block)[0] for block in blocks} == {"a", "b", "c"}
    (cursor,) = {told(block)[1]["data"]["orderEvents"]["cursor"] for block in blocks}
    assert [block.id for block in blocks] == [None, None, cursor]
    assert ["extensions" in told(block)[1] for block in blocks] == [False, False, True]
    assert told(blocks[2])[1]["extensions"]["cursor"] == cursor


async def test_an_operation_posted_before_the_stream_is_open_waits_for_it(front: Front, shop: Shop) -> None:
    single = await reserved(front)
    assert (await single.post("q", WHO)).status_code == 202
    assert (await single.post("w", WATCH)).status_code == 202
    assert (await single.post("never", WATCH)).status_code == 202
    assert (await single.delete("never")).status_code == 200
    async with single.open() as stream:
        assert told(await stream.wait_for_next()) == ("q", ACME)
        await wait_for_complete(stream, "q")
        order = await shop.create("seen")
        name, payload = told(await stream.wait_for_next())
    assert (name, payload["data"]["orderEvents"]["id"]) == ("w", order)


# ── stopping operations ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_delete_stops_one_operation_and_the_others_go_on(front: Front, shop: Shop) -> None:
    single = await reserved(front)
    async with single.open() as stream:
        await single.post("stopped", WATCH)
        await single.post("kept", WATCH)
        answer = await single.delete("stopped")
        assert (answer.status_code, answer.content) == (200, b"")
        await wait_for_complete(stream, "stopped")
        await shop.create("seen by one")
        await shop.create("and again")
        assert [told(await stream.wait_for_next())[0] for _ in range(2)] == ["kept", "kept"]


async def test_an_id_can_be_used_again_when_its_operation_is_over(front: Front, shop: Shop) -> None:
    single = await reserved(front)
    async with single.open() as stream:
        for _ in range(3):
            assert (await single.post("again", WATCH)).status_code == 202
            await shop.create("seen")
            assert told(await stream.wait_for_next())[0] == "again"
            assert (await single.delete("again")).status_code == 200
            await wait_for_complete(stream, "again")
        for _ in range(2):
            assert (await single.post("again", WHO)).status_code == 202
            assert told(await stream.wait_for_next()) == ("again", ACME)
            await wait_for_complete(stream, "again")


async def test_stopping_what_does_not_run_is_no_error(front: Front) -> None:
    single = await reserved(front)
    assert (await single.delete("nothing")).status_code == 200
    async with single.open():
        assert (await single.delete("nothing")).status_code == 200


async def test_closing_the_stream_frees_everything(front: Front) -> None:
    await until(lambda: not front.open_streams)
    single = await reserved(front)
    async with single.open() as stream:
        await single.post("1", WATCH)
        await single.post("2", WATCH)
        await stream.wait_for_id()
        assert (front.open_streams, front.app.state.hub.followers) == (1, 1)
    await until(lambda: not front.open_streams and not front.app.state.hub.followers)
    assert not front.app.state.single_streams._open


async def test_without_a_token_it_is_distinct_connections_mode(front: Front) -> None:
    async with front.stream(WHO, headers=await front.bearer("viewer"), path=PATH) as stream:
        assert (await stream.wait_for_next()).payload == ACME
        assert (await stream.wait_for_complete()).raw == b"event: complete\ndata:\n\n"
