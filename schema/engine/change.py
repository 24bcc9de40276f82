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
from schema.engine.run import Outcomes, resolve
from schema.engine.waves import Waves
from schema.operation import Operation


async def run_mutation(
    plan: Plan, operation: Operation, variables: VariableValues, outcomes: Outcomes
) -> tuple[Json, list[Denial]]:
    """The data and the denials. When it raises, ``outcomes`` and the operation's nulls tell how far it came."""
    data: Json = {}
    for key, part in plan.fields:
        if isinstance(part, RootValue):
            # Arguments are judged first, which may raise: nothing has happened then.
            outcome = outcomes[key] = await resolve(part, operation, part.call(variables))
            if outcome.error is not None:
                raise Unsupported("error")
            if plan.repeats:  # what was read before this field's change does not count
                operation.read_by(Waves)
            with operation.reads.on_one_connection():
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
