"""The reference executor: graphql-core's, with the gates in its one place where a field begins.

Its meaning is the meaning. A denied field is not resolved at all: it answers null, which is told once per denied
selection (``schema/denials.py``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    MiddlewareManager,
    OperationDefinitionNode,
    OperationType,
    create_source_event_stream,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.executor_throwing_on_incremental import ExecutorThrowingOnIncremental
from graphql.execution.values import VariableValues
from graphql.pyutils import Path

from schema.denials import denial_errors, settle
from schema.documents import Document
from schema.operation import Operation
from schema.variables import Coercion, excess


@dataclass(slots=True)
class Outcome:
    """What became of a root field before this executor took over: its resolver's value or error, or, when ``finished``,
    what stands in the response.
    """

    value: Any = None  # Any: a source, or JSON
    error: Exception | None = None
    finished: bool = False


class _Happened(MiddlewareManager):
    """Puts outcomes in the place of the resolvers that have run: they do not run again."""

    def __init__(self, outcomes: Mapping[Any, Outcome]) -> None:  # Any: response keys
        super().__init__()
        self._outcomes = outcomes

    def get_field_resolver(
        self,
        field_resolver: Callable[..., Any],  # Any: graphql-core's own
    ) -> Callable[..., Any]:
        def resolve(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:  # Any: as above
            outcome = self._outcomes.get(info.path.key) if info.path.prev is None else None
            if outcome is None:
                return field_resolver(source, info, **arguments)
            if outcome.error is not None:
                raise outcome.error
            return outcome.value

        return resolve


class GatedExecutor(ExecutorThrowingOnIncremental):
    """graphql-core's executor; its context value is an ``Operation``."""

    outcomes: Mapping[Any, Outcome] = MappingProxyType({})  # Any: response keys, as a path has them

    def go_on(self, outcomes: Mapping[str, Outcome]) -> None:
        """Execute as if the root fields of these response keys had just been resolved."""
        self.outcomes = {**outcomes}
        if outcomes:
            self.middleware_manager = _Happened(self.outcomes)

    def for_event(self, source: Any) -> "GatedExecutor":  # Any: a subscription's source event
        """One like this for an event, with nothing left over from another."""
        executor: GatedExecutor = self.build_per_event_executor(source)  # type: ignore[assignment]  # typed for the base class
        executor._relevant_sub_fields = {}  # else it grows with each event
        return executor

    def execute_field(
        self,
        parent_type: GraphQLObjectType,
        source: Any,  # Any: a row
        field_details_list: Any,  # Any: graphql-core's own
        path: Path,
        position_context: Any,  # Any: graphql-core's own
    ) -> Any:  # Any: a value, or an awaitable of one
        if path.prev is None:
            outcome = self.outcomes.get(path.key)
            if outcome is not None and outcome.finished:
                return outcome.value
            if self.operation.operation is OperationType.MUTATION:
                # What a root field changes, the payloads after it show: nothing read before counts.
                self.context_value.forget_loaded()
        denied = self.context_value.denied
        if denied:
            node = field_details_list[0].node
            coordinate = f"{parent_type.name}.{node.name.value}"
            if coordinate in denied:
                self.context_value.deny(id(node), coordinate, denied[coordinate], path)
                return None
        return super().execute_field(parent_type, source, field_details_list, path, position_context)


class Execution(Protocol):
    """What an engine needs of an executor: one that was built, or one that is built only if it is needed."""

    @property
    def operation(self) -> OperationDefinitionNode: ...

    @property
    def variable_values(self) -> VariableValues: ...

    @property
    def fragments(self) -> dict[str, FragmentDetails]: ...

    def go_on(self, outcomes: Mapping[str, Outcome]) -> None:
        """See ``GatedExecutor.go_on``."""


class DeferredExecutor:
    """An operation with the variables of a request, as they came and coerced. Its executor is built when somebody
    executes by it, or compiles a plan; most requests do neither.
    """

    __slots__ = ("_built", "_reference", "document", "name", "operation", "variable_values", "variables")

    def __init__(
        self,
        reference: "Reference",
        document: Document,
        operation: OperationDefinitionNode,
        variables: dict[str, Any],  # Any: JSON
        variable_values: VariableValues,
        built: GatedExecutor | None = None,
    ) -> None:
        self._reference = reference
        self.document = document
        self.operation = operation
        self.name = operation.name.value if operation.name else None
        self.variables = variables
        self.variable_values = variable_values
        self._built = built

    @property
    def built(self) -> GatedExecutor:
        if self._built is None:
            built = self._reference.build(self.document.node, self.name, self.variables)
            if isinstance(built, list):
                raise RuntimeError("variables that could be coerced once cannot be again") from built[0]
            self._built = built
        return self._built

    @property
    def asked(self) -> tuple[Any, ...]:  # Any: coerced values
        """What the variables are that ``@skip`` and ``@include`` read."""
        return tuple(map(self.variable_values.coerced.get, self.document.conditions[self.name]))

    @property
    def fragments(self) -> dict[str, FragmentDetails]:
        return self.built.fragments

    def go_on(self, outcomes: Mapping[str, Outcome]) -> None:
        """See ``GatedExecutor.go_on``."""
        self.built.go_on(outcomes)


class Reference:
    """Runs operations of one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema

    def build(
        self,
        document: DocumentNode,
        name: str | None,
        variables: dict[str, Any],  # Any: JSON
        operation: Operation | None = None,
    ) -> GatedExecutor | list[GraphQLError]:
        """An executor, or why the variables cannot be coerced."""
        built: GatedExecutor | list[GraphQLError] = GatedExecutor.build(  # type: ignore[assignment]  # build is typed for the base class
            self._schema, document, None, operation, variables, name, hide_suggestions=True
        )
        return built

    def prepare(
        self,
        document: Document,
        operation: OperationDefinitionNode,
        variables: dict[str, Any],  # Any: JSON
    ) -> DeferredExecutor | list[GraphQLError]:
        """An executor for one operation of a document, to be built when it is needed; or why the variables cannot be
        coerced.
        """
        too_much = excess(variables)
        if too_much is not None:
            return [GraphQLError(too_much)]
        name = operation.name.value if operation.name else None
        coercion: Coercion | None = document.coercions.get(name)
        if coercion is None:
            coercion = document.coercions[name] = Coercion(self._schema, operation)
        built: GatedExecutor | None = None
        values = coercion.values(variables)
        if values is None:
            made = self.build(document.node, name, variables)
            if isinstance(made, list):
                return made
            built, values = made, made.variable_values
        for condition in document.conditions[name]:
            if values.coerced.get(condition, False) is None:  # its default does not stand in for a null that is said
                return [GraphQLError(f"Variable '${condition}' decides on @skip or @include and may not be null.")]
        return DeferredExecutor(self, document, operation, variables, values, built)

    async def execute(self, executor: GatedExecutor) -> ExecutionResult:
        """Run to completion; denied selections join the result's errors."""
        result: Any = executor.execute_operation()  # Any: a result, or an awaitable of one
        if executor.is_awaitable(result):
            result = await result
        errors = [*(result.errors or ()), *denial_errors(settle(executor.context_value.nulls, result.data))]
        return ExecutionResult(result.data, errors or None)

    async def source_stream(
        self, executor: GatedExecutor
    ) -> Any:  # Any: an async iterator of source events, or an ExecutionResult
        """The events of a subscription before they are executed."""
        stream: Any = create_source_event_stream(executor)  # Any: as above, or an awaitable of it
        return await stream if executor.is_awaitable(stream) else stream
