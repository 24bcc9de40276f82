"""The SQL of lists: one page, whether rows stand beyond a place, how many there are. Built once a shape.

The shape of a list statement is everything but the values: columns, order, which cursors are given, the filter's
shape, how the search is driven, and by which columns the caller's scope is narrowed.

Under a scope (``db/scopes.py``) a row is reached by one of several columns, and each of them is a *branch*: the first
rows of every branch, found by an index of its own, hold the first rows of the list. So a page costs what it costs
without a scope, times the branches, however many rows the tenant has.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

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
    union,
)

from db.columns import printed, selected
from db.filters import Shape as FilterShape
from db.filters import clause
from db.joins import joins, reading, sources
from db.keyset import beyond, terms_of
from db.pages import Cut, SortKey
from db.scopes import branches
from db.statements import Statement, compile_statement
from db.words import WINDOW, WordSource, counted, driven, matches, probed, sampled

COUNT_LIMIT = 10_000
"""A count is exact up to here."""
SAMPLE = 60_000
"""Places of a common word that are looked at to tell whether it has more than ``COUNT_LIMIT`` rows."""
PARENT = "parents.key"
"""How a statement for many parents calls the one that a row belongs to."""
HELD_BY = "created_at"
"""What the indexes of the scopes' columns are ordered by."""


@dataclass(frozen=True, eq=False)
class Listing:
    """What can be listed: a table and the sources its words are found in."""

    noun: str
    table: Table
    sources: tuple[WordSource, ...]

    def allowed(self, names: frozenset[str]) -> tuple[WordSource, ...]:
        return tuple(source for source in self.sources if source.name in names)


class Search(NamedTuple):
    """How many words are looked for, in which sources, and whether the first of them drives."""

    words: int
    driven: bool
    sources: frozenset[str]

    def drive(self) -> "Search":
        return self._replace(driven=True)


class Shape(NamedTuple):
    """A list without its values."""

    listing: Listing
    where: FilterShape | None
    search: Search | None = None
    link: str | None = None
    """The column that holds a parent's key, where the list is one of many parents (``db/nested.py``)."""
    holders: tuple[str, ...] = ()
    """The columns of the caller's scope; none where it reaches every row."""


def names_of(prefix: str, order: Sequence[SortKey]) -> list[str]:
    """How a key's values are called as parameters."""
    return [f"{prefix}{i}" for i in range(len(order) + 1)]


@lru_cache(maxsize=2000)
def page_statement(shape: Shape, cut: Cut, columns: tuple[str, ...] | None) -> Statement:
    """One page and one row more."""
    return compile_statement(page_select(shape, cut, columns))


def page_select(shape: Shape, cut: Cut, columns: tuple[str, ...] | None) -> Select[Any]:  # Any: a row of the columns
    """The same, to be part of another statement."""
    table = shape.listing.table
    terms = terms_of(table, cut.order)
    bounds = [beyond(terms, names_of("a", cut.order), reverse=False)] if cut.after else []
    if cut.before:
        bounds.append(beyond(terms, names_of("b", cut.order), reverse=True))
    order = [e.desc() if down is not cut.backward else e.asc() for e, down in terms]
    always = (*(_key_column(table, key) for key in cut.order), "id", *([shape.link] if shape.link else ()))
    part = _Part(shape, bounds, order, cut.order[0].column, cut.limit + 1, offset=cut.offset)
    if columns is None or not joins(columns):
        return _offset(part.cut_out(lambda rows: selected(rows, columns, always)), cut)
    # The page is cut out first: a sort above a join would join every row that it sorts.
    needed = {column.name for column in sources(table, columns, (*always, *(key.column for key in cut.order)))}
    cut_out = part.cut_out(lambda rows: [c for c in rows.c if c.name in needed])
    return reading(_offset(cut_out, cut).subquery(table.name), columns, always).order_by(*order)


def _offset(statement: Select[Any], cut: Cut) -> Select[Any]:  # Any: a row of columns
    return statement.offset(_OFFSET) if cut.offset else statement


@lru_cache(maxsize=500)
def beyond_statement(shape: Shape, order: tuple[SortKey, ...], ahead: bool, inclusive: bool) -> Statement:
    """A row past the key ``k…``, if there is one."""
    terms = terms_of(shape.listing.table, order)
    bounds = [beyond(terms, names_of("k", order), reverse=not ahead, inclusive=inclusive)]
    way = [e.desc() if down is ahead else e.asc() for e, down in terms]
    return compile_statement(_Part(shape, bounds, way, order[0].column, 1).cut_out(lambda rows: [rows.c.id]))


@lru_cache(maxsize=500)
def count_statement(shape: Shape) -> Statement:
    """How many rows there are, up to one more than ``COUNT_LIMIT``."""
    return compile_statement(count_select(shape))


def count_select(shape: Shape) -> Select[Any]:  # Any: a row of one number
    """The same, to be part of another statement."""
    table = shape.listing.table
    most: ColumnElement[int] = literal_column(str(COUNT_LIMIT + 1))
    where = and_(*_filter(shape), *_words(shape, table))
    rows: Any = select(literal_column("1")).select_from(table).where(where)  # Any: a select, or a union
    if shape.holders:
        ids = [select(table.c.id).where(where, branch).limit(most) for branch in branches(table, shape.holders)]
        rows = ids[0] if len(ids) == 1 else union(*ids)
    return select(func.count().label("count")).select_from(rows.limit(most).subquery())


@lru_cache(maxsize=500)
def sample_statement(shape: Shape) -> Statement:
    """How many rows are behind the first ``SAMPLE`` places of the one word."""
    sources = shape.listing.allowed(shape.search.sources if shape.search else frozenset())
    distinct = sampled(shape.listing.table, sources, SAMPLE).subquery()
    return compile_statement(select(func.count()).select_from(distinct))


@lru_cache(maxsize=500)
def estimate_statements(shape: Shape) -> list[Statement]:
    """What the planner is asked: the filter, and each word."""
    table, search = shape.listing.table, shape.search
    asked: list[Any] = [select(literal_column("1")).select_from(table).where(and_(*_filter(shape)))]  # Any: selects
    if search is not None:
        asked += [matches(table, shape.listing.allowed(search.sources), index) for index in range(search.words)]
    plain = [compile_statement(each) for each in asked]
    return [Statement("EXPLAIN (FORMAT JSON) " + each.sql, each.names, each.fixed) for each in plain]


@lru_cache(maxsize=100)
def word_count_statement(listing: Listing, sources: frozenset[str], words: int) -> Statement:
    """About how many rows each word has."""
    return compile_statement(select(*(counted(listing.table, listing.allowed(sources), i) for i in range(words))))


@dataclass(frozen=True, slots=True)
class _Part:
    """So many rows of a list, past bounds, in an order that begins with the column ``led_by``."""

    shape: Shape
    bounds: Sequence[ColumnElement[bool]]
    order: Sequence[ColumnElement[Any]]  # Any: of any type
    led_by: str
    limit: int
    offset: bool = False

    def cut_out(
        self,
        columns: Callable[[FromClause], list[ColumnElement[Any]]],  # Any: columns of any type
    ) -> Select[Any]:  # Any: a row of the columns
        """A search that walks sees a window of the rows only."""
        shape, table = self.shape, self.shape.listing.table
        where = and_(*_filter(shape), *self.bounds)
        # The limit is text: a generic plan that does not know it would guess a tenth of the table and sort it.
        limit: ColumnElement[int] = literal_column(str(self.limit))
        walks = shape.search is not None and not shape.search.driven
        if not walks:
            where = and_(where, *_words(shape, table))
            if not shape.holders:
                statement = select(*columns(table)).select_from(table).where(where)
                return statement.order_by(*self.order).limit(limit)
        # Called like the table, so that an order's expression means the rows' columns too.
        inner = self._rows(where, literal_column(str(WINDOW)) if walks else self._with_offset(limit))
        statement = select(*columns(inner)).select_from(inner)
        if walks:
            statement = statement.where(and_(*_words(shape, inner)))
        return statement.order_by(*self.order).limit(limit)

    def _rows(self, where: ColumnElement[bool], limit: ColumnElement[int]) -> FromClause:
        """The first rows in the order, whole."""
        table, holders = self.shape.listing.table, self.shape.holders
        wanted = [self._branch(and_(where, each)) for each in branches(table, holders)] or [
            select(*table.c).where(where)
        ]
        cut = [each.order_by(*self.order).limit(limit) for each in wanted]
        return (cut[0] if len(cut) == 1 else union(*cut)).subquery(table.name)

    def _branch(self, where: ColumnElement[bool]) -> Select[Any]:  # Any: whole rows
        table = self.shape.listing.table
        rows = select(*table.c).where(where)
        if self.led_by == HELD_BY:
            return rows
        # Fenced: else a plan may walk the whole tenant in this order in search of the caller's few rows.
        fenced = rows.offset(literal_column("0")).subquery(table.name)
        return select(*fenced.c)

    def _with_offset(self, limit: ColumnElement[int]) -> ColumnElement[int]:
        return limit + _OFFSET if self.offset else limit


_OFFSET = bindparam("offset", type_=Integer)


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


def _key_column(table: Table, key: SortKey) -> str:
    """A time comes as text: only the few rows whose cursors are asked for need it as a time (``Page.key_of``)."""
    return printed(key.column) if isinstance(table.c[key.column].type, DateTime) else key.column
