"""Relations of a level: one call for each, whatever the number of rows."""

from collections.abc import Awaitable, Callable, Sequence
from itertools import islice
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
    keys = [key for key in dict.fromkeys([row[name] for row in rows]) if key is not None]
    found = await relation.function(operation.read, keys, relation.plan.columns) if keys else {}
    if not relation.many:
        return dict(zip(found, await build(relation.plan, list(found.values()), operation), strict=True))
    flat = [row for belonging in found.values() for row in belonging]
    built = iter(await build(relation.plan, flat, operation))
    return {key: list(islice(built, len(belonging))) for key, belonging in found.items()}
