"""Lists of a noun: one page, whether rows stand before it, how many there are, all within the reader's scope."""

from collections.abc import Sequence

import orjson

from db.filters import shape_of, values_of
from db.keyset import bound_values
from db.list_statements import (
    COUNT_LIMIT,
    Listing,
    Search,
    Shape,
    beyond_statement,
    count_statement,
    estimate_statements,
    names_of,
    page_statement,
    sample_statement,
    word_count_statement,
)
from db.pages import Cut, Key, Page, PageRequest, SortKey
from db.tenancy import TenantReader
from db.words import DRIVER_LIMIT, word_values


async def page_of(
    reader: TenantReader, listing: Listing, request: PageRequest, columns: Sequence[str] | None = None
) -> Page:
    """The page; ``columns`` None means all. Sort columns and id always come along."""
    cut = Cut.of(request)
    wanted = None if columns is None else tuple(columns)
    words, search = await _plan_search(reader, listing, request)
    values = values_given(request, words)
    shape = _shape(reader, listing, request, search)
    rows = await reader.fetch(page_statement(shape, cut, wanted), **values)
    if search is not None and not search.driven and len(rows) <= request.limit:
        rows = await reader.fetch(page_statement(_driven(shape), cut, wanted), **values)
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
    shape = _shape(reader, listing, request, search)
    found = await reader.fetch(beyond_statement(shape, request.order, ahead, inclusive), **values)
    if search is not None and not search.driven and not found:
        found = await reader.fetch(beyond_statement(_driven(shape), request.order, ahead, inclusive), **values)
    return bool(found)


async def count_of(reader: TenantReader, listing: Listing, request: PageRequest) -> tuple[int, bool]:
    """How many rows the whole list has, and whether that is an estimate: the planner's, which knows the whole tenant;
    within a narrower scope one more than could be counted.
    """
    words, search = await _plan_search(reader, listing, request)
    shape, values = _shape(reader, listing, request, search), values_given(request, words)
    if shape.holders:
        count = (await reader.fetch(count_statement(shape), **values))[0][0]
        return count, count > COUNT_LIMIT
    if search is not None and not search.driven and len(words) == 1 and request.where is None:
        sample = (await reader.fetch(sample_statement(_driven(shape)), **values))[0][0]
        if sample > COUNT_LIMIT:
            return await _estimated(reader, shape, values)
    count = (await reader.fetch(count_statement(_driven(shape)), **values))[0][0]
    return (count, False) if count <= COUNT_LIMIT else await _estimated(reader, _driven(shape), values)


async def _estimated(reader: TenantReader, shape: Shape, values: dict[str, object]) -> tuple[int, bool]:
    """The least of what the planner expects of the filter and of each word; more than what was counted."""
    guesses = [
        orjson.loads((await reader.fetch(statement, **values))[0][0])[0]["Plan"]["Plan Rows"]
        for statement in estimate_statements(shape)
    ]
    return max(COUNT_LIMIT + 1, round(min(guesses))), True


async def _plan_search(
    reader: TenantReader, listing: Listing, request: PageRequest
) -> tuple[tuple[str, ...], Search | None]:
    """The words, the rarest first, and how to begin."""
    if not request.words:
        return (), None
    statement = word_count_statement(listing, request.sources, len(request.words))
    counts = (await reader.fetch(statement, **word_values(request.words)))[0]
    ranked = sorted(zip(counts, request.words, strict=True))
    return tuple(word for _, word in ranked), Search(len(ranked), ranked[0][0] <= DRIVER_LIMIT, request.sources)


def _shape(reader: TenantReader, listing: Listing, request: PageRequest, search: Search | None) -> Shape:
    where = None if request.where is None else shape_of(request.where)
    return Shape(listing, where, search, holders=reader.scope.columns_of(listing.table))


def _driven(shape: Shape) -> Shape:
    return shape if shape.search is None else shape._replace(search=shape.search.drive())


def values_given(request: PageRequest, words: Sequence[str]) -> dict[str, object]:
    """The parameters of a list's statements."""
    values: dict[str, object] = {**word_values(words), "offset": request.offset}
    if request.where is not None:
        values.update((f"v{i}", value) for i, value in enumerate(values_of(request.where)))
    if request.after is not None:
        values.update(_key_values("a", request.order, request.after))
    if request.before is not None:
        values.update(_key_values("b", request.order, request.before))
    return values


def _key_values(prefix: str, order: Sequence[SortKey], key: Key) -> dict[str, object]:
    return dict(zip(names_of(prefix, order), bound_values(order, key), strict=True))
