"""Runs a mutation: its root fields one after another, each resolver exactly once, each payload completed by its plan.

What happened is written down as it happens (``Outcome``). When anything is not plain success the reference goes on
from there: it completes the value that is there, and runs only what has not run.
"""

from graphql.execution.values import VariableValues

from schema.denials import Denial, settle
from schema.engine.complete import complete
from schema.engine.nulls import Json, find_denials
from schema.engine.plan import Fixed, Unsupported
from schema.engine.roots import Plan, RootValue
from schema.engine.run import resolve
from schema.operation import Operation
from schema.reference import Outcome


async def run_mutation(
    plan: Plan, operation: Operation, variables: VariableValues, outcomes: dict[str, Outcome]
) -> tuple[Json, list[Denial]]:
    """The data and the denials. When it raises, ``outcomes`` and the operation's nulls tell how far it came."""
    data: Json = {}
    for key, part in plan.fields:
        if isinstance(part, RootValue):
            outcome = outcomes[key] = await _outcome(part, operation, variables)
            if outcome.error is not None:
                raise Unsupported("error")
            with operation.read.reader:
                data[key] = (await complete(part.shape, [outcome.value], operation))[0]
            outcome.value, outcome.finished = data[key], True
            parts = [denied for denied in (*plan.denied, *operation.marked) if denied.keys[0] == key]
        elif isinstance(part, Fixed):
            data[key] = part.value
            parts = [denied for denied in plan.denied if denied.keys == (key,)]
        else:
            raise Unsupported("operation")
        operation.nulls.extend(find_denials(parts, data) if parts else ())
    return data, settle(operation.nulls, data) if operation.nulls else []


async def _outcome(part: RootValue, operation: Operation, variables: VariableValues) -> Outcome:
    """Judges the arguments, which may raise: nothing has happened then. Whatever the resolver does is an outcome."""
    arguments = part.call(variables)
    try:
        return Outcome(await resolve(part, operation, arguments))
    except Exception as error:
        return Outcome(error=error)
