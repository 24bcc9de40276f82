"""Lists of a noun: one page, whether rows stand before it, how many there are. Built once a shape, run ever after.

The shape of a list statement is everything but the values: columns, order, which cursors are given, the filter's
shape, how the search is driven.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Integer, Select, Table, and_, bindparam, func, literal_column, select

from db.filters import Shape, clause, shape_of, values_of
from db.keyset import beyond, bound_values, terms_of
from db.pages import Key, Page, PageRequest, SortKey
from db.statements import Statement, compile_statement
from db.tenancy import TenantReader
from db.words import DRIVER_LIMIT, WordSource, counted, driven, probed, word_values

COUNT_LIMIT = 10_000
"""A count is exact up to here; beyond it is the planner's estimate."""


@dataclass(frozen=True, eq=False)
class Listing:
    """What can be listed: a table and the sources its words are found in."""

    noun: str
    table: Table
    sources: tuple[WordSource, ...]

    def allowed(self, names: frozenset[str]) -> tuple[WordSource, ...]:
        return tuple(source for source in self.sources if source.name in names)


@dataclass(frozen=True, slots=True)
class _Shape:
    listing: Listing
    where: Shape | None
    words: int
    driven: bool
    sources: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Cut:
    """Which part of the list a page is, without its values."""

    order: tuple[SortKey, ...]
    limit: int
    backward: bool
    after: bool
    before: bool
    offset: bool


async def page_of(
    reader: TenantReader, listing: Listing, request: PageRequest, columns: Sequence[str] | None = None
) -> Page:
    """The page; ``columns`` None means all. Sort columns and id always come along."""
    words, is_driven = await _plan_search(reader, listing, request)
    shape = _shape(listing, request, len(words), is_driven)
    cut = _Cut(
        request.order,
        request.limit,
        request.backward,
        request.after is not None,
        request.before is not None,
        request.offset > 0,
    )
    statement = _page_statement(shape, cut, tuple(columns) if columns is not None else None)
    rows = await reader.fetch(statement, offset=request.offset, **_values(request, words))
    more = len(rows) > request.limit
    kept = rows[: request.limit]
    return Page(request, kept[::-1] if request.backward else kept, more)


async def has_rows(reader: TenantReader, listing: Listing, page: Page, *, ahead: bool) -> bool:
    """Whether the list goes on past the page: after its last row (``ahead``) or before its first. Asks the
    database only when the page cannot tell.
    """
    request = page.request
    along = ahead is not request.backward
    bound = request.before if ahead else request.after
    if along and page.more:
        return True
    if bound is None and (along or request.offset == 0):
        return False
    if page.rows:
        key, inclusive = page.key_of(page.rows[-1 if ahead else 0]), False
    elif bound is not None:
        key, inclusive = bound, True
    else:
        return (await count_of(reader, listing, request))[0] > 0
    words, is_driven = await _plan_search(reader, listing, request)
    statement = _beyond_statement(_shape(listing, request, len(words), is_driven), request.order, ahead, inclusive)
    values = _values(request, words) | _key_values("k", request.order, key)
    return bool(await reader.fetch(statement, **values))


async def count_of(reader: TenantReader, listing: Listing, request: PageRequest) -> tuple[int, bool]:
    """How many rows the whole list has, and whether that is an estimate."""
    words, is_driven = await _plan_search(reader, listing, request)
    shape = _shape(listing, request, len(words), is_driven)
    values = _values(request, words)
    rows = await reader.fetch(_count_statement(shape), **values)
    if rows[0][0] <= COUNT_LIMIT:
        return rows[0][0], False
    plan = await reader.fetch(_estimate_statement(shape), **values)
    return max(COUNT_LIMIT + 1, round(orjson.loads(plan[0][0])[0]["Plan"]["Plan Rows"])), True


async def _plan_search(reader: TenantReader, listing: Listing, request: PageRequest) -> tuple[tuple[str, ...], bool]:
    """The words, the rarest first, and whether it is rare enough to drive the search; else the order is walked and
    each row probed.
    """
    if not request.words:
        return (), False
    statement = _word_count_statement(listing, request.sources, len(request.words))
    counts = (await reader.fetch(statement, **word_values(request.words)))[0]
    ranked = sorted(zip(counts, request.words, strict=True))
    return tuple(word for _, word in ranked), ranked[0][0] <= DRIVER_LIMIT


def _shape(listing: Listing, request: PageRequest, words: int, is_driven: bool) -> _Shape:
    where = None if request.where is None else shape_of(request.where)
    return _Shape(listing, where, words, is_driven, request.sources if words else frozenset())


def _values(request: PageRequest, words: Sequence[str]) -> dict[str, object]:
    values: dict[str, object] = word_values(words)
    if request.where is not None:
        values.update((f"v{i}", value) for i, value in enumerate(values_of(request.where)))
    if request.after is not None:
        values.update(_key_values("a", request.order, request.after))
    if request.before is not None:
        values.update(_key_values("b", request.order, request.before))
    return values


def _names(prefix: str, order: Sequence[SortKey]) -> list[str]:
    return [f"{prefix}{i}" for i in range(len(order) + 1)]


def _key_values(prefix: str, order: Sequence[SortKey], key: Key) -> dict[str, object]:
    return dict(zip(_names(prefix, order), bound_values(order, key), strict=True))


def _matching(shape: _Shape) -> list[ColumnElement[bool]]:
    table = shape.listing.table
    found: list[ColumnElement[bool]] = [table.c.tenant_id == bindparam("tenant")]
    if shape.where is not None:
        found.append(clause(table, shape.where, (f"v{i}" for i in itertools.count())))
    sources = shape.listing.allowed(shape.sources)
    for index in range(shape.words):
        word = driven if shape.driven and index == 0 else probed
        found.append(word(table, sources, index))
    return found


@lru_cache(maxsize=2000)
def _page_statement(shape: _Shape, cut: _Cut, columns: tuple[str, ...] | None) -> Statement:
    table = shape.listing.table
    terms = terms_of(table, cut.order)
    where = _matching(shape)
    if cut.after:
        where.append(beyond(terms, _names("a", cut.order), reverse=False))
    if cut.before:
        where.append(beyond(terms, _names("b", cut.order), reverse=True))
    statement = select(*selected(table, columns, (*(key.column for key in cut.order), "id"))).where(and_(*where))
    statement = statement.order_by(*(e.desc() if down is not cut.backward else e.asc() for e, down in terms))
    # The limit is text: a generic plan that does not know it would guess a tenth of the table and sort it.
    statement = statement.limit(literal_column(str(cut.limit + 1)))
    return compile_statement(statement.offset(bindparam("offset", type_=Integer)) if cut.offset else statement)


@lru_cache(maxsize=500)
def _beyond_statement(shape: _Shape, order: tuple[SortKey, ...], ahead: bool, inclusive: bool) -> Statement:
    terms = terms_of(shape.listing.table, order)
    where = and_(*_matching(shape), beyond(terms, _names("k", order), reverse=not ahead, inclusive=inclusive))
    statement: Select[Any] = select(literal_column("1")).select_from(shape.listing.table).where(where)
    statement = statement.order_by(*(e.desc() if down is ahead else e.asc() for e, down in terms))
    return compile_statement(statement.limit(literal_column("1")))


def _whole_list(shape: _Shape) -> Select[Any]:  # Any: a row of one constant
    return select(literal_column("1")).select_from(shape.listing.table).where(and_(*_matching(shape)))


@lru_cache(maxsize=500)
def _count_statement(shape: _Shape) -> Statement:
    bounded = _whole_list(shape).limit(literal_column(str(COUNT_LIMIT + 1))).subquery()
    return compile_statement(select(func.count()).select_from(bounded))


@lru_cache(maxsize=500)
def _estimate_statement(shape: _Shape) -> Statement:
    plain = compile_statement(_whole_list(shape))
    return Statement("EXPLAIN (FORMAT JSON) " + plain.sql, plain.names, plain.fixed)


@lru_cache(maxsize=100)
def _word_count_statement(listing: Listing, sources: frozenset[str], words: int) -> Statement:
    return compile_statement(select(*(counted(listing.table, listing.allowed(sources), i) for i in range(words))))


def selected(
    table: Table, columns: tuple[str, ...] | None, always: Sequence[str] = ("id",)
) -> list[ColumnElement[Any]]:  # Any: columns
    """The columns asked for and those that must come along, each once, in the table's order; the tenant's never."""
    wanted = {c.name for c in table.c} - {"tenant_id"} if columns is None else {*columns, *always}
    return [column for column in table.c if column.name in wanted]
