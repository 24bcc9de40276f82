"""Orders as they are spoken: every field, every filter, every sort, and words that not everybody may search."""

from itertools import pairwise
from typing import Any

import pytest

from db.ids import new_id
from db.money import format_amount
from schema.scalars import write_time
from tests.support.facts import Json, ids_of, look, new_order, row_of
from tests.support.lists import listed, rows_of, said
from tests.support.world import World

ORDER = """query($id: ID!) { order(id: $id) { __typename id number status total { amount currency } notes dueAt version
    createdAt updatedAt customer { id name } items { id sku quantity unitPrice { amount currency }
    total { amount currency } product { id sku } } } }"""


async def test_every_field_of_an_order_says_what_the_row_holds(world: World) -> None:
    (id_,) = [row["id"] for row in await look(world, "SELECT id FROM orders WHERE due_at IS NOT NULL LIMIT 1")]
    row = await row_of(world, "orders", id_)
    (tenant,) = [slug for slug, found in world.tenants.items() if found.hex == row["tenant_id"]]
    reply = await world.ask(ORDER, {"id": f"ord_{id_}"}, caller=world.principal("admin", tenant))
    order = reply.data["order"]
    customer = await row_of(world, "customers", row["customer_id"])
    items = await look(world, "SELECT * FROM order_items WHERE order_id = $1 ORDER BY line", id_)
    assert order.pop("customer") == {"id": f"cus_{customer['id']}", "name": customer["name"]}
    assert order.pop("items") == [
        {
            "id": f"itm_{id_}{item['line']:02d}",
            "sku": item["sku"],
            "quantity": item["quantity"],
            "unitPrice": money(item["unit_price"], item["currency"]),
            "total": money(item["total"], item["currency"]),
            "product": {"id": f"prd_{item['product_id']}", "sku": item["sku"]},
        }
        for item in items
    ]
    assert order == {
        "__typename": "Order",
        "id": f"ord_{id_}",
        "number": row["number"],
        "status": row["status"],
        "total": money(row["total"], row["currency"]),
        "notes": row["notes"],
        "dueAt": write_time(row["due_at"]),
        "version": row["version"],
        "createdAt": write_time(row["created_at"]),
        "updatedAt": write_time(row["updated_at"]),
    }


def money(amount: int, currency: str) -> dict[str, str]:
    return {"amount": format_amount(amount, currency), "currency": currency}


@pytest.mark.parametrize(
    ("caller", "code"), [(None, "UNAUTHENTICATED"), ("without", "FORBIDDEN"), ("other", None), ("partner", None)]
)
async def test_an_order_is_seen_by_its_tenant_and_by_those_who_may_read_orders(
    world: World, caller: str | None, code: str | None
) -> None:
    order = await new_order(world, notes="between us")
    who = {
        None: None,
        "without": world.principal(grants=frozenset({"products:read"})),
        "other": world.principal("admin", "globex"),
        "partner": world.principal("partner"),
    }[caller]
    async with world.statements() as seen:
        reply = await world.ask("query($id: ID!) { order(id: $id) { id notes } }", {"id": order}, caller=who)
    if caller == "partner":
        assert reply.data == {"order": {"id": order, "notes": "between us"}}
        return
    assert "between us" not in str(reply.body)
    assert reply.codes == ([code] if code else [])
    assert not (reply.data or {}).get("order")
    assert (seen == []) is (code is not None)


async def test_an_unknown_order_is_null_like_another_tenants(world: World) -> None:
    for id_ in (new_id(), (await ids_of(world, "orders", "globex"))[0]):
        assert (await world.ask(ORDER, {"id": f"ord_{id_}"})).body == {"data": {"order": None}}


FILTERS: list[tuple[Json, str]] = [
    ({"status": {"eq": "SHIPPED"}}, "status = 'SHIPPED'"),
    ({"status": {"ne": "DELIVERED"}}, "status <> 'DELIVERED'"),
    ({"status": {"in": ["PENDING", "CONFIRMED"]}}, "status IN ('PENDING', 'CONFIRMED')"),
    ({"status": {"in": []}}, "false"),
    ({"number": {"startsWith": "26"}}, "number LIKE '26%'"),
    ({"number": {"contains": "7"}}, "number LIKE '%7%'"),
    ({"total": {"gte": "1000"}}, "total >= 100000"),
    ({"total": {"gt": "99.995", "lte": "500.004"}}, "total >= 10000 AND total <= 50000"),
    ({"total": {"lt": "20"}}, "total < 2000"),
    ({"notes": {"isNull": True}}, "notes IS NULL"),
    ({"notes": {"isNull": False}}, "notes IS NOT NULL"),
    ({"notes": {"ne": "x"}}, "notes <> 'x'"),
    ({"notes": {"contains": "e"}}, "position('e' in notes) > 0"),
    ({"dueAt": {"isNull": True}}, "due_at IS NULL"),
    ({"dueAt": {"gt": "2026-06-01T00:00:00Z"}}, "due_at > '2026-06-01Z'"),
    ({"createdAt": {"gte": "2026-01-01T00:00:00+02:00"}}, "created_at >= '2025-12-31T22:00Z'"),
    ({"updatedAt": {"lt": "2026-01-01T00:00:00Z"}}, "updated_at < '2026-01-01Z'"),
    ({"createdAt": {"gte": "0001-01-01T00:00:00Z", "lte": "9999-12-31T23:59:59.999999Z"}}, "true"),
    ({"not": {"status": {"eq": "DELIVERED"}}}, "status <> 'DELIVERED'"),
    ({"not": {"notes": {"contains": "e"}}}, "NOT position('e' in notes) > 0"),
    ({"or": [{"status": {"eq": "PENDING"}}, {"total": {"gt": "5000"}}]}, "status = 'PENDING' OR total > 500000"),
    ({"or": []}, "false"),
    ({"and": []}, "true"),
    ({"and": [{"total": {"gt": "100"}}, {"notes": {"isNull": False}}]}, "total > 10000 AND notes IS NOT NULL"),
    ({"status": {"eq": "SHIPPED"}, "not": {"total": {"lt": "50"}}}, "status = 'SHIPPED' AND total >= 5000"),
]


@pytest.mark.parametrize(("where", "sql"), FILTERS)
async def test_a_filter_finds_what_sql_says(world: World, where: Json, sql: str) -> None:
    caller = world.principal("admin", "initech")
    expected = await said(world, "Order", sql, tenant="initech")
    found = await listed(world, "Order", caller, where=where)
    assert set(found) == expected if len(expected) <= 500 else set(found) < expected
    assert len(found) == min(500, len(expected))


async def test_orders_are_found_by_their_ids_and_by_their_customers(world: World) -> None:
    ids = await ids_of(world, "orders", "acme", 3)
    publics = [f"ord_{id_}" for id_ in ids]
    assert set(await listed(world, "Order", where={"id": {"in": [*publics, f"ord_{new_id()}"]}})) == set(ids)
    assert await listed(world, "Order", where={"id": {"eq": publics[0]}}) == ids[:1]
    customer = (await row_of(world, "orders", ids[0]))["customer_id"]
    for where in ({"customerId": {"eq": f"cus_{customer}"}}, {"customerId": {"in": [f"cus_{customer}"]}}):
        assert set(await listed(world, "Order", where=where)) == await said(
            world, "Order", "customer_id = $2", customer
        )
    foreign = f"ord_{(await ids_of(world, 'orders', 'globex'))[0]}"
    assert await listed(world, "Order", where={"id": {"eq": foreign}}) == []


SORTS = {
    "CREATED_AT": "created_at",
    "UPDATED_AT": "updated_at",
    "NUMBER": "number",
    "STATUS": "status",
    "TOTAL": "total",
    "DUE_AT": "due_at",
}


@pytest.mark.parametrize("nulls", [None, "FIRST", "LAST"])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("field", SORTS)
async def test_a_list_is_sorted_as_asked(world: World, field: str, direction: str, nulls: str | None) -> None:
    order = [{"field": field, "direction": direction, "nulls": nulls}]
    found = await listed(world, "Order", world.principal("admin", "initech"), orderBy=order)
    rows = {row["id"]: row for row in await rows_of(world, "Order", "initech")}
    values = [(rows[id_][SORTS[field]], id_) for id_ in found]
    missing = [value is None for value, _ in values]
    assert missing == sorted(missing, reverse=nulls == "FIRST")
    known = [pair for pair in values if pair[0] is not None]
    assert known == sorted(known, reverse=direction == "DESC")
    assert len(found) == min(500, len(rows))


async def test_three_fields_in_mixed_directions_sort_one_after_another(world: World) -> None:
    order = [
        {"field": "STATUS"},
        {"field": "DUE_AT", "direction": "DESC", "nulls": "FIRST"},
        {"field": "TOTAL", "direction": "DESC"},
    ]
    found = await listed(world, "Order", world.principal("admin", "initech"), orderBy=order)
    rows = {row["id"]: row for row in await rows_of(world, "Order", "initech")}

    def rank(id_: str) -> tuple[Any, ...]:  # Any: sort values
        row = rows[id_]
        due = row["due_at"]
        return row["status"], due is not None, -due.timestamp() if due else 0, -row["total"], id_

    assert all(rank(one) < rank(two) for one, two in pairwise(found))


async def test_words_are_found_in_number_notes_and_customer_name(world: World) -> None:
    order = (await new_order(world, notes="Ångström über alles: naïveté!")).removeprefix("ord_")
    row = await row_of(world, "orders", order)
    name = (await row_of(world, "customers", row["customer_id"]))["name"]
    for search in ("angstrom", "ÅNGSTR", "nai uber", "alles, naivete", row["number"], row["number"].lower()[:10]):
        assert order in await listed(world, "Order", search=search), search
    assert order in await listed(world, "Order", search=f"angstrom {name}")
    for search in ("angstroms", "ngstrom", "angstrom absent"):
        assert order not in await listed(world, "Order", search=search), search


async def test_a_search_and_a_filter_must_both_hold(world: World) -> None:
    order = (await new_order(world, notes="vermilion")).removeprefix("ord_")
    assert await listed(world, "Order", search="vermilion", where={"status": {"eq": "PENDING"}}) == [order]
    assert await listed(world, "Order", search="vermilion", where={"status": {"eq": "SHIPPED"}}) == []


async def test_a_partner_cannot_find_orders_by_their_customers_name(world: World) -> None:
    order = (await new_order(world, notes="cerulean")).removeprefix("ord_")
    customer = (await row_of(world, "orders", order))["customer_id"]
    await look(
        world, "INSERT INTO customer_terms SELECT tenant_id, id, 0, 'xylophonist' FROM customers WHERE id = $1"
        " ON CONFLICT DO NOTHING", customer,
    )  # fmt: skip
    for caller in ("admin", "viewer"):
        assert order in await listed(world, "Order", caller, search="xylophon cerulean")
        assert order in await listed(world, "Order", caller, search="xylophonist")
    assert await listed(world, "Order", "partner", search="xylophonist") == []
    assert await listed(world, "Order", "partner", search="xylophon cerulean") == []
    assert await listed(world, "Order", "partner", search="cerulean") == [order]
    assert await listed(world, "Order", world.principal("admin", "globex"), search="xylophonist") == []


async def test_a_partner_is_refused_the_customers_filter(world: World) -> None:
    customer = (await ids_of(world, "customers"))[0]
    async with world.statements() as seen:
        reply = await world.ask(
            "query($w: OrderWhere) { orders(where: $w) { totalCount } }",
            {"w": {"or": [{"customerId": {"eq": f"cus_{customer}"}}]}},
            caller="partner",
        )
    assert (reply.code, "data" in reply.body) == ("FORBIDDEN", False)
    assert reply.errors[0]["extensions"]["coordinate"] == "OrderWhere.customerId"
    assert seen == []
