"""What single connection mode refuses, how, and that it tells and keeps nothing then."""

import httpx2
import pytest

from db.reservations import KEPT_OPERATIONS, UNCLAIMED_OF_USER
from tests.support.server import GRAPHQL, JSON, STREAM, Front
from tests.support.shop import Shop
from tests.support.single import PATH, TOKEN, Single, code_of, put, reserved, told
from tests.support.streams import Block, StreamClient
from tests.web.sse.test_single_connection import ACME, WATCH, WHO
from web.sse.posted import LONGEST_ID
from web.sse.single_stream import OPERATIONS

UNKNOWN = ["A" * 43, "", "x", "A" * 8000, "é" * 43, "../..", "A" * 43 + ",", '"'.ljust(43, "A")]


def refused(answer: httpx2.Response, status: int, code: str) -> None:
    """Exactly this, as JSON, and nothing of anybody's."""
    assert (answer.status_code, code_of(answer)) == (status, code), answer.text
    assert answer.headers["content-type"].startswith("application/")
    assert answer.headers["cache-control"] == "no-store"
    assert "data" not in answer.json()


# ── who ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_nobody_in_particular_can_reserve_nothing(front: Front) -> None:
    answer = await put(front, {})
    refused(answer, 401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"]
    refused(await put(front, {"Authorization": "Bearer nonsense"}), 401, "UNAUTHENTICATED")


@pytest.mark.parametrize("who", ["another user", "another tenant", "another session", "nobody"])
@pytest.mark.parametrize("opened", [False, True])
async def test_in_other_hands_a_token_is_unknown(front: Front, who: str, opened: bool) -> None:
    mine = await front.cookie("viewer")
    hands = {
        "another user": await front.bearer("manager"),
        "another tenant": await front.bearer("viewer", "globex"),
        "another session": await front.cookie("viewer"),
        "nobody": {},
    }[who]
    csrf = {"X-Tidegate-Csrf": "1"}
    single = await reserved(front, {**mine, **csrf})
    thief = single.by({**hands, **csrf})
    expected = (401, "UNAUTHENTICATED") if who == "nobody" else (404, "NOT_FOUND")
    if not opened:
        await tries(front, thief, expected)
    async with single.open() as stream:
        if opened:
            await tries(front, thief, expected)
        assert (await single.post("mine", WHO)).status_code == 202
        assert told(await stream.wait_for_next()) == ("mine", ACME)
        assert (await stream.wait_for_complete()).payload == {"id": "mine"}


async def tries(front: Front, thief: Single, expected: tuple[int, str]) -> None:
    refused(await front.client.get(PATH, headers={**thief.fields, "Accept": STREAM}), *expected)
    refused(await thief.post("mine", WATCH), *expected)
    refused(await thief.get({"query": WHO, "extensions": '{"operationId":"mine"}'}), *expected)
    refused(await thief.delete("mine"), *expected)


@pytest.mark.parametrize("token", UNKNOWN)
async def test_an_unknown_token_is_not_found(front: Front, token: str) -> None:
    fields = {**await front.bearer("viewer"), "Accept": STREAM}
    raw = [(name.encode(), value.encode()) for name, value in fields.items()]
    by_header = await front.client.get(PATH, headers=[*raw, (TOKEN.encode(), token.encode())])
    refused(by_header, 404, "NOT_FOUND")
    if token and len(token) < 8000:
        refused(await front.client.get(PATH, params={"token": token}, headers=fields), 404, "NOT_FOUND")


async def test_a_token_given_twice_is_nobodys(front: Front) -> None:
    single = await reserved(front)
    url = f"{PATH}?token={single.token}&token={single.token}"
    refused(await front.client.get(url, headers={**single.headers, "Accept": STREAM}), 404, "NOT_FOUND")
    headers = [*single.headers.items(), (TOKEN, single.token), (TOKEN, single.token), ("Accept", STREAM)]
    refused(await front.client.get(PATH, headers=headers), 404, "NOT_FOUND")


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
async def test_a_cookie_needs_the_header_that_no_other_site_can_send(front: Front, method: str) -> None:
    cookie = await front.cookie("viewer")
    single = await reserved(front, {**cookie, "X-Tidegate-Csrf": "1"})
    body = {"query": WHO, "extensions": {"operationId": "1"}}
    answer = await front.client.request(
        method,
        PATH,
        params={"operationId": "1"},
        headers={**cookie, TOKEN: single.token},
        json=body if method == "POST" else None,
    )
    refused(answer, 403, "CSRF_PREVENTION")
    async with single.open() as stream:
        assert (await single.post("1", WHO)).status_code == 202  # it was free
        assert told(await stream.wait_for_next()) == ("1", ACME)


async def test_another_sites_page_cannot_open_the_stream_by_cookie(front: Front) -> None:
    cookie = await front.cookie("viewer")
    single = await reserved(front, {**cookie, "X-Tidegate-Csrf": "1"})
    fields = {**cookie, TOKEN: single.token, "Accept": STREAM, "Sec-Fetch-Site": "cross-site"}
    refused(await front.client.get(PATH, headers=fields), 403, "CSRF_PREVENTION")
    async with single.by(cookie).open(also={"Sec-Fetch-Site": "same-origin"}):
        pass


# ── operations ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("opened", [False, True])
@pytest.mark.parametrize("accept", [JSON, GRAPHQL, "*/*"])
async def test_an_invalid_operation_answers_its_post_and_frees_its_id(front: Front, accept: str, opened: bool) -> None:
    single = await reserved(front)
    cases = {
        "{ nonsense": (400, "GRAPHQL_PARSE_FAILED"),
        "{ nonsense }": (400, "GRAPHQL_VALIDATION_FAILED"),
        "subscription { orderEvents { nonsense } }": (400, "GRAPHQL_VALIDATION_FAILED"),
        "query ($a: Int!) { orders(first: $a) { totalCount } }": (400, "BAD_USER_INPUT"),
        "": (400, "BAD_REQUEST"),
        'mutation { updateOrder(input: {id: "ord_0"}) { order { id } } }': (403, "FORBIDDEN"),
        "{ " + "a: __typename " * 3000 + "}": (400, "QUERY_LIMIT_EXCEEDED"),
    }
    if opened:
        async with single.open() as stream:
            for query, expected in cases.items():
                refused(await single.post("1", query, also={"Accept": accept}), *expected)
            assert (await single.post("1", WHO, also={"Accept": accept})).status_code == 202
            assert told(await stream.wait_for_next()) == ("1", ACME)
        return
    for query, expected in cases.items():
        refused(await single.post("1", query, also={"Accept": accept}), *expected)
    assert (await single.post("1", WHO, also={"Accept": accept})).status_code == 202


@pytest.mark.parametrize("opened", [False, True])
@pytest.mark.parametrize("operation_id", [None, "", 7, True, ["1"], {"a": 1}, "x" * (LONGEST_ID + 1), "x" * 900_000])
async def test_an_operation_without_a_fit_id_is_refused(front: Front, operation_id: object, opened: bool) -> None:
    single = await reserved(front)
    if opened:
        async with single.open():
            refused(await single.post(operation_id, WHO), 400, "BAD_REQUEST")
    else:
        refused(await single.post(operation_id, WHO), 400, "BAD_REQUEST")


async def test_a_stop_without_an_id_is_refused(front: Front) -> None:
    single = await reserved(front)
    for operation_id in (None, "", "x" * (LONGEST_ID + 1)):
        refused(await single.delete(operation_id), 400, "BAD_REQUEST")
    assert "send it as ?operationId=" in (await single.delete(None)).text


async def test_a_running_id_is_refused_and_its_operation_goes_on(front: Front, shop: Shop) -> None:
    single = await reserved(front)
    async with single.open() as stream:
        await single.post("1", WATCH)
        refused(await single.post("1", WHO), 409, "CONFLICT")
        refused(await single.post("1", WATCH), 409, "CONFLICT")
        await shop.create("seen once")
        assert told(await stream.wait_for_next())[0] == "1"
        assert (await stream.wait_for_block()).event is None


async def test_an_id_that_waits_for_its_stream_is_refused(front: Front) -> None:
    single = await reserved(front)
    assert (await single.post("1", WHO)).status_code == 202
    refused(await single.post("1", WHO), 409, "CONFLICT")


@pytest.mark.parametrize(
    "operation_id", ["a\nb\n\ndata: x\r\u2028\u2029\x85", '"}\n\n', "\x00", "é\U0001f600", "<script>"]
)
async def test_an_id_gets_into_no_frame_raw(front: Front, operation_id: str) -> None:
    single = await reserved(front)
    async with single.open() as stream:
        answer = await single.post(operation_id, WHO)
        if "\x00" in operation_id:
            refused(answer, 400, "BAD_USER_INPUT")
            return
        assert answer.status_code == 202
        block = await stream.wait_for_next()
        assert told(block) == (operation_id, ACME)
        assert block.raw.isascii()
        assert len(block.raw.decode().splitlines()) == 3
        assert (await stream.wait_for_complete()).payload == {"id": operation_id}


# ── bounds ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_unclaimed_reservations_of_a_user_are_bounded(front: Front) -> None:
    who = await front.bearer("viewer", "initech")
    for _ in range(UNCLAIMED_OF_USER):
        assert (await put(front, who)).status_code == 201
    answer = await put(front, who)
    refused(answer, 503, "STREAM_LIMIT")
    assert int(answer.headers["retry-after"]) > 0
    assert (await put(front, await front.bearer("manager", "initech"))).status_code == 201


async def test_what_waits_for_a_stream_is_bounded(front: Front) -> None:
    single = await reserved(front)
    for number in range(KEPT_OPERATIONS):
        assert (await single.post(str(number), WHO)).status_code == 202
    refused(await single.post("more", WHO), 503, "STREAM_LIMIT")
    async with single.open() as stream:
        names = [told(await next_result(stream))[0] for _ in range(KEPT_OPERATIONS)]
    assert sorted(names) == sorted(str(number) for number in range(KEPT_OPERATIONS))


async def next_result(stream: StreamClient) -> Block:
    """The next result; ends of operations are passed over."""
    while (block := await stream.wait_for_block()).event != "next":
        pass
    return block


async def test_operations_on_a_stream_are_bounded(front: Front) -> None:
    single = await reserved(front, await front.bearer("manager", "globex"))
    async with single.open():
        for number in range(OPERATIONS):
            assert (await single.post(str(number), WATCH)).status_code == 202
        refused(await single.post("one more", WATCH), 503, "STREAM_LIMIT")
        assert (await single.delete("7")).status_code == 200
        assert (await single.post("one more", WATCH)).status_code == 202


# ── the rest of HTTP ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("method", ["PATCH", "OPTIONS", "HEAD", "TRACE"])
async def test_another_method_is_told_which_there_are(front: Front, method: str) -> None:
    answer = await front.client.request(method, PATH, headers=await front.bearer("viewer"))
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST, PUT, DELETE")


async def test_a_reservation_is_text_and_nothing_else(front: Front) -> None:
    answer = await put(front, {**await front.bearer("viewer"), "Accept": "application/json"})
    refused(answer, 406, "BAD_REQUEST")


async def test_an_answer_in_no_type_that_is_asked_for_is_refused(front: Front) -> None:
    single = await reserved(front)
    refused(await single.post("1", WHO, also={"Accept": "image/png"}), 406, "BAD_REQUEST")


async def test_a_draining_server_takes_no_reservation_and_no_stream(front: Front) -> None:
    single = await reserved(front)
    front.app.state.draining.set()
    try:
        refused(await put(front, single.headers), 503, "DRAINING")
        refused(await front.client.get(PATH, headers={**single.fields, "Accept": STREAM}), 503, "DRAINING")
    finally:
        front.app.state.draining.clear()


async def test_an_event_source_that_must_wait_is_told_to_come_back_and_finds_its_reservation(front: Front) -> None:
    single = await reserved(front)
    params, fields = {"token": single.token}, {**single.headers, "Accept": STREAM}
    front.app.state.draining.set()
    try:
        answer = await front.client.get(PATH, params=params, headers=fields)
    finally:
        front.app.state.draining.clear()
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert "retry: 1000\n" in answer.text
    assert "event:" not in answer.text
    async with front.client.stream("GET", PATH, params=params, headers=fields) as response:
        assert response.status_code == 200
        await StreamClient(response).wait_for_block()


async def test_a_malformed_last_event_id_is_refused(front: Front) -> None:
    refused(await put(front, {**await front.bearer("viewer"), "Last-Event-ID": "x" * 300}), 400, "BAD_USER_INPUT")


async def test_a_token_on_the_other_path_is_refused(front: Front) -> None:
    single = await reserved(front)
    answer = await front.client.get("/graphql", params={"query": WHO, "token": single.token}, headers=single.headers)
    refused(answer, 400, "BAD_REQUEST")
