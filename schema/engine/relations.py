"""Relations of a level: one call for each, whatever the number of rows."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from schema.engine.plan import ObjectPlan, Relation
from schema.operation import Operation

Build = Callable[[ObjectPlan, Sequence[Any], Operation], Awaitable[list[Any]]]
"""Makes the objects of the level below."""


async def related(
    relation: Relation,
    rows: Sequence[Any],  # Any: rows
    operation: Operation,
    build: Build,
) -> dict[str, Any]:  # Any: an object, or a list of them
    """What belongs to each key of the rows."""
    name = relation.key
    once = {row[name]: None for row in rows}
    once.pop(None, None)
    found = await operation.reads.load(relation.function, list(once), (relation.plan.columns,)) if once else {}
    if not relation.many:
        return dict(zip(found, await build(relation.plan, list(found.values()), operation), strict=True))
    flat = [row for belonging in found.values() for row in belonging]
    built = await build(relation.plan, flat, operation)
    cut: dict[str, list[Any]] = {}  # Any: an object
    start = 0
    for key, belonging in found.items():
        end = start + len(belonging)
        cut[key] = built[start:end]
        start = end
    return cut
