"""What requests cost, and what they may: the measure of an operation is made once, and kept with its document."""

from dataclasses import dataclass
from typing import Any

from graphql import GraphQLSchema

from auth.permissions import PermissionSet
from schema.cost import Measure, measure_operation
from schema.documents import Document
from schema.limits import Limits
from schema.reference import DeferredExecutor
from schema.variants import Found, Kept
from schema.weights import Weights

EXPORT = "export:run"
MEASURE, LEVEL = 500, 700
"""Bytes that a measure holds, and for each object and field in it: measured, rounded up."""


@dataclass(slots=True)
class Cost:
    """What one request costs: ``requested`` is known before anything runs, ``actual`` from what was answered. Of a
    subscription it is the cost of one event.
    """

    requested: int
    _measure: Measure
    _limits: Limits
    _permissions: PermissionSet | None

    @property
    def limit(self) -> int:
        """What the caller may ask for at once."""
        exports = self._permissions is not None and self._permissions.allows(EXPORT)
        return max(self._limits.cost, self._limits.export_cost) if exports else self._limits.cost

    @property
    def exceeds(self) -> bool:
        """Whether it is more than the caller may ask for."""
        return self.requested > self._limits.cost and self.requested > self.limit

    def actual(self, data: Any) -> int:  # Any: the data of an answer, or of an event's
        """What it did cost; all that was requested, where there is no data: nobody knows how far it came. Never more
        than was requested.
        """
        return self.requested if data is None else min(self.requested, self._measure.actual(data))

    def told(self, data: Any = None, *, ran: bool = True) -> dict[str, int]:  # Any: as above
        """The same as ``extensions.cost`` has it."""
        actual = {"actual": self.actual(data)} if ran else {}
        return {"requested": self.requested, **actual, "limit": self.limit}


class Meter:
    """Tells the cost of ready operations of one schema."""

    def __init__(self, schema: GraphQLSchema, limits: Limits) -> None:
        self._schema = schema
        self._weights = Weights(schema)
        self._limits = limits

    def cost_of(
        self,
        document: Document,
        execution: DeferredExecutor,
        permissions: PermissionSet | None,
        found: Found | None = None,
    ) -> Cost:
        """``permissions`` is None for a caller who is not signed in; ``found`` is the verdict's."""
        kept = None if found is None else found.measure
        if kept is None or kept.value is None:
            kept = self._kept(document, execution)
            if found is not None:
                found.measure = kept
        kept.used = True
        measure: Measure = kept.value
        requested = measure.fixed
        if requested is None:
            requested = measure.requested(execution.variable_values.coerced)
        return Cost(requested, measure, self._limits, permissions)

    def _kept(self, document: Document, execution: DeferredExecutor) -> Kept:
        key = (execution.name, execution.asked)
        kept = document.measures.find(key)
        if kept is None:
            measure = measure_operation(self._schema, self._weights, execution)
            kept = document.measures.keep(key, measure, MEASURE + measure.size * LEVEL)
        return kept
