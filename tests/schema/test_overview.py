"""The overview as it is spoken: tiles and series, read and watched, for those who may see orders."""

import json
from contextlib import aclosing

import pytest

from db.money import format_amount
from schema.execute import Answer, OperationRequest
from tests.support.facts import Json, look, new_order
from tests.support.world import World

PARTS = """startsAt endsAt timeZone orders openOrders revenue { amount currency } averageOrder { amount currency }
    statuses { status orders total { amount currency } }
    days { date startsAt orders revenue { amount } statuses { status orders } } cursor"""
OVERVIEW = f"query($range: TimeRange) {{ overview(range: $range) {{ {PARTS} }} }}"
WATCH = f"""subscription($range: TimeRange, $after: String) {{
    overviewUpdated(range: $range, after: $after) {{ {PARTS} }} }}"""
AUTUMN = {"from": "2026-09-01T00:00:00Z", "to": "2026-10-15T00:00:00Z", "timeZone": "Asia/Kolkata"}


@pytest.mark.parametrize("caller", ["admin", "viewer", "partner"])
async def test_the_overview_says_what_the_orders_say(world: World, caller: str) -> None:
    reply = await world.ask(OVERVIEW, {"range": AUTUMN}, caller=caller)
    assert reply.errors == []
    found = reply.data["overview"]
    assert (found["startsAt"], found["endsAt"]) == ("2026-08-31T18:30:00Z", "2026-10-15T18:30:00Z")
    rows = await look(
        world,
        "SELECT status, currency, count(*) AS orders, sum(total) AS total FROM orders "
        "WHERE tenant_id = $1 AND created_at >= '2026-08-31T18:30Z' AND created_at < '2026-10-15T18:30Z' GROUP BY 1, 2",
        world.tenants["acme"].hex,
    )
    assert found["orders"] == sum(row["orders"] for row in rows) > 0
    told = {each["status"]: each for each in found["statuses"]}
    for row in rows:
        assert told[row["status"]]["orders"] == row["orders"]
        amount = format_amount(int(row["total"]), row["currency"])
        assert told[row["status"]]["total"] == [{"amount": amount, "currency": row["currency"]}]
    kept = [row for row in rows if row["status"] not in ("CANCELLED", "REFUNDED")]
    (revenue,) = found["revenue"]
    assert revenue["amount"] == format_amount(int(sum(row["total"] for row in kept)), revenue["currency"])
    assert len(found["days"]) == 45
    assert sum(day["orders"] for day in found["days"]) == found["orders"]
    assert sum(each["orders"] for day in found["days"] for each in day["statuses"]) == found["orders"]


async def test_an_overview_costs_one_statement_and_runs_compiled(world: World) -> None:
    async with world.statements() as seen:
        assert (await world.ask(OVERVIEW, {"range": AUTUMN})).errors == []
    (statement,) = seen
    assert " orders " not in statement.replace(".orders", "")
    assert "tenant_id = $" in statement


@pytest.mark.parametrize(
    "given",
    [
        {"timeZone": "Mars/Olympus"},
        {"timeZone": "../UTC"},
        {"from": "2026-11-02T00:00:00Z", "to": "2026-11-01T00:00:00Z"},
        {"from": "2025-01-01T00:00:00Z", "to": "2026-11-01T00:00:00Z"},
        {"from": "0001-01-01T00:00:00Z", "to": "0001-01-02T00:00:00Z", "timeZone": "America/New_York"},
        {"from": "yesterday"},
    ],
)
async def test_a_range_that_makes_no_sense_is_refused_read_and_watched(world: World, given: Json) -> None:
    async with world.statements() as seen:
        reply = await world.ask(OVERVIEW, {"range": given})
    assert reply.codes == ["BAD_USER_INPUT"]
    assert not reply.data
    assert seen == []


@pytest.mark.parametrize(("caller", "code"), [("nobody", "UNAUTHENTICATED"), ("without", "FORBIDDEN")])
async def test_who_may_not_see_orders_sees_no_overview_of_them(world: World, caller: str, code: str) -> None:
    who = None if caller == "nobody" else world.principal(grants=frozenset({"customers:read", "products:read"}))
    async with world.statements() as seen:
        reply = await world.ask(OVERVIEW, {"range": AUTUMN}, caller=who)
    assert (set(reply.codes), "data" in reply.body, seen) == ({code}, False, [])
    answer = await world.gateway.answer(OperationRequest(WATCH, {}, None, None, "r", allow_stream=True), who)
    assert isinstance(answer, Answer)
    assert (answer.code, b"data" in answer.body) == (code, False)


async def frame_of(world: World, after: str, caller: str = "viewer", tenant: str = "acme") -> Json:
    stream = await world.subscribe(WATCH, {"after": after}, caller=world.principal(caller, tenant))
    async with aclosing(stream):
        frame = await anext(aiter(stream))
        found: Json = json.loads(frame.payload)["data"]["overviewUpdated"]
        assert frame.cursor == found["cursor"]
        return found


async def test_a_watcher_goes_on_from_the_overview_that_it_read(world: World) -> None:
    before = (await world.ask(OVERVIEW)).data["overview"]
    await new_order(world)
    found = await frame_of(world, before["cursor"])
    assert found["orders"] == before["orders"] + 1
    assert found["days"][-1]["orders"] == before["days"][-1]["orders"] + 1
    assert found == (await world.ask(OVERVIEW)).data["overview"]


async def test_another_tenants_orders_are_not_in_it(world: World) -> None:
    theirs = (await world.ask(OVERVIEW, caller=world.principal("viewer", "globex"))).data["overview"]
    await new_order(world)
    assert (await world.ask(OVERVIEW, caller=world.principal("viewer", "globex"))).data["overview"] == theirs
    await new_order(world, caller=world.principal("admin", "globex"))
    found = await frame_of(world, theirs["cursor"], tenant="globex")
    assert found["orders"] == theirs["orders"] + 1
