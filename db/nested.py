"""Lists below many parents: a page of each, and how many rows each has, in one statement whatever their number.

A parent's list is the whole list where one column holds the parent's key (``scoped``): its cursors, and what lies
around a page, are those of that list. The statement takes the parents' keys as one array and joins to each its page, by
a lateral subquery: an index range for each parent, when an index begins with tenant, link and order.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from sqlalchemy import ARRAY, FromClause, Select, bindparam, func, literal_column, select, true

from db.filters import All, Test, shape_of
from db.list_statements import COUNT_LIMIT, PARENT, Listing, Shape, count_select, page_select
from db.listings import values_given
from db.pages import Cut, Page, PageRequest
from db.statements import Statement, compile_statement
from db.tenancy import Row, TenantReader


def scoped(request: PageRequest, link: str, key: str) -> PageRequest:
    """The same request of one parent's list."""
    here = Test(link, "eq", key)
    return replace(request, where=here if request.where is None else All([here, request.where]))


async def pages_of(
    reader: TenantReader,
    listing: Listing,
    link: str,
    keys: Sequence[str],
    request: PageRequest,
    columns: Sequence[str] | None = None,
) -> dict[str, Page]:
    """A page for every key, an empty one too; each has the request of its own list. Searches and offsets are for whole
    lists.
    """
    if not keys:
        return {}
    wanted = None if columns is None else tuple(columns)
    statement = _pages_statement(_shape(reader, listing, link, request), Cut.of(request), wanted)
    found: dict[str, list[Row]] = {key: [] for key in keys}
    for row in await reader.fetch(statement, parents=list(found), **values_given(request, ())):
        found[row[link]].append(row)
    return {key: Page.of(scoped(request, link, key), rows) for key, rows in found.items()}


async def counts_of(
    reader: TenantReader, listing: Listing, link: str, keys: Sequence[str], request: PageRequest
) -> dict[str, tuple[int, bool]]:
    """For every key how many rows its list has, and whether that is an estimate: past ``COUNT_LIMIT`` it is one more,
    an estimate from below.
    """
    if not keys:
        return {}
    statement = _counts_statement(_shape(reader, listing, link, request))
    rows = await reader.fetch(statement, parents=list(dict.fromkeys(keys)), **values_given(request, ()))
    return {row["key"]: (row["count"], row["count"] > COUNT_LIMIT) for row in rows}


def _shape(reader: TenantReader, listing: Listing, link: str, request: PageRequest) -> Shape:
    where = None if request.where is None else shape_of(request.where)
    return Shape(listing, where, link=link, holders=reader.scope.columns_of(listing.table))


def _parents(shape: Shape) -> FromClause:
    table, column = PARENT.split(".")
    kind = ARRAY(shape.listing.table.c[shape.link or "id"].type)
    return func.unnest(bindparam("parents", type_=kind)).table_valued(column).render_derived(name=table)


@lru_cache(maxsize=1000)
def _pages_statement(shape: Shape, cut: Cut, columns: tuple[str, ...] | None) -> Statement:
    # Only a loop can join a limited lateral subquery, so each parent's rows come in the subquery's order.
    page = page_select(shape, cut, columns).lateral("page")
    return compile_statement(select(page).select_from(_parents(shape).join(page, true())))


@lru_cache(maxsize=200)
def _counts_statement(shape: Shape) -> Statement:
    counted = count_select(shape).lateral("counted")
    parents = _parents(shape)
    key = literal_column(PARENT, shape.listing.table.c[shape.link or "id"].type).label("key")
    asked: Select[tuple[str, int]] = select(key, counted.c.count)
    return compile_statement(asked.select_from(parents.join(counted, true())))
