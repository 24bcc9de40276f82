"""What may be asked again is asked a few times, by pauses of chance, and as its upstream wishes."""

from datetime import UTC, datetime

import pytest

from auth.repeats import Repeats, repeat, retry_after
from db.breaker import Unwell
from tests.support.ticks import Ticks, longest

NOW = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)


class Oracle:
    """Fails as often as it is told."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.asked = 0

    async def ask(self) -> str:
        self.asked += 1
        if self.errors:
            raise self.errors.pop(0)
        return "an answer"


async def told(oracle: Oracle, ticks: Ticks, repeats: Repeats | None = None) -> str:
    again = (Unwell, ConnectionError)
    wanted = repeats or Repeats(tries=4, within=5.0, first=0.1, longest=0.3)
    return await repeat(oracle.ask, wanted, again, clock=ticks, sleep=ticks.sleep, chance=longest)


async def test_pauses_double_up_to_the_longest() -> None:
    ticks, oracle = Ticks(), Oracle(*[ConnectionError()] * 3)
    assert await told(oracle, ticks) == "an answer"
    assert ticks.slept == pytest.approx([0.1, 0.2, 0.3])


async def test_the_last_failure_is_told() -> None:
    oracle = Oracle(*[ConnectionError(str(number)) for number in range(9)])
    with pytest.raises(ConnectionError, match="3"):
        await told(oracle, Ticks())
    assert oracle.asked == 4


async def test_an_answer_that_is_an_error_is_not_asked_for_again() -> None:
    oracle = Oracle(ValueError())
    with pytest.raises(ValueError, match=r"^$"):
        await told(oracle, Ticks())
    assert oracle.asked == 1


async def test_who_says_when_is_asked_then_and_not_at_all_where_nobody_would_wait_so_long() -> None:
    ticks, oracle = Ticks(), Oracle(Unwell("status 429", 2.0))
    assert await told(oracle, ticks) == "an answer"
    assert ticks.slept == pytest.approx([2.1])
    oracle = Oracle(Unwell("status 429", 5.0))
    with pytest.raises(Unwell):
        await told(oracle, ticks)
    assert oracle.asked == 1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, 0.0),
        ("7", 7.0),
        ("Mon, 30 Nov 2026 08:00:20 GMT", 20.0),
        ("Mon, 30 Nov 2026 07:00:00 GMT", 0.0),
        *((nonsense, 0.0) for nonsense in ("", "soon", "-1", "1.5", "\u0663", "Mon, 99 Nov 2026 08:00:20 GMT")),
    ],
)
def test_retry_after_is_a_number_or_a_date_and_nonsense_is_none(value: str | None, seconds: float) -> None:
    assert retry_after(value, NOW) == seconds


def test_a_number_of_a_thousand_digits_is_a_long_time() -> None:
    assert retry_after("9" * 1_000, NOW) == 999_999_999
