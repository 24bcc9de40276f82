"""From an operation to its plan: the root fields."""

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema, OperationType

from schema.declarations import AnyById, ById, ListOf, RootOf
from schema.engine.arguments import Arguments
from schema.engine.levels import Levels
from schema.engine.plan import ObjectPlan, Unsupported, share_columns
from schema.engine.roots import Plan, Root, RootById, RootEvent, RootList, RootNodes, RootValue
from schema.engine.scope import Group, Path, abstract_type, declared, object_type
from schema.node import NodeKind
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
        nested = {part.call: part for part in self.nested}
        return Plan(fields, tuple(self.nulls), tuple(nested.values()), share_columns(self.readings), self.size)

    def _root(self, root: GraphQLObjectType, group: Group, path: Path) -> Root:
        fixed = self.fixed(root, group, path)
        if fixed is not None:
            return fixed
        definition = self.definition(root, group)
        if self.executor.operation.operation is OperationType.SUBSCRIPTION:
            return RootEvent(self.shape(definition.type, group, path))
        match declared(definition):
            case ListOf(spec):
                plan = self.connection(object_type(definition), group, path)
                return RootList(spec, self.call(definition, group, keep=True), plan)
            case ById(function, prefix):
                plan_of_one = self.read(function, self.object(object_type(definition), group, path))
                return RootById(function, prefix, self.call(definition, group), plan_of_one)
            case AnyById(kinds, many):
                plans = self._kinds(definition, kinds.values(), group, path)
                return RootNodes(kinds, many, self.call(definition, group), plans, id(group[0].node))
            case RootOf(resolver, takes_info):
                shape = self.shape(definition.type, group, path)
                return RootValue(resolver, takes_info, self.call(definition, group), shape, group[0].node.name.value)
            case _:
                raise Unsupported("resolver")

    def _kinds(
        self, definition: GraphQLField, kinds: Collection[NodeKind], group: Group, path: Path
    ) -> dict[str, ObjectPlan]:
        """A level for each kind's type."""
        functions = {kind.type_name: kind.function for kind in kinds}
        types = self.schema.get_possible_types(abstract_type(definition))
        with self.marking():
            return {
                each.name: self.read(functions[each.name], self.object(each, group, path))
                for each in types
                if each.name in functions
            }
