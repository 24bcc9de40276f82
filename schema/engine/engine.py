"""The engine's door: runs a ready operation by its plan, or says why the reference must."""

from collections import Counter
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

import strawberry
from graphql import GraphQLSchema, OperationType

from schema.denials import Denial
from schema.documents import Document
from schema.engine.arguments import Arguments
from schema.engine.change import run_mutation
from schema.engine.compile import compile_operation
from schema.engine.nulls import Json
from schema.engine.plan import Unsupported
from schema.engine.roots import Plan
from schema.engine.run import run_event, run_query
from schema.loading import NO_ANSWER
from schema.operation import Operation
from schema.reference import Execution, Outcome
from schema.variants import Found, Kept

PLAN, FIELD, CONSTANT = 2_000, 1_200, 150
"""Bytes that a plan holds, for each field that is written out, and for each token of its document (constants are made
of them): measured, rounded up.
"""
Done = tuple[Json, list[Denial]] | str
"""The data and the denials; or why the reference must do it."""


class Engine:
    """Compiles and runs operations of one schema. ``ran`` counts by outcome: "engine", or why the reference did it."""

    def __init__(self, schema: strawberry.Schema, core: GraphQLSchema) -> None:
        self._arguments = Arguments(schema)
        self._core = core
        self.ran: Counter[str] = Counter()

    async def run(
        self, document: Document, executor: Execution, operation: Operation, found: Found | None = None
    ) -> Done:
        """A query or a mutation. After a reason the executor does what is left: of a query the root fields that are not
        finished; of a mutation what has not run yet, completing the values of what has. ``found`` is the verdict's.
        """
        outcomes: dict[str, Outcome] = {}
        operation.variables = executor.variable_values
        try:
            plan = self._plan(document, executor, operation, found)
            if executor.operation.operation is OperationType.MUTATION:
                done = await run_mutation(plan, operation, executor.variable_values, outcomes)
            else:
                done = await run_query(plan, operation, executor.variable_values, outcomes)
        except Exception as error:
            self.ran[_reason(error)] += 1
            executor.go_on(outcomes)
            return _reason(error)
        self.ran["engine"] += 1
        return done

    async def complete_event(
        self,
        document: Document,
        executor: Execution,
        operation: Operation,
        source: Any,  # Any: what a subscription's resolver yields
        found: Found | None = None,
    ) -> Done:
        """An event of a stream, whose executor is not touched."""
        operation.variables = executor.variable_values
        try:
            done = await run_event(self._plan(document, executor, operation, found), operation, source)
        except Exception as error:
            self.ran[_reason(error)] += 1
            return _reason(error)
        self.ran["engine"] += 1
        return done

    def _plan(self, document: Document, executor: Execution, operation: Operation, found: Found | None) -> Plan:
        kept = None if found is None else found.plan
        if kept is None or kept.value is None:
            kept = self.compile(document, executor, operation.denied, operation.masked)
            if found is not None:
                found.plan = kept
        kept.used = True
        plan: Plan | Unsupported = kept.value
        if isinstance(plan, Unsupported):
            raise Unsupported(plan.reason)
        return plan

    def compile(
        self, document: Document, executor: Execution, denied: Mapping[str, str], masked: AbstractSet[str]
    ) -> Kept:
        """The plan for who is denied this and shown masks of that, kept with the document; or why there is none."""
        variables = executor.variable_values.coerced
        name = executor.operation.name
        asked = tuple(map(variables.get, document.conditions[name.value if name else None]))
        # Who lacks another permission of the same field is told of another.
        key = (id(executor.operation), asked, frozenset(denied.items()), frozenset(masked))
        kept = document.plans.find(key)
        if kept is None:
            plan = self._compiled(executor, denied, masked)
            kept = document.plans.keep(key, plan, weight_of(plan, document))
        return kept

    def _compiled(self, executor: Execution, denied: Mapping[str, str], masked: AbstractSet[str]) -> Plan | Unsupported:
        try:
            return compile_operation(self._core, executor, denied, self._arguments, masked)
        except Unsupported as error:
            return Unsupported(error.reason)  # without the request that its traceback leads to


def weight_of(plan: Plan | Unsupported, document: Document) -> int:
    """What a plan holds, in bytes."""
    return PLAN if isinstance(plan, Unsupported) else PLAN + plan.size * FIELD + document.tokens * CONSTANT


def _reason(error: Exception) -> str:
    if isinstance(error, Unsupported):
        return error.reason
    return "unavailable" if isinstance(error, NO_ANSWER) else "error"
