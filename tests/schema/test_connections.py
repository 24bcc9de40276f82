"""Connections: which arguments go together, how far they reach, and that both ends are true to the list."""

from typing import Any

import pytest

from tests.support.facts import Json, ids_of, look
from tests.support.world import World

LIST = """query($first: Int, $after: String, $last: Int, $before: String, $where: %sWhere, $orderBy: [%sSort!],
    $search: String, $offset: Int) { %s(first: $first, after: $after, last: $last, before: $before, where: $where,
    orderBy: $orderBy, search: $search, offset: $offset) { nodes { id } edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount totalCountIsEstimate } }"""
ORDERS, CUSTOMERS, PRODUCTS = (LIST % (noun, noun, noun.lower() + "s") for noun in ("Order", "Customer", "Product"))


async def page(world: World, caller: str = "admin", tenant: str = "acme", **variables: Any) -> Json:  # Any: JSON
    reply = await world.ask(ORDERS, variables, caller=world.principal(caller, tenant))
    assert reply.errors == []
    found: Json = reply.data["orders"]
    return found


def ids(found: Json) -> list[str]:
    nodes = [node["id"] for node in found["nodes"]]
    assert nodes == [edge["node"]["id"] for edge in found["edges"]]
    cursors = [edge["cursor"] for edge in found["edges"]]
    assert found["pageInfo"]["startCursor"] == (cursors[0] if cursors else None)
    assert found["pageInfo"]["endCursor"] == (cursors[-1] if cursors else None)
    return nodes


def ends(found: Json) -> tuple[bool, bool]:
    return found["pageInfo"]["hasPreviousPage"], found["pageInfo"]["hasNextPage"]


async def whole(world: World, tenant: str = "initech") -> list[str]:
    """All orders of a tenant, newest first."""
    sql = "SELECT id FROM orders WHERE tenant_id = $1 ORDER BY created_at DESC, id DESC"
    return [f"ord_{row['id']}" for row in await look(world, sql, world.tenants[tenant].hex)]


async def test_a_page_has_25_rows_newest_first_unless_asked_otherwise(world: World) -> None:
    everything = await whole(world)
    plain: list[Json] = [{}, {"first": None, "orderBy": []}, {"where": {}, "search": None, "offset": 0}]
    for variables in plain:
        assert ids(await page(world, tenant="initech", **variables)) == everything[:25]


async def test_walking_forward_and_backward_meets_every_row_once(world: World) -> None:
    everything = await whole(world)
    for size, cursor, end in (("first", "after", "endCursor"), ("last", "before", "startCursor")):
        walked: list[str] = []
        place = None
        while True:
            arguments: Json = {size: 90, cursor: place}
            found = await page(world, tenant="initech", **arguments)
            rows = ids(found)
            walked = walked + rows if size == "first" else rows + walked
            place = found["pageInfo"][end]
            at_start, at_end = walked[0] == everything[0], walked[-1] == everything[-1]
            whole_page = (rows[0] != everything[0], rows[-1] != everything[-1])
            assert ends(found) == whole_page
            if at_start and at_end:
                break
        assert walked == everything


async def test_both_ends_between_two_cursors_are_true_to_the_list(world: World) -> None:
    everything = await whole(world)
    edges = (await page(world, tenant="initech", first=10))["edges"]
    between = {"after": edges[1]["cursor"], "before": edges[8]["cursor"]}
    sizes: list[tuple[Json, list[str]]] = [
        ({"first": 3}, everything[2:5]),
        ({"last": 3}, everything[5:8]),
        ({}, everything[2:8]),
    ]
    for size, rows in sizes:
        found = await page(world, tenant="initech", **between, **size)
        assert ids(found) == rows
        assert ends(found) == (True, True)
    empty = await page(world, tenant="initech", after=edges[8]["cursor"], before=edges[8]["cursor"])
    assert (ids(empty), ends(empty)) == ([], (True, True))


@pytest.mark.parametrize("size", [{"first": 0}, {"last": 0}])
async def test_a_page_of_no_rows_still_knows_its_ends(world: World, size: Json) -> None:
    found = await page(world, **size)
    assert ids(found) == []
    assert ends(found) == (("last" in size), ("first" in size))


@pytest.mark.parametrize(
    "arguments",
    [
        {"first": -1},
        {"last": -1},
        {"first": 2**31 - 1},
        {"last": -(2**31)},
        {"first": 1, "last": 1},
        {"first": 0, "last": 0},
        {"offset": -1},
        {"offset": 10_001},
        {"offset": 2**31 - 1},
        {"offset": 1, "last": 5},
        {"offset": 0, "last": 5},
        {"search": "x" * 201},
        {"after": ""},
        {"after": "x"},
        {"after": "é"},
        {"after": "AAAA" * 1_000},
        {"before": "=== "},
        {"where": {"id": {"eq": "cus_1"}}},
        {"where": {"notes": {"eq": None}}},
        {"orderBy": [{"field": f} for f in ("CREATED_AT", "UPDATED_AT")] * 2},
        {"orderBy": [{"field": f} for f in ("CREATED_AT", "UPDATED_AT", "NUMBER", "TOTAL")]},
        {"orderBy": [{"field": "TOTAL"}, {"field": "TOTAL", "direction": "DESC"}]},
    ],
    ids=lambda value: ascii(value)[:25] + ascii(value)[-60:],
)
async def test_arguments_that_make_no_sense_are_refused(world: World, arguments: Json) -> None:
    async with world.statements() as seen:
        reply = await world.ask(ORDERS, arguments)
    assert (reply.codes, reply.data) == (["BAD_USER_INPUT"], None)
    assert seen == []


@pytest.mark.parametrize("cursor", ["after", "before"])
async def test_an_offset_goes_with_first_alone(world: World, cursor: str) -> None:
    place = (await page(world))["pageInfo"]["endCursor"]
    reply = await world.ask(ORDERS, {"first": 5, "offset": 5, cursor: place})
    assert reply.codes == ["BAD_USER_INPUT"]


async def test_an_offset_counts_from_the_start(world: World) -> None:
    everything = await whole(world)
    found = await page(world, tenant="initech", first=10, offset=30)
    assert ids(found) == everything[30:40]
    assert ends(found) == (True, True)
    last = await page(world, tenant="initech", first=10, offset=len(everything) - 5)
    assert (ids(last), ends(last)) == (everything[-5:], (True, False))
    past = await page(world, tenant="initech", first=10, offset=10_000)
    assert (ids(past), ends(past)) == ([], (True, False))


@pytest.mark.parametrize(
    ("caller", "first", "allowed"),
    [
        ("manager", 100, True),
        ("manager", 101, False),
        ("admin", 101, True),
        ("admin", 500, True),
        ("admin", 501, False),
    ],
)
@pytest.mark.parametrize("size", ["first", "last"])
async def test_a_page_is_as_large_as_the_caller_may_read_refused_not_clamped(
    world: World, caller: str, first: int, allowed: bool, size: str
) -> None:
    reply = await world.ask(ORDERS, {size: first}, caller=caller)
    if allowed:
        assert len(reply.data["orders"]["nodes"]) == first
    else:
        assert (reply.codes, reply.data) == (["BAD_USER_INPUT"], None)
        assert str(first - 1) in reply.errors[0]["message"]


async def test_a_cursor_is_bound_to_its_list_order_filter_search_and_tenant(world: World) -> None:
    place = (await page(world))["pageInfo"]["endCursor"]
    other_uses: list[Json] = [
        {"orderBy": [{"field": "CREATED_AT"}]},
        {"orderBy": [{"field": "CREATED_AT", "direction": "DESC", "nulls": "FIRST"}]},
        {"orderBy": [{"field": "UPDATED_AT", "direction": "DESC"}]},
        {"where": {"status": {"eq": "PENDING"}}},
        {"search": "gift"},
    ]
    for use in other_uses:
        assert (await world.ask(ORDERS, {"after": place, **use})).codes == ["BAD_USER_INPUT"], use
    for document in (CUSTOMERS, PRODUCTS):
        assert (await world.ask(document, {"after": place})).codes == ["BAD_USER_INPUT"]
    reply = await world.ask(ORDERS, {"after": place}, caller=world.principal("admin", "globex"))
    assert (reply.codes, reply.data) == (["BAD_USER_INPUT"], None)
    assert (await world.ask(ORDERS, {"after": place}, caller="partner")).errors == []


async def test_a_cursor_that_was_tampered_with_is_refused(world: World) -> None:
    place = (await page(world))["pageInfo"]["endCursor"]
    other = ("B" if place[0] == "A" else "A") + place[1:]
    for forged in (place[:-1], other, place + "A", place.swapcase(), place[:12]):
        assert (await world.ask(ORDERS, {"after": forged})).codes == ["BAD_USER_INPUT"], forged


async def test_the_total_is_of_the_whole_list_whatever_the_page(world: World) -> None:
    everything = await whole(world)
    place = (await page(world, tenant="initech", first=10))["pageInfo"]["endCursor"]
    cuts: list[Json] = [{}, {"first": 0}, {"last": 3}, {"after": place}, {"offset": 200}]
    for arguments in cuts:
        found = await page(world, tenant="initech", **arguments)
        assert (found["totalCount"], found["totalCountIsEstimate"]) == (len(everything), False)


async def test_a_total_over_ten_thousand_is_an_estimate_that_says_so(fresh_world: World) -> None:
    world = fresh_world
    (order,) = await ids_of(world, "orders")
    held = len(await whole(world, "acme"))
    columns = "status, customer_id, currency, total, notes, due_at, version, created_at, updated_at"
    grow = f"""INSERT INTO orders (tenant_id, id, number, {columns})
        SELECT tenant_id, gen_random_uuid(), 'n' || n, {columns} FROM orders, generate_series(1, $2::int) AS n
        WHERE id = $1"""
    await look(world, grow, order, 10_000 - held)
    found = await page(world)
    assert (found["totalCount"], found["totalCountIsEstimate"]) == (10_000, False)
    await look(world, grow.replace("'n'", "'m'"), order, 5_000)
    await look(world, "ANALYZE orders")
    found = await page(world)
    assert found["totalCountIsEstimate"] is True
    assert 10_000 < found["totalCount"] < 30_000
    assert await world.count("orders") == 15_000
    small = await page(world, where={"id": {"eq": f"ord_{order}"}})
    assert (small["totalCount"], small["totalCountIsEstimate"]) == (1, False)
