"""Lists of a noun: one page, whether rows stand before it, how many there are. Built once a shape, run ever after.

The shape of a list statement is everything but the values: columns, order, which cursors are given, the filter's
shape, how the search is driven.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    ColumnElement,
    DateTime,
    FromClause,
    Integer,
    Select,
    Table,
    and_,
    bindparam,
    func,
    literal_column,
    select,
)

from db.columns import printed, selected
from db.filters import Shape as FilterShape
from db.filters import clause, shape_of, values_of
from db.joins import joins, reading, sources
from db.keyset import beyond, bound_values, terms_of
from db.pages import Cut, Key, Page, PageRequest, SortKey
from db.statements import Statement, compile_statement
from db.tenancy import TenantReader
from db.words import DRIVER_LIMIT, WINDOW, WordSource, counted, driven, matches, probed, sampled, word_values

COUNT_LIMIT = 10_000
"""A count is exact up to here; beyond it is the planner's estimate."""
SAMPLE = 60_000
"""Places of a common word that are looked at to tell whether it has more than ``COUNT_LIMIT`` rows."""
PARENT = "parents.key"
"""How a statement for many parents calls the one that a row belongs to."""


@dataclass(frozen=True, eq=False)
class Listing:
    """What can be listed: a table and the sources its words are found in."""

    noun: str
    table: Table
    sources: tuple[WordSource, ...]

    def allowed(self, names: frozenset[str]) -> tuple[WordSource, ...]:
        return tuple(source for source in self.sources if source.name in names)


class _Search(NamedTuple):
    """How many words are looked for, in which sources, and whether the first of them drives."""

    words: int
    driven: bool
    sources: frozenset[str]

    def drive(self) -> "_Search":
        return self._replace(driven=True)


class Shape(NamedTuple):
    """A list without its values."""

    listing: Listing
    where: FilterShape | None
    search: _Search | None = None
    link: str | None = None
    """The column that holds a parent's key, where the list is one of many parents (``db/nested.py``)."""


async def page_of(
    reader: TenantReader, listing: Listing, request: PageRequest, columns: Sequence[str] | None = None
) -> Page:
    """The page; ``columns`` None means all. Sort columns and id always come along."""
    cut = Cut.of(request)
    wanted = None if columns is None else tuple(columns)
    words, search = await _plan_search(reader, listing, request)
    values = values_given(request, words)
    rows = await reader.fetch(_page_statement(_shape(listing, request, search), cut, wanted), **values)
    if search is not None and not search.driven and len(rows) <= request.limit:
        rows = await reader.fetch(_page_statement(_shape(listing, request, search.drive()), cut, wanted), **values)
    return Page.of(request, rows)


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
    words, search = await _plan_search(reader, listing, request)
    values = values_given(request, words) | _key_values("k", request.order, key)
    shape = _shape(listing, request, search)
    found = await reader.fetch(_beyond_statement(shape, request.order, ahead, inclusive), **values)
    if search is not None and not search.driven and not found:
        shape = _shape(listing, request, search.drive())
        found = await reader.fetch(_beyond_statement(shape, request.order, ahead, inclusive), **values)
    return bool(found)


async def count_of(reader: TenantReader, listing: Listing, request: PageRequest) -> tuple[int, bool]:
    """How many rows the whole list has, and whether that is an estimate."""
    words, search = await _plan_search(reader, listing, request)
    shape = _shape(listing, request, None if search is None else search.drive())
    values = values_given(request, words)
    if search is not None and not search.driven and len(words) == 1 and request.where is None:
        sample = (await reader.fetch(_sample_statement(shape), **values))[0][0]
        if sample > COUNT_LIMIT:
            return await _estimated(reader, shape, values)
    count = (await reader.fetch(_count_statement(shape), **values))[0][0]
    return (count, False) if count <= COUNT_LIMIT else await _estimated(reader, shape, values)


async def _estimated(reader: TenantReader, shape: Shape, values: dict[str, object]) -> tuple[int, bool]:
    """The least of what the planner expects of the filter and of each word; more than what was counted."""
    guesses = [
        orjson.loads((await reader.fetch(statement, **values))[0][0])[0]["Plan"]["Plan Rows"]
        for statement in _estimate_statements(shape)
    ]
    return max(COUNT_LIMIT + 1, round(min(guesses))), True


async def _plan_search(
    reader: TenantReader, listing: Listing, request: PageRequest
) -> tuple[tuple[str, ...], _Search | None]:
    """The words, the rarest first, and how to begin."""
    if not request.words:
        return (), None
    statement = _word_count_statement(listing, request.sources, len(request.words))
    counts = (await reader.fetch(statement, **word_values(request.words)))[0]
    ranked = sorted(zip(counts, request.words, strict=True))
    return tuple(word for _, word in ranked), _Search(len(ranked), ranked[0][0] <= DRIVER_LIMIT, request.sources)


def _shape(listing: Listing, request: PageRequest, search: _Search | None) -> Shape:
    return Shape(listing, None if request.where is None else shape_of(request.where), search)


def values_given(request: PageRequest, words: Sequence[str]) -> dict[str, object]:
    values: dict[str, object] = {**word_values(words), "offset": request.offset}
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


def _filter(shape: Shape) -> list[ColumnElement[bool]]:
    """The tenant and the filter, without the words."""
    table = shape.listing.table
    found: list[ColumnElement[bool]] = [table.c.tenant_id == bindparam("tenant")]
    if shape.link is not None:
        found.append(table.c[shape.link] == literal_column(PARENT, table.c[shape.link].type))
    if shape.where is not None:
        found.append(clause(table, shape.where, (f"v{i}" for i in itertools.count())))
    return found


def _words(shape: Shape, table: FromClause) -> list[ColumnElement[bool]]:
    """The words, asked of the rows of ``table``: the listing's own, or a window of it."""
    search = shape.search
    if search is None:
        return []
    sources = shape.listing.allowed(search.sources)
    found = [probed(table, sources, index) for index in range(1 if search.driven else 0, search.words)]
    return [driven(shape.listing.table, sources, 0), *found] if search.driven else found


def _cut_out(
    shape: Shape,
    columns: Callable[[FromClause], list[ColumnElement[Any]]],  # Any: columns of any type
    bounds: Sequence[ColumnElement[bool]],
    order: Sequence[ColumnElement[Any]],  # Any: as above
    limit: int,
) -> Select[Any]:  # Any: a row of the columns
    """Rows of a list in an order. A search that walks sees a window of them only."""
    table = shape.listing.table
    where = and_(*_filter(shape), *bounds)
    if shape.search is None or shape.search.driven:
        statement = select(*columns(table)).select_from(table).where(and_(where, *_words(shape, table)))
        # The limit is text: a generic plan that does not know it would guess a tenth of the table and sort it.
        return statement.order_by(*order).limit(literal_column(str(limit)))
    # Called like the table, so that an order's expression means the window's columns too.
    inner = select(*table.c).where(where).order_by(*order).limit(literal_column(str(WINDOW))).subquery(table.name)
    walked = select(*columns(inner)).select_from(inner).where(and_(*_words(shape, inner)))
    return walked.order_by(*order).limit(literal_column(str(limit)))


def _key_column(table: Table, key: SortKey) -> str:
    """A time comes as text: only the few rows whose cursors are asked for need it as a time (``Page.key_of``)."""
    return printed(key.column) if isinstance(table.c[key.column].type, DateTime) else key.column


@lru_cache(maxsize=2000)
def _page_statement(shape: Shape, cut: Cut, columns: tuple[str, ...] | None) -> Statement:
    return compile_statement(page_select(shape, cut, columns))


def page_select(shape: Shape, cut: Cut, columns: tuple[str, ...] | None) -> Select[Any]:  # Any: a row of the columns
    """One page and one row more."""
    table = shape.listing.table
    terms = terms_of(table, cut.order)
    bounds = [beyond(terms, _names("a", cut.order), reverse=False)] if cut.after else []
    if cut.before:
        bounds.append(beyond(terms, _names("b", cut.order), reverse=True))
    order = [e.desc() if down is not cut.backward else e.asc() for e, down in terms]
    always = (*(_key_column(table, key) for key in cut.order), "id", *([shape.link] if shape.link else ()))
    if columns is None or not joins(columns):
        return _offset(_cut_out(shape, lambda rows: selected(rows, columns, always), bounds, order, cut.limit + 1), cut)
    # The page is cut out first: a sort above a join would join every row that it sorts.
    needed = {column.name for column in sources(table, columns, (*always, *(key.column for key in cut.order)))}
    cut_out = _cut_out(shape, lambda rows: [c for c in rows.c if c.name in needed], bounds, order, cut.limit + 1)
    return reading(_offset(cut_out, cut).subquery(table.name), columns, always).order_by(*order)


def _offset(statement: Select[Any], cut: Cut) -> Select[Any]:  # Any: a row of columns
    return statement.offset(bindparam("offset", type_=Integer)) if cut.offset else statement


@lru_cache(maxsize=500)
def _beyond_statement(shape: Shape, order: tuple[SortKey, ...], ahead: bool, inclusive: bool) -> Statement:
    table = shape.listing.table
    terms = terms_of(table, order)
    bounds = [beyond(terms, _names("k", order), reverse=not ahead, inclusive=inclusive)]
    way = [e.desc() if down is ahead else e.asc() for e, down in terms]
    return compile_statement(_cut_out(shape, lambda rows: [rows.c.id], bounds, way, 1))


@lru_cache(maxsize=500)
def _count_statement(shape: Shape) -> Statement:
    return compile_statement(count_select(shape))


def count_select(shape: Shape) -> Select[Any]:  # Any: a row of one number
    """How many rows there are, up to one more than ``COUNT_LIMIT``."""
    table = shape.listing.table
    rows: Select[Any] = select(literal_column("1"))
    rows = rows.select_from(table).where(and_(*_filter(shape), *_words(shape, table)))
    bounded = rows.limit(literal_column(str(COUNT_LIMIT + 1))).subquery()
    return select(func.count().label("count")).select_from(bounded)


@lru_cache(maxsize=500)
def _sample_statement(shape: Shape) -> Statement:
    sources = shape.listing.allowed(shape.search.sources if shape.search else frozenset())
    distinct = sampled(shape.listing.table, sources, SAMPLE).subquery()
    return compile_statement(select(func.count()).select_from(distinct))


@lru_cache(maxsize=500)
def _estimate_statements(shape: Shape) -> list[Statement]:
    table, search = shape.listing.table, shape.search
    asked: list[Any] = [select(literal_column("1")).select_from(table).where(and_(*_filter(shape)))]  # Any: selects
    if search is not None:
        asked += [matches(table, shape.listing.allowed(search.sources), index) for index in range(search.words)]
    plain = [compile_statement(each) for each in asked]
    return [Statement("EXPLAIN (FORMAT JSON) " + each.sql, each.names, each.fixed) for each in plain]


@lru_cache(maxsize=100)
def _word_count_statement(listing: Listing, sources: frozenset[str], words: int) -> Statement:
    return compile_statement(select(*(counted(listing.table, listing.allowed(sources), i) for i in range(words))))
