"""Objects of any kind by their ids: one call for each kind, whatever the number of ids."""

from functools import partial
from typing import Any

from graphql.execution.values import VariableValues

from db.ids import hex_of, prefix_of
from schema.denials import Denial
from schema.engine.complete import build_rows
from schema.engine.plan import ObjectPlan
from schema.engine.roots import RootNodes
from schema.node import NodeKind, check_count, kind_of
from schema.operation import Operation

Wanted = tuple[NodeKind, str] | None
"""Where to find one object, and its id's digits; None for one that is denied."""


def wanted_nodes(
    key: str, part: RootNodes, operation: Operation, variables: VariableValues, nulls: list[Denial]
) -> list[Wanted]:
    """Judges the ids; ``nulls`` is told of those that the caller may not read. Raises what is wrong with an id."""
    arguments = part.call(variables)
    ids = arguments["ids"] if part.many else [arguments["id"]]
    if part.many:
        check_count(ids)
    return [_wanted([key, index] if part.many else [key], part, operation, id, nulls) for index, id in enumerate(ids)]


def _wanted(path: list[str | int], part: RootNodes, operation: Operation, public: str, nulls: list[Denial]) -> Wanted:
    kind = kind_of(part.kinds, public)
    if kind.gate is None or operation.allows(kind.gate):
        return kind, hex_of(public, prefix_of(public))
    nulls.append(Denial(part.selection, kind.gate, kind.type_name, path))
    return None


async def read_nodes(part: RootNodes, operation: Operation, wanted: list[Wanted]) -> Any:  # Any: JSON
    """The objects, in the order of their ids; null where there is none."""
    ids: dict[NodeKind, dict[str, None]] = {}
    for kind, id in filter(None, wanted):
        ids.setdefault(kind, {})[id] = None
    levels = [
        partial(_objects, part.plans[kind.type_name], kind, [*of_kind], operation) for kind, of_kind in ids.items()
    ]
    found = dict(zip(ids, await operation.reads.all(levels), strict=True))
    objects = [None if each is None else found[each[0]].get(each[1]) for each in wanted]
    return objects if part.many else objects[0]


async def _objects(
    plan: ObjectPlan, kind: NodeKind, ids: list[str], operation: Operation
) -> dict[str, Any]:  # Any: JSON
    """The objects of one kind by their ids."""
    rows = await operation.reads.load(kind.function, ids, (plan.columns,))
    there = [id for id in ids if rows.get(id) is not None]
    built = await build_rows(plan, [rows[id] for id in there], operation)
    return dict(zip(there, built, strict=True))
