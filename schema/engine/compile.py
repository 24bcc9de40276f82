"""From an operation to its plan: the root fields."""

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema, OperationType

from schema.declarations import AnyById, ById, ListOf, RootOf
from schema.engine.arguments import Arguments
from schema.engine.levels import Levels
from schema.engine.plan import ObjectPlan, Unsupported
from schema.engine.roots import Plan, Root, RootById, RootEvent, RootList, RootNodes, RootValue
from schema.engine.scope import Group, Path, abstract_type, declared, object_type
from schema.reference import Execution


def compile_operation(
    schema: GraphQLSchema,
    executor: Execution,
    denied: Mapping[str, str],
    arguments: Arguments,
    masked: AbstractSet[str] = frozenset(),
) -> Plan:
    """The plan of an operation for the executor's values of the variables that ``@skip`` and ``@include`` read.

    Raises Unsupported.
    """
    return _Compiler(schema, executor, denied, arguments, masked).plan()


class _Compiler(Levels):
    def plan(self) -> Plan:
        root, groups = self.root()
        fields = tuple((key, self._root(root, group, (key,))) for key, group in groups.items())
        return Plan(fields, tuple(self.nulls), self.size)

    def _root(self, root: GraphQLObjectType, group: Group, path: Path) -> Root:
        fixed = self.fixed(root, group, path)
        if fixed is not None:
            return fixed
        definition, node = self.definition(root, group), group[0].node
        if self.executor.operation.operation is OperationType.SUBSCRIPTION:
            return RootEvent(self.shape(definition.type, group, path))
        call = self.arguments.call
        match declared(definition):
            case ListOf(spec):
                plan = self.connection(object_type(definition), group, path)
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
