"""Demo traffic does what its caller may, and counts what it did."""

import json
from random import Random

import pytest

from tests.support.facts import look
from tests.support.world import World
from web.cli.traffic import Traffic

BESIDES = {"relocated", "repriced"}


async def acted(world: World, role: str, times: int) -> Traffic:
    traffic = Traffic(world.write_context(role), Random(3))
    await traffic.prepare()
    for _ in range(times):
        await traffic.act()
    return traffic


@pytest.mark.parametrize(("role", "kinds"), [("manager", set()), ("admin", BESIDES)])
async def test_customers_and_prices_are_changed_by_those_who_may(
    fresh_world: World, role: str, kinds: set[str]
) -> None:
    traffic = await acted(fresh_world, role, 150)
    assert traffic.counts.keys() & BESIDES == kinds
    rows = await look(fresh_world, "SELECT type, before, after FROM event_log")
    assert {row["type"] for row in rows} - {"order.created", "order.updated", "order.status_changed"} == (
        {"customer.updated", "product.updated"} if kinds else set()
    )
    for row in rows:
        if row["type"] == "product.updated":
            before, after = json.loads(row["before"])["price"], json.loads(row["after"])["price"]
            assert after % 100 == 0
            assert abs(after - before) <= 0.11 * before + 200
