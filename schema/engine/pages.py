"""Connections of pages: many at once, so that relations below them are read for the rows of all."""

from collections.abc import Awaitable, Callable, Sequence
from itertools import islice
from typing import Any

from schema.connections import Listed, PageArguments
from schema.engine.plan import ConnectionPlan, EdgePlan, Fixed, ObjectPlan, Paged, PageInfoPlan, Unsupported
from schema.nested import NestedPages
from schema.operation import Operation

Build = Callable[[ObjectPlan, Sequence[Any], Operation], Awaitable[list[Any]]]
"""Makes the objects of a level of rows."""
Json = Any
"""A JSON value, or a time."""


async def build_connections(
    plan: ConnectionPlan, listed: Sequence[Listed], operation: Operation, build: Build
) -> list[dict[str, Json]]:
    """The object of each page."""
    built: list[dict[str, Json]] = [{} for _ in listed]
    for key, part in plan.fields:
        match part:
            case Fixed(value):
                found: list[Json] = [value] * len(listed)
            case ObjectPlan():
                found = await _split(part, listed, operation, build)
            case EdgePlan():
                found = await _edges(part, listed, operation, build)
            case PageInfoPlan():
                found = [await _page_info(part, each) for each in listed]
            case "totalCount":
                found = [(await each.count())[0] for each in listed]
            case _:
                found = [(await each.count())[1] for each in listed]
        for into, value in zip(built, found, strict=True):
            into[key] = value
    return built


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
    asked = NestedPages.asked(spec, PageArguments.of(part.call(operation.variables)), operation)
    distinct = list(dict.fromkeys(keys))
    requests = {key: asked.request_for(key) for key in distinct} if asked.has_cursors else {}
    # A cursor belongs to one parent: with any other the line above has raised.
    request = requests[distinct[0]] if requests else asked.request
    pages = await spec.pages(operation.read, distinct, request, part.plan.columns)
    counts = await spec.counts(operation.read, distinct, asked.request) if part.plan.counts else None
    listed = [
        Listed(spec.whole, pages[key], None, operation, None if counts is None else counts[key]) for key in distinct
    ]
    built = dict(zip(distinct, await build_connections(part.plan, listed, operation, build), strict=True))
    return [built[key] for key in keys]


async def _split(part: ObjectPlan, listed: Sequence[Listed], operation: Operation, build: Build) -> list[list[Json]]:
    """The objects of each page's rows."""
    built = await build(part, [row for each in listed for row in each.page.rows], operation)
    if len(listed) == 1:
        return [built]
    objects = iter(built)
    return [list(islice(objects, len(each.page.rows))) for each in listed]


async def _edges(part: EdgePlan, listed: Sequence[Listed], operation: Operation, build: Build) -> list[list[Json]]:
    nodes = {
        key: await _split(inner, listed, operation, build)
        for key, inner in part.fields
        if isinstance(inner, ObjectPlan)
    }
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
    spec, page, ctx = listed.spec, listed.page, listed.operation.read
    built: dict[str, Json] = {}
    for key, inner in part.fields:
        match inner:
            case Fixed(value):
                built[key] = value
            case "hasNextPage":
                built[key] = await spec.beyond(ctx, page, ahead=True)
            case "hasPreviousPage":
                built[key] = await spec.beyond(ctx, page, ahead=False)
            case "startCursor":
                built[key] = listed.cursor_of(page.rows[0]) if page.rows else None
            case _:
                built[key] = listed.cursor_of(page.rows[-1]) if page.rows else None
    return built
