"""Subscriptions count as streams, on a connection of their own or together on one."""

from collections.abc import AsyncIterator

import pytest

from tests.support.server import Front, serving
from tests.support.single import Single, code_of, reserved
from tests.support.waiting import until
from tests.web.sse.test_single_connection import WATCH, WHO


@pytest.fixture
async def narrow(front: Front) -> AsyncIterator[Front]:
    """A server where a user has three streams at most."""
    async with serving(front.app.state.settings.model_copy(update={"streams_per_user": 3})) as narrow:
        yield narrow


async def refused(single: Single, name: str) -> bool:
    answer = await single.post(name, WATCH)
    assert answer.status_code == 202 or (answer.status_code, code_of(answer)) == (503, "STREAM_LIMIT")
    assert answer.status_code == 202 or int(answer.headers["retry-after"]) > 0
    return answer.status_code != 202


def taken(front: Front) -> int:
    """Places that are taken at the entrance."""
    return sum(front.app.state.entrance._taken.values())


async def test_many_on_one_connection_are_not_more_than_on_many(narrow: Front) -> None:
    single = await reserved(narrow)
    async with single.open():
        assert [await refused(single, str(number)) for number in range(5)] == [False, False, False, True, True]
        for number in range(10):
            assert (await single.post(f"query {number}", WHO)).status_code == 202  # queries are no streams
        assert (await single.delete("1")).status_code == 200
        assert [await refused(single, name) for name in ("again", "one more")] == [False, True]
    await until(lambda: taken(narrow) == 0)


async def test_all_connections_of_a_user_count_together(narrow: Front) -> None:
    one = await reserved(narrow)
    two = await reserved(narrow, one.headers)
    async with one.open(), two.open():
        assert [await refused(one, "1"), await refused(two, "1"), await refused(one, "2")] == [False] * 3
        assert [await refused(one, "3"), await refused(two, "2")] == [True, True]
        other = await reserved(narrow, await narrow.bearer("manager"))
        async with other.open():
            assert not await refused(other, "somebody else's")
    await until(lambda: taken(narrow) == 0)


async def test_a_refused_operation_takes_no_place(narrow: Front) -> None:
    single = await reserved(narrow)
    async with single.open():
        for _ in range(5):
            assert (await single.post("1", "subscription { orderEvents { nonsense } }")).status_code == 400
        assert not await refused(single, "1")
        for _ in range(5):
            assert (await single.post("1", WATCH)).status_code == 409
        assert [await refused(single, name) for name in ("2", "3", "4")] == [False, False, True]
