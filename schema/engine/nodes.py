"""Objects of any kind by their ids: one call for each kind, whatever the number of ids."""

from typing import Any

from graphql.execution.values import VariableValues

from db.ids import hex_of, prefix_of
from schema.denials import Denial
from schema.engine.complete import build_rows
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
    found: dict[Wanted, Any] = {None: None}  # Any: JSON
    for kind in dict.fromkeys(each[0] for each in wanted if each is not None):
        plan = part.plans[kind.type_name]
        ids = list(dict.fromkeys(each[1] for each in wanted if each is not None and each[0] is kind))
        rows = await kind.function(operation.read, ids, plan.columns)
        there = [id for id in ids if rows.get(id) is not None]
        built = await build_rows(plan, [rows[id] for id in there], operation)
        found.update(zip(((kind, id) for id in there), built, strict=True))
    objects = [found.get(each) for each in wanted]
    return objects if part.many else objects[0]
