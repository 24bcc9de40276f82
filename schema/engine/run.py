"""Runs a plan: level by level, one call for each relation of a level, whatever the number of rows.

Anything that is not plain success (an exception, a missing row, a null where none may be) is the reference's to tell:
the run is given up, and the reference executes what is not finished from the start. A root field of a query may be read
twice; nothing else is.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from inspect import isawaitable
from typing import Any, NamedTuple

from graphql.execution.values import VariableValues

from db.errors import BadValue
from db.ids import hex_of
from db.pages import PageRequest
from resolvers.errors import InvalidInput
from schema.connections import Listed
from schema.declarations import RootInfo
from schema.denials import Denial, settle
from schema.engine.complete import build_rows, complete
from schema.engine.nodes import read_nodes, wanted_nodes
from schema.engine.nulls import Json, find_denials
from schema.engine.pages import build_connections, judged
from schema.engine.plan import Fixed, Unsupported
from schema.engine.roots import Plan, Root, RootById, RootEvent, RootList, RootNodes, RootValue
from schema.engine.waves import Waves
from schema.loading import Branch
from schema.operation import Operation
from schema.page_arguments import PageArguments
from schema.reference import Outcome

Values = Mapping[str, Any]
"""A root field's arguments, coerced for this request, by their Python names."""
Outcomes = dict[str, Outcome]
"""What became of root fields, by their response keys."""


class _Run(NamedTuple):
    """A query while it runs."""

    operation: Operation
    variables: VariableValues
    outcomes: Outcomes
    nulls: list[Denial]
    """What the arguments of root fields are denied."""


async def run_query(
    plan: Plan, operation: Operation, variables: VariableValues, outcomes: Outcomes
) -> tuple[Json, list[Denial]]:
    """The response's data and its denials. When it raises, ``outcomes`` and the operation's nulls tell what is
    finished.
    """
    # All arguments are judged before the first statement: one malformed value interrupts no connection.
    begin(plan, operation)
    run = _Run(operation, variables, outcomes, [])
    ready = {key: _ready(key, part, run) for key, part in plan.fields if not isinstance(part, Fixed)}
    if len(ready) == 1:  # whatever it raises, nothing else is finished
        ((key, branch),) = ready.items()
        with operation.reads.on_one_connection():
            done = {key: await branch()}
    else:
        done = dict(zip(ready, await operation.reads.each([*ready.values()]), strict=True))
        failed = next((each for each in done.values() if isinstance(each, Exception)), None)
        if failed is not None:
            _hand_on(plan, run, {key: made for key, made in done.items() if not isinstance(made, Exception)})
            raise failed
    data = {key: part.value if isinstance(part, Fixed) else done[key] for key, part in plan.fields}
    return data, _denials(plan, run.nulls, operation, data)


def begin(plan: Plan, operation: Operation) -> None:
    """Decides how the plan reads, and judges the arguments of nested lists before anything is read. Raises Unsupported:
    where, and whether, what is wrong with them is told depends on the rows above.
    """
    if plan.repeats:
        operation.read_by(Waves)
    try:
        for part in plan.nested:
            judged(part, operation)
    except (InvalidInput, BadValue):
        raise Unsupported("argument") from None


def _denials(plan: Plan, nulls: Sequence[Denial], operation: Operation, data: Json) -> list[Denial]:
    """What the data is denied, with the ``nulls`` that are known already."""
    parts = [*plan.denied, *operation.marked]
    return settle([*find_denials(parts, data), *nulls], data) if parts or nulls else []


def _hand_on(plan: Plan, run: _Run, finished: Json) -> None:
    """Tells which root fields are finished, with what they are denied."""
    operation = run.operation
    run.outcomes.update((key, Outcome(made, finished=True)) for key, made in finished.items())
    denied = [part for part in (*plan.denied, *operation.marked) if part.keys[0] in finished]
    operation.nulls.extend(find_denials(denied, finished))
    operation.nulls.extend(null for null in run.nulls if null.path[0] in finished)


async def run_event(plan: Plan, operation: Operation, source: Any) -> tuple[Json, list[Denial]]:  # Any: of any kind
    """The response's data and its denials for one event of a stream."""
    begin(plan, operation)
    data: Json = {}
    for key, part in plan.fields:
        match part:
            case RootEvent(shape):
                with operation.reads.on_one_connection():
                    data[key] = (await complete(shape, [source], operation))[0]
            case Fixed(value):
                data[key] = value
            case _:
                raise Unsupported("operation")
    return data, _denials(plan, (), operation, data)


def _ready(key: str, part: Root, run: _Run) -> Branch:
    """What reads a root field. Raises what is wrong with its arguments."""
    operation, variables = run.operation, run.variables
    match part:
        case RootList(spec, call):
            return partial(_list, part, operation, *PageArguments.of(call(variables)).request(spec, operation))
        case RootById(_, prefix, call):
            return partial(_by_id, part, operation, hex_of(call(variables)["id"], prefix))
        case RootValue(_, _, call):
            return partial(_value, key, part, run, call(variables))
        case RootNodes():
            return partial(read_nodes, part, operation, wanted_nodes(key, part, operation, variables, run.nulls))
        case _:
            raise Unsupported("operation")


async def _value(key: str, part: RootValue, run: _Run, arguments: Values) -> Any:  # Any: JSON
    outcome = run.outcomes[key] = await resolve(part, run.operation, arguments)
    if outcome.error is not None:
        raise outcome.error
    (completed,) = await complete(part.shape, [outcome.value], run.operation)
    return completed


async def resolve(part: RootValue, operation: Operation, arguments: Values) -> Outcome:
    """Call a root field's own resolver: whatever it does is an outcome."""
    if operation.tracing is None:
        return await _resolve(part, operation, arguments)
    with operation.tracing.span(f"root {part.name}") as span:
        outcome = await _resolve(part, operation, arguments)
        if outcome.error is not None:
            span.fail(type(outcome.error).__qualname__)
        return outcome


async def _resolve(part: RootValue, operation: Operation, arguments: Values) -> Outcome:
    info = {"info": RootInfo(operation)} if part.takes_info else {}
    try:
        value = part.resolver(**info, **arguments)
        return Outcome(await value if isawaitable(value) else value)
    except Exception as error:
        return Outcome(error=error)


async def _by_id(part: RootById, operation: Operation, key: str) -> Any:  # Any: JSON
    found = await operation.reads.load(part.function, [key], (part.plan.columns,))
    if key not in found:
        return None
    (built,) = await build_rows(part.plan, [found[key]], operation)
    return built


async def _list(part: RootList, operation: Operation, request: PageRequest, binding: bytes) -> Json:
    listed = await Listed.read(part.spec, request, binding, operation, part.plan.columns)
    (built,) = await build_connections(part.plan, [listed], operation, build_rows)
    return built
