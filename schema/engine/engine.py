"""The engine's door: runs a ready query by its plan, or says why the reference must."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import strawberry
from graphql import GraphQLSchema
from graphql.execution.values import get_argument_values
from strawberry.types.arguments import convert_arguments

from db.errors import QueryTimeout, Unavailable
from schema.denials import Denial
from schema.documents import Document
from schema.engine.compile import compile_query
from schema.engine.plan import Call, Plan, Unsupported
from schema.engine.run import Json, run_plan
from schema.gates import DEFINITION
from schema.operation import Operation
from schema.reference import GatedExecutor

PLANS_KEPT = 8
"""Variants of one document's operation: by what ``@skip`` and ``@include`` read, and by what is denied."""


class Engine:
    """Compiles and runs queries of one schema. ``ran`` counts by outcome: "engine", or why the reference did it."""

    def __init__(self, schema: strawberry.Schema, core: GraphQLSchema) -> None:
        self._schema = schema
        self._core = core
        self.ran: Counter[str] = Counter()

    async def run(
        self, document: Document, executor: GatedExecutor, operation: Operation
    ) -> tuple[Json, list[Denial]] | str:
        """The data and the denials; or why the reference must do it, from the start."""
        try:
            plan = self._plan(document, executor, operation.denied)
            done = await run_plan(plan, operation, lambda call: self._arguments(call, executor))
        except Unsupported as error:
            self.ran[error.reason] += 1
            return error.reason
        except (Unavailable, QueryTimeout):
            self.ran["unavailable"] += 1
            raise  # asking a database twice that did not answer once helps nobody
        except Exception:
            self.ran["error"] += 1
            return "error"
        self.ran["engine"] += 1
        return done

    def _plan(self, document: Document, executor: GatedExecutor, denied: Mapping[str, str]) -> Plan:
        variables = executor.variable_values.coerced
        conditions = tuple(variables.get(name) for name in document.conditions)
        key = (id(executor.operation), conditions, frozenset(denied))
        found = document.plans.get(key)
        if found is None:
            try:
                found = compile_query(self._core, executor, denied)
            except Unsupported as error:
                found = error
            if len(document.plans) >= PLANS_KEPT:
                document.plans.pop(next(iter(document.plans)))
            document.plans[key] = found
        if isinstance(found, Unsupported):
            raise Unsupported(found.reason)
        plan: Plan = found
        return plan

    def _arguments(self, call: Call, executor: GatedExecutor) -> Mapping[str, Any]:  # Any: of the argument's type
        if call.kept is not None:
            return call.kept
        values = get_argument_values(call.definition, call.node, executor.variable_values)
        field = call.definition.extensions[DEFINITION]
        converter = self._schema.schema_converter
        converted = convert_arguments(values, field.arguments, converter.scalar_registry, self._schema.config)
        if call.fixed:
            call.kept = converted
        return converted
