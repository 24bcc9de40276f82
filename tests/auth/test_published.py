"""What others publish is fetched once for all, kept while fresh, and trusted for a day while they are away."""

import asyncio

import pytest

from auth.errors import ProviderFailed
from auth.published import AGAIN_SECONDS, STALE_SECONDS, Published
from tests.support.ticks import Ticks


class Press:
    """Publishes edition after edition, unless it is away."""

    def __init__(self) -> None:
        self.ticks = Ticks()
        self.edition = 0
        self.asked = 0
        self.away = False
        self.published = Published(self.fetch, 100.0, self.ticks)

    async def fetch(self, address: str) -> str:
        self.asked += 1
        await asyncio.sleep(0)
        if self.away:
            raise ProviderFailed("away")
        self.edition += 1
        return f"{address} {self.edition}"


@pytest.fixture
def press() -> Press:
    return Press()


async def test_all_who_wait_get_the_one_that_is_fetched_and_it_is_kept_while_it_is_fresh(press: Press) -> None:
    assert set(await asyncio.gather(*(press.published.get("a") for _ in range(20)))) == {"a 1"}
    press.ticks.now += 100
    assert await press.published.get("a") == "a 1"
    press.ticks.now += 1
    assert await press.published.get("a") == "a 2"
    assert await press.published.get("b") == "b 3"


async def test_while_its_publisher_is_away_it_is_trusted_for_a_day_and_few_wait_for_that(press: Press) -> None:
    await press.published.get("a")
    press.away = True
    press.ticks.now += 101
    assert {await press.published.get("a") for _ in range(50)} == {"a 1"}
    assert press.asked == 2
    press.ticks.now += AGAIN_SECONDS
    assert await press.published.get("a") == "a 1"
    assert press.asked == 3
    press.ticks.now += STALE_SECONDS
    with pytest.raises(ProviderFailed):
        await press.published.get("a")


async def test_what_was_never_there_is_looked_for_again_by_everybody(press: Press) -> None:
    press.away = True
    for _ in range(2):
        with pytest.raises(ProviderFailed):
            await press.published.get("a")
    press.away = False
    assert await press.published.get("a") == "a 1"


async def test_whoever_misses_something_looks_again_at_once_and_then_not_for_a_while(press: Press) -> None:
    await press.published.get("a")
    assert await press.published.look_again("a") == "a 2"
    assert await press.published.look_again("a") == "a 2"
    press.ticks.now += AGAIN_SECONDS
    assert await press.published.look_again("a") == "a 3"
