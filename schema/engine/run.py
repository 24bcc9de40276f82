"""Runs a plan: level by level, one call for each relation of a level, whatever the number of rows.

Anything that is not plain success (an exception, a missing row, a null where none may be) is the reference's to tell:
the run is given up and the reference executes the operation from the start. A query may be read twice; nothing else
gets here.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from inspect import isawaitable
from typing import Any

from graphql.execution.values import VariableValues

from db.ids import hex_of
from db.pages import PageRequest
from schema.connections import Listed, PageArguments
from schema.declarations import RootInfo
from schema.denials import Denial, settle
from schema.engine.complete import build_rows, complete
from schema.engine.nodes import read_nodes, wanted_nodes
from schema.engine.nulls import Json, find_denials
from schema.engine.pages import build_connections
from schema.engine.plan import Fixed, Unsupported
from schema.engine.roots import Plan, Root, RootById, RootEvent, RootList, RootNodes, RootValue
from schema.operation import Operation

Values = Mapping[str, Any]
"""A root field's arguments, coerced for this request, by their Python names."""
Reading = Callable[[], Coroutine[None, None, Any]]
"""What reads a root field, to its JSON."""


async def run_query(plan: Plan, operation: Operation, variables: VariableValues) -> tuple[Json, list[Denial]]:
    """The response's data and its denials."""
    # All arguments are judged before the first statement: one malformed value interrupts no connection.
    nulls: list[Denial] = []
    ready = {
        key: _ready(key, part, operation, variables, nulls) for key, part in plan.fields if not isinstance(part, Fixed)
    }
    done = await _read(ready, operation)
    data = {key: part.value if isinstance(part, Fixed) else done[key] for key, part in plan.fields}
    return data, settle([*find_denials([*plan.denied, *operation.marked], data), *nulls], data)


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


async def run_event(plan: Plan, operation: Operation, source: Any) -> tuple[Json, list[Denial]]:  # Any: of any kind
    """The response's data and its denials for one event of a stream."""
    data: Json = {}
    for key, part in plan.fields:
        match part:
            case RootEvent(shape):
                with operation.read.reader:
                    data[key] = (await complete(shape, [source], operation))[0]
            case Fixed(value):
                data[key] = value
            case _:
                raise Unsupported("operation")
    return data, settle(find_denials([*plan.denied, *operation.marked], data), data)


def _ready(key: str, part: Root, operation: Operation, variables: VariableValues, nulls: list[Denial]) -> Reading:
    """What reads a root field. Raises what is wrong with its arguments; tells ``nulls`` what they are denied."""
    match part:
        case RootList(spec, call):
            return partial(_list, part, operation, *PageArguments.of(call(variables)).request(spec, operation))
        case RootById(_, prefix, call):
            return partial(_by_id, part, operation, hex_of(call(variables)["id"], prefix))
        case RootValue(_, _, call):
            return partial(_value, part, operation, call(variables))
        case RootNodes():
            return partial(read_nodes, part, operation, wanted_nodes(key, part, operation, variables, nulls))
        case _:
            raise Unsupported("operation")


async def _value(part: RootValue, operation: Operation, arguments: Values) -> Any:  # Any: JSON
    value = await resolve(part, operation, arguments)
    (completed,) = await complete(part.shape, [value], operation)
    return completed


async def resolve(part: RootValue, operation: Operation, arguments: Values) -> Any:  # Any: what the resolver answers
    """Call a root field's own resolver."""
    info = {"info": RootInfo(operation)} if part.takes_info else {}
    value = part.resolver(**info, **arguments)
    return await value if isawaitable(value) else value


async def _by_id(part: RootById, operation: Operation, key: str) -> Any:  # Any: JSON
    found = await part.function(operation.read, [key], part.plan.columns)
    if key not in found:
        return None
    (built,) = await build_rows(part.plan, [found[key]], operation)
    return built


async def _list(part: RootList, operation: Operation, request: PageRequest, binding: bytes) -> Json:
    page = await part.spec.page(operation.read, request, part.plan.columns)
    (built,) = await build_connections(part.plan, [Listed(part.spec, page, binding, operation)], operation, build_rows)
    return built
