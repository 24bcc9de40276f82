"""The rules by which orders change: transitions, patches, conflicts."""

import json
from datetime import UTC, datetime

import pytest

import resolvers.order_drafts
from db.errors import Duplicate
from db.ids import new_id
from resolvers.context import WriteContext
from resolvers.errors import BadTransition, Conflict, NotFound, Problems
from resolvers.order_drafts import MAX_NOTES, NewItem, NewOrder
from resolvers.orders import OrderPatch, change_order_status, create_order, update_order
from tests.support.facts import footprint, ids_of, look, new_order, newest, row_of, shop_of
from tests.support.world import USER, World

STATUSES = ("PENDING", "CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED", "CANCELLED", "REFUNDED")
ALLOWED = {
    ("PENDING", "CONFIRMED"),
    ("PENDING", "CANCELLED"),
    ("CONFIRMED", "PROCESSING"),
    ("CONFIRMED", "CANCELLED"),
    ("PROCESSING", "SHIPPED"),
    ("PROCESSING", "CANCELLED"),
    ("SHIPPED", "DELIVERED"),
    ("DELIVERED", "REFUNDED"),
}
PAIRS = [(before, after) for before in STATUSES for after in STATUSES]


async def hex_order(world: World, status: str = "PENDING", notes: str | None = None) -> str:
    return (await new_order(world, status=status, notes=notes)).removeprefix("ord_")


@pytest.mark.parametrize(("before", "after"), [pair for pair in PAIRS if pair in ALLOWED])
async def test_an_allowed_transition_moves_the_order_one_version_on(world: World, before: str, after: str) -> None:
    order = await hex_order(world, before)
    row = await change_order_status(world.write_context(), order, after, 1)
    assert (row["status"], row["version"]) == (after, 2)
    event = await newest(world, "event_log")
    assert (event["type"], event["entity_id"], event["version"]) == ("order.status_changed", order, 2)
    assert (json.loads(event["before"])["status"], json.loads(event["after"])["status"]) == (before, after)


@pytest.mark.parametrize(("before", "after"), [p for p in PAIRS if p not in ALLOWED and p[0] != p[1]])
async def test_any_other_transition_is_refused_and_writes_nothing(world: World, before: str, after: str) -> None:
    order = await hex_order(world, before)
    held = await footprint(world)
    with pytest.raises(BadTransition) as caught:
        await change_order_status(world.write_context(), order, after, None)
    assert (caught.value.code, caught.value.field) == ("INVALID_TRANSITION", ["status"])
    assert await footprint(world) == held
    assert (await row_of(world, "orders", order))["status"] == before


@pytest.mark.parametrize("status", STATUSES)
async def test_the_status_an_order_has_already_writes_nothing(world: World, status: str) -> None:
    order = await hex_order(world, status)
    held = await footprint(world)
    row = await change_order_status(world.write_context(), order, status, None)
    assert (row["status"], row["version"]) == (status, 1)
    assert await footprint(world) == held


@pytest.mark.parametrize(
    ("changes", "notes"), [({}, "as was"), ({"notes": None}, None), ({"notes": ""}, ""), ({"notes": "new"}, "new")]
)
async def test_absent_stays_null_clears_a_value_replaces(
    world: World, changes: dict[str, str | None], notes: str | None
) -> None:
    order = await hex_order(world, notes="as was")
    row = await update_order(world.write_context(), OrderPatch(order, None, changes))
    assert row["notes"] == notes
    assert (await row_of(world, "orders", order))["notes"] == notes
    assert row["version"] == (2 if changes else 1)


async def test_a_patch_that_changes_nothing_writes_nothing(world: World) -> None:
    order = await hex_order(world, notes="as was")
    held = await footprint(world)
    customer = (await row_of(world, "orders", order))["customer_id"]
    patch = OrderPatch(order, 1, {"notes": "as was", "customer_id": customer})
    assert (await update_order(world.write_context(), patch))["version"] == 1
    assert await footprint(world) == held


async def test_an_update_logs_both_images_and_audits_what_changed(world: World) -> None:
    order = await hex_order(world, notes="as was")
    row = await update_order(world.write_context(), OrderPatch(order, None, {"notes": "new"}))
    event, audit = await newest(world, "event_log"), await newest(world, "audit_log")
    assert (event["type"], event["entity_id"], event["actor_id"]) == ("order.updated", order, USER)
    assert (json.loads(event["before"])["notes"], json.loads(event["after"])["notes"]) == ("as was", "new")
    assert (audit["action"], audit["entity_id"], audit["request_id"]) == ("updateOrder", f"ord_{order}", "req-test")
    changes = json.loads(audit["changes"])
    assert changes.keys() == {"notes", "version", "updated_at"}
    assert (changes["notes"], changes["version"]) == (["as was", "new"], [1, row["version"]])


async def test_new_notes_are_found_by_their_words_and_old_ones_no_more(world: World) -> None:
    order = await hex_order(world, notes="zebra crossing")
    await update_order(world.write_context(), OrderPatch(order, None, {"notes": "quagga stripes"}))
    rows = await look(world, "SELECT term FROM order_terms WHERE order_id = $1", order)
    terms = {row["term"] for row in rows}
    assert {"quagga", "stripes"} < terms
    assert "zebra" not in terms


async def test_every_fault_of_a_patch_is_told_at_once(world: World) -> None:
    order = await hex_order(world)
    held = await footprint(world)
    patch = OrderPatch(order, None, {"notes": "n" * (MAX_NOTES + 1), "customer_id": new_id()})
    with pytest.raises(Problems) as caught:
        await update_order(world.write_context(), patch)
    assert [(problem.code, problem.field) for problem in caught.value.problems] == [
        ("TOO_LONG", ["notes"]),
        ("NOT_FOUND", ["customerId"]),
    ]
    assert await footprint(world) == held


async def test_another_tenants_customer_cannot_be_given_an_order(world: World) -> None:
    order, (foreign,) = await hex_order(world), await ids_of(world, "customers", "globex")
    with pytest.raises(Problems) as caught:
        await update_order(world.write_context(), OrderPatch(order, None, {"customer_id": foreign}))
    assert [(problem.code, problem.field) for problem in caught.value.problems] == [("NOT_FOUND", ["customerId"])]


async def test_a_stale_version_is_a_conflict_that_carries_the_order_as_it_is_now(world: World) -> None:
    order = await hex_order(world)
    await update_order(world.write_context(), OrderPatch(order, 1, {"notes": "first"}))
    held = await footprint(world)
    with pytest.raises(Conflict) as caught:
        await update_order(world.write_context(), OrderPatch(order, 1, {"notes": "second"}))
    assert (caught.value.current["version"], caught.value.current["notes"]) == (2, "first")
    with pytest.raises(Conflict) as caught:
        await change_order_status(world.write_context(), order, "CONFIRMED", 1)
    assert (caught.value.field, caught.value.current["status"]) == (["expectedVersion"], "PENDING")
    assert await footprint(world) == held


async def test_without_an_expected_version_the_last_write_wins(world: World) -> None:
    order = await hex_order(world)
    await update_order(world.write_context(), OrderPatch(order, None, {"notes": "first"}))
    row = await update_order(world.write_context(), OrderPatch(order, None, {"notes": "second"}))
    assert (row["notes"], row["version"]) == ("second", 3)


async def test_an_unknown_order_and_another_tenants_are_refused_alike(world: World) -> None:
    (foreign,) = await ids_of(world, "orders", "globex")
    held, told = await footprint(world), set()
    for order in (new_id(), foreign):
        with pytest.raises(NotFound) as caught:
            await update_order(world.write_context(), OrderPatch(order, 1, {"notes": "mine now"}))
        told.add((caught.value.code, caught.value.message, *caught.value.field))
        with pytest.raises(NotFound) as caught:
            await change_order_status(world.write_context(), order, "CANCELLED", None)
        told.add((caught.value.code, caught.value.message, *caught.value.field))
    assert told == {("NOT_FOUND", "There is no such order.", "id")}
    assert await footprint(world) == held


async def test_the_time_of_a_change_never_goes_back(world: World) -> None:
    order, ctx = await hex_order(world), world.write_context()
    created = (await row_of(world, "orders", order))["updated_at"]
    past = WriteContext(ctx.principal, ctx.reader, ctx.database, ctx.hub, lambda: datetime(2020, 1, 1, tzinfo=UTC), "r")
    row = await update_order(past, OrderPatch(order, None, {"notes": "from a slow clock"}))
    assert row["updated_at"] == created


async def a_new_order(world: World) -> NewOrder:
    shop = await shop_of(world)
    item = NewItem(shop.products[0].removeprefix("prd_"), 1)
    return NewOrder(shop.customers[0].removeprefix("cus_"), shop.currency, None, [item])


async def test_a_number_that_is_taken_is_drawn_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = (await row_of(world, "orders", await hex_order(world)))["number"]
    numbers = iter([taken, taken, "261121-0000000"])
    monkeypatch.setattr(resolvers.order_drafts, "draw_number", lambda now: next(numbers))
    assert (await create_order(world.write_context(), await a_new_order(world)))["number"] == "261121-0000000"


async def test_an_order_that_finds_no_free_number_leaves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = (await row_of(world, "orders", await hex_order(world)))["number"]
    held = await footprint(world)
    monkeypatch.setattr(resolvers.order_drafts, "draw_number", lambda now: taken)
    with pytest.raises(Duplicate):
        await create_order(world.write_context(), await a_new_order(world))
    assert await footprint(world) == held
