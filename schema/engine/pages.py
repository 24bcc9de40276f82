"""Connections of pages: many at once, so that relations below them are read for the rows of all."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from itertools import islice
from typing import Any

from schema.connections import Listed
from schema.engine.plan import ConnectionPlan, EdgePlan, Fixed, ObjectPlan, Paged, PageInfoPlan, Unsupported
from schema.loading import Branch
from schema.nested import NestedPages
from schema.operation import Operation
from schema.page_arguments import PageArguments

Build = Callable[[ObjectPlan, Sequence[Any], Operation], Awaitable[list[Any]]]
"""Makes the objects of a level of rows."""
Json = Any
"""A JSON value, or a time."""


async def build_connections(
    plan: ConnectionPlan, listed: Sequence[Listed], operation: Operation, build: Build
) -> list[dict[str, Json]]:
    """The object of each page."""
    built: list[dict[str, Json]] = [{} for _ in listed]
    levels: dict[str, Branch] = {}
    for key, part in plan.fields:
        match part:
            case ObjectPlan():
                levels[key] = partial(_split, part, listed, operation, build)
            case EdgePlan():
                levels[key] = partial(_edges, part, listed, operation, build)
    rows = dict(zip(levels, await operation.reads.all([*levels.values()]), strict=True))
    for key, part in plan.fields:
        found = rows[key] if key in rows else await _told(part, listed)
        for into, value in zip(built, found, strict=True):
            into[key] = value
    return built


async def _told(part: object, listed: Sequence[Listed]) -> list[Json]:
    """What a connection tells beside its rows."""
    match part:
        case Fixed(value):
            return [value] * len(listed)
        case PageInfoPlan():
            return [await _page_info(part, each) for each in listed]
        case "totalCount":
            return [(await each.count())[0] for each in listed]
        case _:
            return [(await each.count())[1] for each in listed]


async def nested_connections(
    part: Paged,
    rows: Sequence[Any],  # Any: rows
    operation: Operation,
    build: Build,
) -> list[Json]:
    """The connection below each row: one statement for all their pages, one more where they are counted."""
    spec, keys = part.spec, [row[part.key] for row in rows]
    if None in keys:
        raise Unsupported("null")
    asked = judged(part, operation)
    distinct = list(dict.fromkeys(keys))
    requests = {key: asked.request_for(key) for key in distinct} if asked.has_cursors else {}
    # A cursor belongs to one parent: with any other the line above has raised.
    request = requests[distinct[0]] if requests else asked.request
    reads, same = operation.reads, asked.same(request)
    pages = await reads.load(spec.pages, distinct, (request, part.plan.columns), same)
    counts = await reads.load(spec.counts, distinct, (request,), same) if part.plan.counts else None
    listed = [
        Listed(spec.whole, pages[key], None, operation, None if counts is None else counts[key]) for key in distinct
    ]
    built = dict(zip(distinct, await build_connections(part.plan, listed, operation, build), strict=True))
    return [built[key] for key in keys]


def judged(part: Paged, operation: Operation) -> NestedPages:
    """What a nested list's arguments ask for, found once an operation. Raises what is wrong with them."""
    found: NestedPages | None = operation.judged.get(part.call)
    if found is None:
        arguments = PageArguments.of(part.call(operation.variables))
        found = operation.judged[part.call] = NestedPages.asked(part.spec, arguments, operation)
    return found


async def _split(part: ObjectPlan, listed: Sequence[Listed], operation: Operation, build: Build) -> list[list[Json]]:
    """The objects of each page's rows."""
    built = await build(part, [row for each in listed for row in each.page.rows], operation)
    if len(listed) == 1:
        return [built]
    objects = iter(built)
    return [list(islice(objects, len(each.page.rows))) for each in listed]


async def _edges(part: EdgePlan, listed: Sequence[Listed], operation: Operation, build: Build) -> list[list[Json]]:
    levels = {key: inner for key, inner in part.fields if isinstance(inner, ObjectPlan)}
    built = await operation.reads.all([partial(_split, level, listed, operation, build) for level in levels.values()])
    nodes = dict(zip(levels, built, strict=True))
    return [
        _edges_of(part, each, {key: of_all[index] for key, of_all in nodes.items()})
        for index, each in enumerate(listed)
    ]


def _edges_of(part: EdgePlan, listed: Listed, nodes: dict[str, list[Json]]) -> list[Json]:
    rows = listed.page.rows
    columns: list[Sequence[Json]] = []
    for key, inner in part.fields:
        match inner:
            case Fixed(value):
                columns.append([value] * len(rows))
            case ObjectPlan():
                columns.append(nodes[key])
            case _:
                columns.append([listed.cursor_of(row) for row in rows])
    if not columns:  # all of it was skipped
        return [{} for _ in rows]
    keys = [key for key, _ in part.fields]
    return [dict(zip(keys, values, strict=True)) for values in zip(*columns, strict=True)]


async def _page_info(part: PageInfoPlan, listed: Listed) -> dict[str, Json]:
    page = listed.page
    built: dict[str, Json] = {}
    for key, inner in part.fields:
        match inner:
            case Fixed(value):
                built[key] = value
            case "hasNextPage":
                built[key] = await listed.goes_on(ahead=True)
            case "hasPreviousPage":
                built[key] = await listed.goes_on(ahead=False)
            case "startCursor":
                built[key] = listed.cursor_of(page.rows[0]) if page.rows else None
            case _:
                built[key] = listed.cursor_of(page.rows[-1]) if page.rows else None
    return built
