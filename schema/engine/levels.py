"""Compiling what an object's selections become: levels of rows, and the shapes of values that are already there."""

import enum
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLList,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

from db.columns import printed
from schema.connections import Connection
from schema.declarations import Asked, Embedded, FromColumns, Held, HeldNode, PageOf, Resolved, RootInfo, ToMany, ToOne
from schema.engine.connections import Connections
from schema.engine.joins import joined
from schema.engine.plan import (
    Attribute,
    Attributes,
    Call,
    Extra,
    Fixed,
    Inline,
    IsType,
    Items,
    Leaf,
    NodeAttribute,
    ObjectPlan,
    Paged,
    Pages,
    Part,
    Relation,
    Rows,
    Shape,
    Unsupported,
    Variants,
    Written,
)
from schema.engine.scope import Group, Path, declared, field_of, object_type
from schema.masks import Mask
from schema.needs import DEFINITION
from schema.operation import Operation

PLAIN_SCALARS = frozenset({"ID", "String", "Int", "Float", "Boolean", "Decimal", "DateTime", "JSON"})
"""Scalars whose column values are written as they are; times are asked for as text, a Float's are finite floats."""


class Levels(Connections):
    """Compiles objects."""

    _reads = True

    def object(self, parent: GraphQLObjectType, group: Group, path: Path) -> ObjectPlan:
        """A level of rows."""
        return ObjectPlan(
            tuple((key, self._part(parent, inner, (*path, key))) for key, inner in self.groups(parent, group).items())
        )

    def shape(self, kind: Any, group: Group, path: Path) -> Shape:  # Any: an output type
        """How a value of this type is completed."""
        nullable, kind = not is_non_null_type(kind), get_nullable_type(kind)
        if isinstance(kind, GraphQLList):
            return Items(self.shape(kind.of_type, group, path), nullable)
        if is_leaf_type(kind):
            return Written(kind.coerce_output_value, nullable)
        if is_abstract_type(kind):
            return self._variants(kind, group, path, nullable)
        return self._source(kind, group, path, nullable)

    def _variants(self, kind: Any, group: Group, path: Path, nullable: bool) -> Variants:  # Any: an abstract type
        if kind.resolve_type is None:
            raise Unsupported("abstract type")
        info = self.type_info(group)
        with self.marking():
            shapes = {
                each.name: self._source(each, group, path, nullable) for each in self.schema.get_possible_types(kind)
            }
        return Variants(lambda source: kind.resolve_type(source, info, kind), shapes, nullable)

    def _source(self, kind: GraphQLObjectType, group: Group, path: Path, nullable: bool) -> Rows | Pages | Attributes:
        """An object whose source is a row, or one whose source has attributes; its selected fields tell which."""
        if _is_connection(kind):
            with self._reading(False):
                return Pages(self.connection(kind, group, path), nullable)
        is_type: IsType | None = None
        if kind.is_type_of is not None:
            is_type = partial(_asked, kind.is_type_of, self.type_info(group))
        groups = self.groups(kind, group)
        if not any(self._is_attribute(kind, inner) for inner in groups.values()):
            with self._reading(False):
                return Rows(self.object(kind, group, path), is_type, nullable)
        fields = tuple((key, self._attribute(kind, inner, (*path, key))) for key, inner in groups.items())
        return Attributes(fields, is_type, nullable)

    def _is_attribute(self, parent: GraphQLObjectType, group: Group) -> bool:
        if group[0].node.name.value == "__typename":
            return False
        return _attribute_of(self.definition(parent, group)) is not None

    def _attribute(self, parent: GraphQLObjectType, group: Group, path: Path) -> Fixed | Attribute | NodeAttribute:
        fixed = self.fixed(parent, group, path)
        if fixed is not None:
            return fixed
        definition = self.definition(parent, group)
        match _attribute_of(definition):
            case HeldNode(kind, row):
                shape = self.shape(definition.type, group, path)
                return NodeAttribute(kind, row, shape, id(group[0].node), path)
            case Held(name):
                return Attribute(name, self.shape(definition.type, group, path))
            case _:
                raise Unsupported("mixed source")

    def _part(self, parent: GraphQLObjectType, group: Group, path: Path) -> Part:
        fixed = self.fixed(parent, group, path)
        if fixed is not None:
            return fixed
        definition = self.definition(parent, group)
        nullable = not is_non_null_type(definition.type)
        match declared(definition):
            case FromColumns() as declaration:
                mask = self._mask(declaration, parent, group)
                if is_leaf_type(get_nullable_type(definition.type)):
                    return _leaf(declaration, definition, nullable, lambda name: name, mask)
                if mask is not None:
                    raise Unsupported("mask")
                shape = self.shape(definition.type, group, path)
                return Extra("/".join(path), declaration.columns, partial(_of_columns, declaration), shape)
            case Embedded(columns):
                return self._inline(object_type(definition), group, path, columns.__getitem__)
            case ToOne(function, key, joins):
                relation = Relation(function, key, False, nullable, self._below(definition, group, path))
                part = joined(relation) if joins and self._reads else None
                if part is None:
                    self.read(function, relation.plan)
                return part or relation
            case ToMany(function, key):
                plan = self.read(function, self._below(definition, group, path))
                return Relation(function, key, True, nullable, plan)
            case PageOf(spec, key):
                call = self.call(definition, group, keep=True)
                with self._reading(True):
                    page = self.read(spec.pages, self.connection(object_type(definition), group, path))
                self.nested.append(paged := Paged("/".join(path), key, spec, call, page))
                return paged
            case Resolved() | Asked() as declaration:
                names, function = self._function(declaration, definition, group)
                return Extra("/".join(path), names, function, self.shape(definition.type, group, path))
            case _:
                raise Unsupported("resolver")

    def _function(
        self, declaration: Resolved | Asked, definition: GraphQLField, group: Group
    ) -> tuple[tuple[str, ...], Callable[..., Any]]:  # Any: a value, or an awaitable of one
        """What is called of the operation and of these columns."""
        if isinstance(declaration, Resolved):
            return declaration.columns, declaration.function
        return (), partial(_answered, declaration.resolver, self.call(definition, group, keep=True))

    def _below(self, definition: GraphQLField, group: Group, path: Path) -> ObjectPlan:
        """The level of a relation, whose rows are read for it."""
        with self._reading(True):
            return self.object(object_type(definition), group, path)

    @contextmanager
    def _reading(self, reads: bool) -> Iterator[None]:
        """Inside, the rows of a level are read for it; or they are given, as somebody read them before."""
        before, self._reads = self._reads, reads
        try:
            yield
        finally:
            self._reads = before

    def _inline(self, parent: GraphQLObjectType, group: Group, path: Path, rename: Callable[[str], str]) -> Inline:
        fields: list[tuple[str, Leaf | Fixed | Inline]] = []
        for key, inner in self.groups(parent, group).items():
            fixed = self.fixed(parent, inner, (*path, key))
            definition = None if fixed is not None else self.definition(parent, inner)
            if definition is None:
                fields.append((key, fixed or Fixed(None)))
                continue
            match declared(definition):
                case FromColumns() as declaration:
                    mask = self._mask(declaration, parent, inner)
                    leaf = _leaf(declaration, definition, not is_non_null_type(definition.type), rename, mask)
                    fields.append((key, leaf))
                case _:
                    raise Unsupported("embedded")
        return Inline(tuple(fields))

    def _mask(self, declaration: FromColumns, parent: GraphQLObjectType, group: Group) -> Mask | None:
        """What is put on the value for this caller. Raises Unsupported."""
        if not self.is_masked(parent, group):
            return None
        if declaration.mask is None or declaration.prefix is not None:
            raise Unsupported("mask")
        return declaration.mask


def _asked(is_type_of: Callable[..., Any], info: Any, source: Any) -> Any:  # Any: graphql-core's own; a source; a bool
    return is_type_of(source, info)


def _answered(resolver: Callable[..., Any], call: Call, operation: Operation) -> Any:  # Any: a value, an awaitable
    return resolver(info=RootInfo(operation), **call(operation.variables))


def _is_connection(kind: GraphQLObjectType) -> bool:
    generic = getattr((kind.extensions or {}).get(DEFINITION), "concrete_of", None)
    return generic is not None and generic.origin is Connection


def _attribute_of(definition: GraphQLField) -> Held | HeldNode | None:
    """The attribute of its source that a field is, None when it is something else."""
    declaration, field = declared(definition), field_of(definition)
    if isinstance(declaration, Held | HeldNode):
        return declaration
    return Held(field.python_name) if field is not None and field.is_basic_field else None


def _leaf(
    declaration: FromColumns,
    definition: GraphQLField,
    nullable: bool,
    rename: Callable[[str], str],
    mask: Mask | None,
) -> Leaf:
    named = get_named_type(definition.type)
    columns = tuple(rename(name) for name in declaration.columns)
    if isinstance(named, GraphQLEnumType):
        if mask is not None:
            raise Unsupported("mask")
        return Leaf(columns, nullable, _enum_writer(declaration.convert, named, nullable))
    if is_list_type(get_nullable_type(definition.type)) or named.name not in PLAIN_SCALARS:
        raise Unsupported("scalar")
    convert = None if declaration.prefix else declaration.convert
    if named.name == "DateTime" and convert is None and declaration.prefix is None and mask is None:
        columns = tuple(map(printed, columns))
    return Leaf(columns, nullable, convert, declaration.prefix, whole=named.name == "Int", mask=mask)


def _enum_writer(convert: Any, kind: GraphQLEnumType, nullable: bool) -> Callable[..., Any]:  # Any: to a member; a name
    if isinstance(convert, type) and issubclass(convert, enum.Enum) and not nullable:
        return {member.value: member.name for member in convert}.__getitem__
    make = convert or _same

    def write(*values: Any) -> Any:  # Any: columns' values; a name
        value = make(*values)
        return None if value is None else kind.coerce_output_value(value)

    return write


def _same(value: Any) -> Any:  # Any: a column's value
    return value


def _of_columns(declaration: FromColumns, _: object, *values: Any) -> Any:  # Any: columns' values; a source
    return declaration.value(dict(zip(declaration.columns, values, strict=True)))
