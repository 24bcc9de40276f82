"""Half a minute of the fault run; ``python -m tests.faults`` storms for as long as one likes."""

import pytest

from tests.faults.diary import Faults
from tests.faults.storm import storm
from tests.faults.weather import HARMLESS

SECONDS = 30.0
SEED = 4
SUBSCRIBERS = 60
"""Fewer than ``make faults`` has: other tests run beside this one."""
FEW = 5
"""Streams that may end under a harmless strike, for what struck before it and is only seen now; a harm ends dozens."""


@pytest.mark.timeout(240)
async def test_in_bad_weather_every_subscriber_is_told_exactly_its_tenants_events_in_order() -> None:
    account = await storm(SECONDS, SEED, SUBSCRIBERS)
    assert account.faults == Faults(), account.stories
    assert (account.subscribers, account.silent) == (SUBSCRIBERS, 0)
    assert account.told > account.events > 100
    assert set(account.struck) >= {*HARMLESS, "worker killed", "worker replaced", "connections cut"}
    ended = {name: account.ended[name] / account.struck[name] for name in HARMLESS}
    assert {name: share for name, share in ended.items() if share > FEW} == {}
    assert [way for way in account.ways if way.startswith("told to end")] == []
