"""A worker that has enough to do sends the rest away at once, and still says how it is."""

import asyncio

import pytest

from tests.support.database import Dsns
from tests.support.server import GRAPHQL, serving, settings_for
from tests.support.waiting import until, until_answered
from tests.web.test_graphql_deadlines import LIST, UPDATE, holding, orders_of, something_waits
from web.load import Load
from web.refusals import Refusal


def test_what_is_over_makes_room() -> None:
    load = Load(1)
    for _ in range(3):
        with load, pytest.raises(Refusal) as refused, load:
            pass
        assert refused.value.code == "OVERLOADED"
    assert (load.running, load.shed) == (0, 3)


async def test_what_is_too_much_is_sent_away_at_once_while_health_and_streams_are_answered(seeded_dsns: Dsns) -> None:
    async with serving(settings_for(seeded_dsns, operations=2)) as front:
        headers, (order,) = await front.bearer(), await orders_of(front, 1)
        async with holding(seeded_dsns, "the row", order.removeprefix("ord_")):
            asked = [asyncio.create_task(front.post(UPDATE, {"id": order}, headers=headers)) for _ in range(2)]
            await until(lambda: front.app.state.load.running == 2)
            await until_answered(lambda: something_waits(seeded_dsns))
            for accept in (GRAPHQL, "application/json"):
                more = await front.post(LIST, headers=headers, accept=accept)
                assert (more.status_code, more.headers["retry-after"]) == (503, "1")
                assert more.json()["errors"][0]["extensions"]["code"] == "OVERLOADED"
            for path in ("/health/live", "/health/ready", "/metrics"):
                assert (await front.client.get(path)).status_code == 200
            told = (await front.client.get("/metrics")).text
            assert "tidegate_operations_running 2.0" in told
            assert "tidegate_operations_shed_total 2.0" in told
            async with front.stream("subscription { announcements { id } }", headers=headers) as stream:
                await stream.wait_for_block()
            assert not any(task.done() for task in asked)  # whoever waited behind them would wait still
        assert [answer.status_code for answer in await asyncio.gather(*asked)] == [200, 200]
        assert (await front.post(LIST, headers=headers)).status_code == 200
