"""Runs a plan: level by level, one call for each relation of a level, whatever the number of rows.

Anything that is not plain success (an exception, a missing row, a null where none may be) is the reference's to tell:
the run is given up and the reference executes the operation from the start. A query may be read twice; nothing else
gets here.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

from db.ids import hex_of
from db.pages import PageRequest
from schema.connections import Listed, PageArguments
from schema.denials import Denial, settle
from schema.engine.build import builder_of
from schema.engine.plan import (
    Call,
    ConnectionPlan,
    EdgePlan,
    Fixed,
    ObjectPlan,
    PageInfoPlan,
    Plan,
    Relation,
    RootById,
    RootList,
)
from schema.operation import Operation

Arguments = Callable[[Call], Mapping[str, Any]]  # Any: a value of the argument's type
"""A root field's arguments, coerced for this request, by their Python names."""
Json = dict[str, Any]  # Any: JSON values and times
Reading = Callable[[], Coroutine[None, None, Json | None]]


async def run_plan(plan: Plan, operation: Operation, arguments: Arguments) -> tuple[Json, list[Denial]]:
    """The response's data and its denials."""
    # All arguments are judged before the first statement: one malformed value interrupts no connection.
    ready = {
        key: _ready(part, operation, arguments(part.call)) for key, part in plan.fields if not isinstance(part, Fixed)
    }
    done = await _read(ready, operation)
    data = {key: part.value if isinstance(part, Fixed) else done[key] for key, part in plan.fields}
    return data, _denials(plan, data)


async def _read(ready: Mapping[str, Reading], operation: Operation) -> Json:
    """Several root fields at once, each statement on a connection of its own; a single one on one connection."""
    if len(ready) == 1:
        with operation.read.reader:
            return {key: await start() for key, start in ready.items()}
    tasks = {key: asyncio.ensure_future(start()) for key, start in ready.items()}
    try:
        return {key: await task for key, task in tasks.items()}
    except BaseException:
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        raise


def _ready(
    part: RootList | RootById,
    operation: Operation,
    arguments: Mapping[str, Any],  # Any: a value of the argument's type
) -> Reading:
    """What reads a root field. Raises what is wrong with its arguments."""
    if isinstance(part, RootList):
        return partial(_list, part, operation, *PageArguments.of(arguments).request(part.spec, operation))
    return partial(_by_id, part, operation, hex_of(arguments["id"], part.prefix))


async def _by_id(part: RootById, operation: Operation, key: str) -> Json | None:
    found = await part.function(operation.read, [key], part.plan.columns)
    if key not in found:
        return None
    return (await build_rows(part.plan, [found[key]], operation))[0]


async def _list(part: RootList, operation: Operation, request: PageRequest, binding: bytes) -> Json:
    page = await part.spec.page(operation.read, request, part.plan.columns)
    return await _connection(part.plan, Listed(part.spec, page, binding, operation))


async def _connection(plan: ConnectionPlan, listed: Listed) -> Json:
    built: Json = {}
    for key, part in plan.fields:
        match part:
            case Fixed(value):
                built[key] = value
            case ObjectPlan():
                built[key] = await build_rows(part, listed.page.rows, listed.operation)
            case EdgePlan():
                built[key] = await _edges(part, listed)
            case PageInfoPlan():
                built[key] = await _page_info(part, listed)
            case "totalCount":
                built[key] = (await listed.count())[0]
            case _:
                built[key] = (await listed.count())[1]
    return built


async def _edges(plan: EdgePlan, listed: Listed) -> list[Json]:
    rows = listed.page.rows
    columns: list[tuple[str, Sequence[Any]]] = []  # Any: JSON
    for key, part in plan.fields:
        match part:
            case Fixed(value):
                columns.append((key, [value] * len(rows)))
            case ObjectPlan():
                columns.append((key, await build_rows(part, rows, listed.operation)))
            case _:
                columns.append((key, [listed.cursor_of(row) for row in rows]))
    if not columns:  # all of it was skipped
        return [{} for _ in rows]
    keys = [key for key, _ in columns]
    return [dict(zip(keys, values, strict=True)) for values in zip(*(values for _, values in columns), strict=True)]


async def _page_info(plan: PageInfoPlan, listed: Listed) -> Json:
    spec, page, ctx = listed.spec, listed.page, listed.operation.read
    built: Json = {}
    for key, part in plan.fields:
        match part:
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


async def build_rows(plan: ObjectPlan, rows: Sequence[Any], operation: Operation) -> list[Json]:  # Any: rows
    """The objects of a level, with all that hangs below them."""
    if not rows:
        return []
    # One after the other, on the connection of the level above: side by side they would each take one of their own.
    related = [await _related(relation, rows, operation) for relation in plan.relations]
    return builder_of(plan, rows[0].keys())(rows, *related)


async def _related(
    relation: Relation,
    rows: Sequence[Any],
    operation: Operation,  # Any: rows
) -> dict[str, Any]:  # Any: an object, or a list of them
    name = relation.key
    keys = [key for key in dict.fromkeys([row[name] for row in rows]) if key is not None]
    found = await relation.function(operation.read, keys, relation.plan.columns) if keys else {}
    if not relation.many:
        return dict(zip(found, await build_rows(relation.plan, list(found.values()), operation), strict=True))
    flat = [row for belonging in found.values() for row in belonging]
    built = iter(await build_rows(relation.plan, flat, operation))
    return {key: list(islice(built, len(belonging))) for key, belonging in found.items()}


def _denials(plan: Plan, data: Json) -> list[Denial]:
    found = []
    for part in plan.denied:
        places = list(_places(data, part.keys, []))
        if places:
            found.append(Denial(part.selection, part.permission, part.coordinate, places[0], len(places)))
    return settle(found, data) if found else found


def _places(value: Any, keys: Sequence[str], path: list[str | int]) -> Any:  # Any: JSON; an iterator of paths
    """Every place in the data where the keys lead, in document order; lists are walked through."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _places(item, keys, [*path, index])
    elif not keys:
        yield path
    elif isinstance(value, dict):
        yield from _places(value[keys[0]], keys[1:], [*path, keys[0]])
