"""From an operation to its plan. graphql-core collects the fields: fragments, aliases and merging mean the same."""

import enum
from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_non_null_type,
)
from graphql.execution.collect_fields import FieldDetails, collect_fields, collect_subfields

from db.columns import printed
from schema.connections import ListSpec
from schema.engine.plan import (
    Call,
    ConnectionPlan,
    DeniedPart,
    EdgePlan,
    Fixed,
    Inline,
    Leaf,
    ObjectPlan,
    PageInfoPlan,
    Part,
    Plan,
    Relation,
    RootById,
    RootList,
    Unsupported,
)
from schema.fields import ById, Embedded, FromColumns, ListOf, ToMany, ToOne, declaration_of
from schema.gates import DEFINITION
from schema.inputs import holds_variable
from schema.reference import GatedExecutor

PLAIN_SCALARS = frozenset({"ID", "String", "Int", "Boolean", "Decimal", "DateTime"})
"""Scalars whose column values are written as they are; times are asked for as text."""
COUNTS = ("totalCount", "totalCountIsEstimate")
Group = list[FieldDetails]


def compile_query(schema: GraphQLSchema, executor: GatedExecutor, denied: Mapping[str, str]) -> Plan:
    """The plan of a query for the executor's values of the variables that ``@skip`` and ``@include`` read.

    Raises Unsupported.
    """
    return _Compiler(schema, executor, denied).query()


class _Compiler:
    def __init__(self, schema: GraphQLSchema, executor: GatedExecutor, denied: Mapping[str, str]) -> None:
        self._schema = schema
        self._executor = executor
        self._denied = denied
        self._nulls: list[DeniedPart] = []

    def query(self) -> Plan:
        executor, root = self._executor, self._schema.query_type
        if root is None:
            raise Unsupported("operation")
        groups = collect_fields(
            self._schema, executor.fragments, executor.variable_values, root, executor.operation
        ).grouped_field_set
        fields = tuple((key, self._root(root, key, group)) for key, group in groups.items())
        return Plan(fields, tuple(self._nulls))

    def _root(self, root: GraphQLObjectType, key: str, group: Group) -> Fixed | RootList | RootById:
        fixed = self._fixed(root, group, (key,))
        if fixed is not None:
            return fixed
        definition, node = self._definition(root, group), group[0].node
        match _declaration(definition):
            case ListOf(spec):
                return RootList(spec, _call(definition, node), self._connection(spec, definition, group, (key,)))
            case ById(function, prefix):
                plan = self._object(_object_type(definition), group, (key,))
                return RootById(function, prefix, _call(definition, node), plan)
            case _:
                raise Unsupported("resolver")

    def _groups(self, parent: GraphQLObjectType, group: Group) -> dict[str, Group]:
        executor = self._executor
        collected = collect_subfields(
            self._schema, executor.fragments, executor.variable_values, executor.operation, parent, group
        )
        return dict(collected.grouped_field_set)

    def _connection(
        self, spec: ListSpec, definition: GraphQLField, group: Group, path: tuple[str, ...]
    ) -> ConnectionPlan:
        parent = _object_type(definition)
        fields: list[tuple[str, Fixed | ObjectPlan | EdgePlan | PageInfoPlan | str]] = []
        levels: list[ObjectPlan] = []
        for key, inner in self._groups(parent, group).items():
            name, at = inner[0].node.name.value, (*path, key)
            fixed = self._fixed(parent, inner, at)
            if fixed is not None:
                fields.append((key, fixed))
            elif name == "nodes":
                levels.append(self._object(_object_type(self._definition(parent, inner)), inner, at))
                fields.append((key, levels[-1]))
            elif name == "edges":
                edge = self._edge(_object_type(self._definition(parent, inner)), inner, at)
                levels.extend(part for _, part in edge.fields if isinstance(part, ObjectPlan))
                fields.append((key, edge))
            elif name == "pageInfo":
                fields.append((key, self._page_info(_object_type(self._definition(parent, inner)), inner, at)))
            elif name in COUNTS:
                fields.append((key, name))
            else:
                raise Unsupported("connection")
        return ConnectionPlan(tuple(fields), tuple(dict.fromkeys(c for level in levels for c in level.columns)))

    def _edge(self, parent: GraphQLObjectType, group: Group, path: tuple[str, ...]) -> EdgePlan:
        fields: list[tuple[str, Fixed | ObjectPlan | str]] = []
        for key, inner in self._groups(parent, group).items():
            fixed = self._fixed(parent, inner, (*path, key))
            if fixed is not None:
                fields.append((key, fixed))
            elif inner[0].node.name.value == "node":
                node = _object_type(self._definition(parent, inner))
                fields.append((key, self._object(node, inner, (*path, key))))
            else:
                fields.append((key, "cursor"))
        return EdgePlan(tuple(fields))

    def _page_info(self, parent: GraphQLObjectType, group: Group, path: tuple[str, ...]) -> PageInfoPlan:
        return PageInfoPlan(
            tuple(
                (key, self._fixed(parent, inner, (*path, key)) or inner[0].node.name.value)
                for key, inner in self._groups(parent, group).items()
            )
        )

    def _object(self, parent: GraphQLObjectType, group: Group, path: tuple[str, ...]) -> ObjectPlan:
        return ObjectPlan(
            tuple((key, self._part(parent, inner, (*path, key))) for key, inner in self._groups(parent, group).items())
        )

    def _part(self, parent: GraphQLObjectType, group: Group, path: tuple[str, ...]) -> Part:
        fixed = self._fixed(parent, group, path)
        if fixed is not None:
            return fixed
        definition = self._definition(parent, group)
        nullable = not is_non_null_type(definition.type)
        match _declaration(definition):
            case FromColumns() as declaration:
                return _leaf(declaration, definition, nullable, lambda name: name)
            case Embedded(columns):
                return self._inline(_object_type(definition), group, path, columns.__getitem__)
            case ToOne(function, key):
                plan = self._object(_object_type(definition), group, path)
                return Relation(function, key, many=False, nullable=nullable, plan=plan)
            case ToMany(function, key):
                plan = self._object(_object_type(definition), group, path)
                return Relation(function, key, many=True, nullable=nullable, plan=plan)
            case _:
                raise Unsupported("resolver")

    def _inline(
        self, parent: GraphQLObjectType, group: Group, path: tuple[str, ...], rename: Callable[[str], str]
    ) -> Inline:
        fields: list[tuple[str, Leaf | Fixed | Inline]] = []
        for key, inner in self._groups(parent, group).items():
            fixed = self._fixed(parent, inner, (*path, key))
            definition = None if fixed is not None else self._definition(parent, inner)
            if definition is None:
                fields.append((key, fixed or Fixed(None)))
                continue
            match _declaration(definition):
                case FromColumns() as declaration:
                    leaf = _leaf(declaration, definition, not is_non_null_type(definition.type), rename)
                    fields.append((key, leaf))
                case _:
                    raise Unsupported("embedded")
        return Inline(tuple(fields))

    def _fixed(self, parent: GraphQLObjectType, group: Group, path: tuple[str, ...]) -> Fixed | None:
        """``__typename``, or the null of a denied field."""
        node = group[0].node
        if node.name.value == "__typename":
            return Fixed(parent.name)
        coordinate = f"{parent.name}.{node.name.value}"
        permission = self._denied.get(coordinate)
        if permission is None:
            return None
        self._nulls.append(DeniedPart(id(node), permission, coordinate, path))
        return Fixed(None)

    def _definition(self, parent: GraphQLObjectType, group: Group) -> GraphQLField:
        definition = self._schema.get_field(parent, group[0].node.name.value)
        if definition is None or group[0].node.name.value.startswith("__"):
            raise Unsupported("introspection")
        return definition


def _declaration(definition: GraphQLField) -> Any:  # Any: a Declaration, or None
    found = (definition.extensions or {}).get(DEFINITION)
    return None if found is None else declaration_of(found)


def _object_type(definition: GraphQLField) -> GraphQLObjectType:
    named = get_named_type(definition.type)
    if not isinstance(named, GraphQLObjectType):
        raise Unsupported("abstract type")
    return named


def _leaf(declaration: FromColumns, definition: GraphQLField, nullable: bool, rename: Callable[[str], str]) -> Leaf:
    named = get_named_type(definition.type)
    columns = tuple(rename(name) for name in declaration.columns)
    if isinstance(named, GraphQLEnumType):
        names = {member.value: member.name for member in declaration.convert} if _is_enum(declaration.convert) else None  # type: ignore[union-attr]
        if names is None:
            raise Unsupported("enum")
        return Leaf(columns, nullable, names.__getitem__)
    if not is_leaf_type(named) or named.name not in PLAIN_SCALARS:
        raise Unsupported("scalar")
    convert = None if declaration.prefix else declaration.convert
    if named.name == "DateTime" and convert is None and declaration.prefix is None:
        columns = tuple(map(printed, columns))
    return Leaf(columns, nullable, convert, declaration.prefix, whole=named.name == "Int")


def _is_enum(convert: object) -> bool:
    return isinstance(convert, type) and issubclass(convert, enum.Enum)


def _call(definition: GraphQLField, node: FieldNode) -> Call:
    return Call(definition, node, not any(holds_variable(argument.value) for argument in node.arguments or ()))
