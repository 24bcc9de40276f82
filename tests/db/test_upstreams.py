"""Upstreams have breakers of their own, and are no more than a bound."""

from db.breaker import Tolerance
from db.upstreams import MOST, OTHERS, Upstreams


def test_each_upstream_has_one_breaker_and_what_is_beyond_the_bound_shares_one() -> None:
    upstreams = Upstreams()
    breakers = [upstreams.of(f"host-{number}", Tolerance(), ()) for number in range(2 * MOST)]
    assert len(set(breakers)) == MOST + 1
    assert upstreams.of("host-0", Tolerance(), ()) is breakers[0]
    assert [each.name for each in upstreams][-1] == OTHERS
    assert len(list(upstreams)) == MOST + 1
