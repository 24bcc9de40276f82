"""What every step of compiling needs: the schema, the operation's fields as graphql-core collects them, what is denied.

graphql-core collects the fields, so fragments, aliases and merging mean the same in both executors.
"""

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from graphql import (
    GraphQLAbstractType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
)
from graphql.execution.collect_fields import FieldDetails, collect_fields, collect_subfields
from graphql.pyutils import is_awaitable

from schema.declarations import Declaration, declaration_of
from schema.engine.arguments import Arguments
from schema.engine.plan import Call, ConnectionPlan, DeniedPart, Fixed, Marker, ObjectPlan, Paged, Unsupported
from schema.loading import BatchFunction
from schema.needs import DEFINITION
from schema.reference import Execution

L = TypeVar("L", ObjectPlan, ConnectionPlan)
Group = list[FieldDetails]
Path = tuple[str, ...]
"""Response keys from the root; lists are passed through."""


@dataclass(frozen=True, slots=True)
class TypeInfo:
    """What the functions that tell a source's type may use of their ``info``."""

    schema: GraphQLSchema
    field_name: str
    is_awaitable: Callable[[Any], bool] = is_awaitable  # Any: any value


class Scope:
    """One operation while it is compiled."""

    def __init__(
        self,
        schema: GraphQLSchema,
        executor: Execution,
        denied: Mapping[str, str],
        arguments: Arguments,
        masked: AbstractSet[str],
    ) -> None:
        self.schema = schema
        self.executor = executor
        self.arguments = arguments
        self.nulls: list[DeniedPart] = []
        self.nested: list[Paged] = []
        self.readings: dict[BatchFunction, list[ObjectPlan | ConnectionPlan]] = {}
        """The levels that each batch function reads."""
        self.size = 0
        """Fields that were met."""
        self._calls: dict[tuple[int, int], Call] = {}
        self._denied = denied
        self._masked = masked
        self._marking = False

    def root(self) -> tuple[GraphQLObjectType, dict[str, Group]]:
        executor = self.executor
        root = self.schema.get_root_type(executor.operation.operation)
        if root is None:
            raise Unsupported("operation")
        collected = collect_fields(self.schema, executor.fragments, executor.variable_values, root, executor.operation)
        return root, self._counted(collected.grouped_field_set)

    def groups(self, parent: GraphQLObjectType, group: Group) -> dict[str, Group]:
        executor = self.executor
        collected = collect_subfields(
            self.schema, executor.fragments, executor.variable_values, executor.operation, parent, group
        )
        return self._counted(collected.grouped_field_set)

    def _counted(self, groups: Mapping[str, Group]) -> dict[str, Group]:
        self.size += len(groups)
        return dict(groups)

    def fixed(self, parent: GraphQLObjectType, group: Group, path: Path) -> Fixed | None:
        """``__typename``, or the null of a denied field."""
        node = group[0].node
        if node.name.value == "__typename":
            return Fixed(parent.name)
        coordinate = f"{parent.name}.{node.name.value}"
        permission = self._denied.get(coordinate)
        if permission is None:
            return None
        marker = Marker() if self._marking else None
        self.nulls.append(DeniedPart(id(node), permission, coordinate, path, marker))
        return Fixed(marker)

    def is_masked(self, parent: GraphQLObjectType, group: Group) -> bool:
        """Whether only a mask of the field is shown."""
        return bool(self._masked) and f"{parent.name}.{group[0].node.name.value}" in self._masked

    @contextmanager
    def marking(self) -> Iterator[None]:
        """Inside, one place in the response can stand for several types: a denied null there is marked as such."""
        before, self._marking = self._marking, True
        try:
            yield
        finally:
            self._marking = before

    def definition(self, parent: GraphQLObjectType, group: Group) -> GraphQLField:
        definition = self.schema.get_field(parent, group[0].node.name.value)
        if definition is None or group[0].node.name.value.startswith("__"):
            raise Unsupported("introspection")
        return definition

    def call(self, definition: GraphQLField, group: Group, *, keep: bool = False) -> Call:
        """What reads the field's arguments (``Arguments.call``): one for all places that a fragment puts it in."""
        node = group[0].node
        key = id(node), id(definition)
        found = self._calls.get(key)
        if found is None:
            found = self._calls[key] = self.arguments.call(definition, node, keep=keep)
        return found

    def read(self, function: BatchFunction, level: L) -> L:
        """The level, as one that the function reads."""
        self.readings.setdefault(function, []).append(level)
        return level

    def type_info(self, group: Group) -> Any:  # Any: stands in for graphql-core's own
        return TypeInfo(self.schema, group[0].node.name.value)


def field_of(definition: GraphQLField) -> Any:  # Any: a Strawberry field, or None
    return (definition.extensions or {}).get(DEFINITION)


def declared(definition: GraphQLField) -> Declaration | None:
    found = field_of(definition)
    return None if found is None else declaration_of(found)


def object_type(definition: GraphQLField) -> GraphQLObjectType:
    named = get_named_type(definition.type)
    if not isinstance(named, GraphQLObjectType):
        raise Unsupported("abstract type")
    return named


def abstract_type(definition: GraphQLField) -> GraphQLAbstractType:
    named = get_named_type(definition.type)
    if not isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
        raise Unsupported("object type")
    return named
