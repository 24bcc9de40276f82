"""From an operation to its plan: the root fields, and the connections below them."""

from collections.abc import Collection, Mapping

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema, OperationType

from schema.connections import ListSpec
from schema.engine.arguments import Arguments
from schema.engine.levels import Levels
from schema.engine.plan import (
    ConnectionPlan,
    EdgePlan,
    Fixed,
    ObjectPlan,
    PageInfoPlan,
    Plan,
    Root,
    RootById,
    RootEvent,
    RootList,
    RootNodes,
    RootValue,
    Unsupported,
)
from schema.engine.scope import Group, Path, abstract_type, declared, object_type
from schema.fields import AnyById, ById, ListOf, RootOf
from schema.reference import GatedExecutor

COUNTS = ("totalCount", "totalCountIsEstimate")


def compile_operation(
    schema: GraphQLSchema, executor: GatedExecutor, denied: Mapping[str, str], arguments: Arguments
) -> Plan:
    """The plan of an operation for the executor's values of the variables that ``@skip`` and ``@include`` read.

    Raises Unsupported.
    """
    return _Compiler(schema, executor, denied, arguments).plan()


class _Compiler(Levels):
    def __init__(
        self, schema: GraphQLSchema, executor: GatedExecutor, denied: Mapping[str, str], arguments: Arguments
    ) -> None:
        super().__init__(schema, executor, denied)
        self._arguments = arguments

    def plan(self) -> Plan:
        root, groups = self.root()
        fields = tuple((key, self._root(root, group, (key,))) for key, group in groups.items())
        return Plan(fields, tuple(self.nulls))

    def _root(self, root: GraphQLObjectType, group: Group, path: Path) -> Root:
        fixed = self.fixed(root, group, path)
        if fixed is not None:
            return fixed
        definition, node = self.definition(root, group), group[0].node
        if self.executor.operation.operation is OperationType.SUBSCRIPTION:
            return RootEvent(self.shape(definition.type, group, path))
        call = self._arguments.call
        match declared(definition):
            case ListOf(spec):
                plan = self._connection(spec, definition, group, path)
                return RootList(spec, call(definition, node, keep=True), plan)
            case ById(function, prefix):
                plan_of_one = self.object(object_type(definition), group, path)
                return RootById(function, prefix, call(definition, node), plan_of_one)
            case AnyById(kinds, many):
                plans = self._kinds(definition, [kind.type_name for kind in kinds.values()], group, path)
                return RootNodes(kinds, many, call(definition, node), plans, id(node))
            case RootOf(resolver, takes_info):
                shape = self.shape(definition.type, group, path)
                return RootValue(resolver, takes_info, call(definition, node), shape)
            case _:
                raise Unsupported("resolver")

    def _kinds(
        self, definition: GraphQLField, names: Collection[str], group: Group, path: Path
    ) -> dict[str, ObjectPlan]:
        """A level for each of the types with these names."""
        kinds = self.schema.get_possible_types(abstract_type(definition))
        with self.marking():
            return {kind.name: self.object(kind, group, path) for kind in kinds if kind.name in names}

    def _connection(self, spec: ListSpec, definition: GraphQLField, group: Group, path: Path) -> ConnectionPlan:
        parent = object_type(definition)
        fields: list[tuple[str, Fixed | ObjectPlan | EdgePlan | PageInfoPlan | str]] = []
        levels: list[ObjectPlan] = []
        for key, inner in self.groups(parent, group).items():
            name, at = inner[0].node.name.value, (*path, key)
            fixed = self.fixed(parent, inner, at)
            if fixed is not None:
                fields.append((key, fixed))
            elif name == "nodes":
                levels.append(self.object(object_type(self.definition(parent, inner)), inner, at))
                fields.append((key, levels[-1]))
            elif name == "edges":
                edge = self._edge(object_type(self.definition(parent, inner)), inner, at)
                levels.extend(part for _, part in edge.fields if isinstance(part, ObjectPlan))
                fields.append((key, edge))
            elif name == "pageInfo":
                fields.append((key, self._page_info(object_type(self.definition(parent, inner)), inner, at)))
            elif name in COUNTS:
                fields.append((key, name))
            else:
                raise Unsupported("connection")
        return ConnectionPlan(tuple(fields), tuple(dict.fromkeys(c for level in levels for c in level.columns)))

    def _edge(self, parent: GraphQLObjectType, group: Group, path: Path) -> EdgePlan:
        fields: list[tuple[str, Fixed | ObjectPlan | str]] = []
        for key, inner in self.groups(parent, group).items():
            fixed = self.fixed(parent, inner, (*path, key))
            if fixed is not None:
                fields.append((key, fixed))
            elif inner[0].node.name.value == "node":
                node = object_type(self.definition(parent, inner))
                fields.append((key, self.object(node, inner, (*path, key))))
            else:
                fields.append((key, "cursor"))
        return EdgePlan(tuple(fields))

    def _page_info(self, parent: GraphQLObjectType, group: Group, path: Path) -> PageInfoPlan:
        return PageInfoPlan(
            tuple(
                (key, self.fixed(parent, inner, (*path, key)) or inner[0].node.name.value)
                for key, inner in self.groups(parent, group).items()
            )
        )
