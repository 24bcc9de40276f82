"""Within a scope every list is the list of the scope's rows: the same page, the same ends, the same count, and every
function of the floor answers as if nothing else were in the tenant.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

import db.customers
import db.orders
from db.changes import lock_row
from db.filters import All, Condition
from db.list_statements import Listing
from db.listings import count_of, has_rows, page_of
from db.pages import PageRequest
from db.scopes import RowScope, scope_of
from db.tables import customers, orders
from tests.db.test_listings import LISTS
from tests.support.database import Server
from tests.support.plant import ACTOR, MINE, ORDERS, OTHER, Floor, connected, open_floor
from tests.support.properties import bounded
from tests.support.twins import READS, Read

SCOPES = {
    f"{reach} {user[-1]}": scope_of([reach], user)
    for reach in ("OWN", "ASSIGNED")
    for user in (str(ACTOR.user_id), OTHER)
}
LISTED = db.orders.LISTING
BELOW = {"customers_pointed_at", "rows_pointed_at", "items_of_orders"}
"""Functions that are asked for what hangs on rows within the scope, and not narrowed again."""
NUMBERED = {"numbered_events_after", "numbered_head_of"}
"""Functions that also tell the number of a change of rights, which is each database's own."""


def within(scope: RowScope, request: PageRequest) -> PageRequest:
    """The same said by a filter, for a caller who reaches every row."""
    here = scope.condition(orders)
    assert here is not None
    where: Condition = here if request.where is None else All([here, request.where])
    return replace(request, where=where)


@bounded(120)
@given(
    st.sampled_from(list(SCOPES.values())),
    LISTS,
    st.booleans(),
    st.none() | st.integers(0, ORDERS),
    st.none() | st.integers(0, 30),
)
async def test_a_page_within_a_scope_is_the_page_of_its_rows(
    floor: Floor, scope: RowScope, request: PageRequest, backward: bool, place: int | None, offset: int | None
) -> None:
    scoped, everything = floor.reader(scope=scope), floor.reader()
    whole = await page_of(everything, LISTED, within(scope, replace(request, limit=ORDERS)))
    if place is not None and whole.rows:
        key = whole.key_of(whole.rows[place % len(whole.rows)])
        request = replace(request, backward=backward, after=None if backward else key, before=key if backward else None)
    elif offset is not None:
        request = replace(request, offset=offset)
    page = await page_of(scoped, LISTED, request)
    right = await page_of(everything, LISTED, within(scope, request))
    assert list(map(dict, page.rows)) == list(map(dict, right.rows))
    assert page.more == right.more
    for ahead in (True, False):
        asked = await has_rows(scoped, LISTED, page, ahead=ahead)
        assert asked == await has_rows(everything, LISTED, right, ahead=ahead)
    assert await count_of(scoped, LISTED, request) == (len(whole.rows), False)


def _narrowed(scope: RowScope) -> str:
    return " OR ".join(f"{column} = '{scope.holder}'" for column in scope.columns)


@pytest.fixture(scope="module", params=SCOPES)
async def alone(server: Server, request: pytest.FixtureRequest) -> AsyncIterator[tuple[RowScope, Floor, Floor]]:
    """A scope; my tenant with no other orders than the scope's; and the same with no other customers."""
    scope, names = SCOPES[request.param], [uuid4().hex for _ in range(2)]
    async with (
        open_floor(await server.create(names[0]), MINE) as its_orders,
        open_floor(await server.create(names[1]), MINE) as its_customers,
    ):
        async with connected(its_orders.dsns.owner, MINE) as connection:
            await connection.execute(f"DELETE FROM orders WHERE ({_narrowed(scope)}) IS NOT TRUE")
        async with connected(its_customers.dsns.owner, MINE) as connection:
            foreign = f"SELECT id FROM customers WHERE ({_narrowed(scope)}) IS NOT TRUE"
            await connection.execute(f"DELETE FROM orders WHERE customer_id IN ({foreign})")
            await connection.execute(f"DELETE FROM customers WHERE id IN ({foreign})")
        yield scope, its_orders, its_customers
    for name in names:
        await server.drop(name)


@pytest.mark.parametrize("read", [read for read in READS if read.function not in BELOW | NUMBERED], ids=str)
async def test_every_function_answers_as_if_nothing_else_were_there(
    floor: Floor, alone: tuple[RowScope, Floor, Floor], read: Read
) -> None:
    scope, its_orders, its_customers = alone
    apart = its_customers if "customers" in read.function and "orders" not in read.function else its_orders
    assert await read.ask(floor.reader(MINE, scope)) == await read.ask(apart.reader(MINE))


@pytest.mark.parametrize("name", SCOPES)
@pytest.mark.parametrize("listing", [db.orders.LISTING, db.customers.LISTING], ids=["orders", "customers"])
async def test_a_row_out_of_the_scope_is_not_found_to_be_changed(
    fresh_floor: Floor, listing: Listing, name: str
) -> None:
    scope = SCOPES[name]
    for row in fresh_floor.rows[listing.table.name]:
        belongs = scope.holder in {row[column] for column in scope.columns}
        async with fresh_floor.writer(scope=scope) as writer:
            found = await lock_row(writer, listing, row["id"])
        assert (found is not None) == belongs
    assert {listing.table for listing in (db.orders.LISTING, db.customers.LISTING)} == {orders, customers}
