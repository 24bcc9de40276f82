"""Gates: which fields an operation may not use, judged once before it runs, from the directives in the schema.

The walk is linear: a fragment is visited once. It looks at fields, at the types they return, at the input fields and
enum values their arguments use, and heeds ``@skip`` and ``@include``. What it finds is either a refusal (a denied
non-null field, a denied input) or a set of denied coordinates that answer null.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    get_named_type,
    is_leaf_type,
    is_non_null_type,
)

from auth.permissions import PermissionSet
from schema.directives import Authenticated, Public, RequiresPermission
from schema.documents import Document
from schema.inputs import holds_variable, is_included, plain_value, used_inputs

DEFINITION = "strawberry-definition"
VERDICTS_KEPT = 64
"""Variants of one document: by what ``@skip`` and ``@include`` read, and by the callers' grants."""
INTROSPECTION = frozenset({"__schema", "__type"})


@dataclass(slots=True)
class Verdict:
    """What the walk found. ``refused``: coordinate → missing permission, for what stops the operation; ``denied``:
    the same for what answers null.
    """

    refused: dict[str, str] = field(default_factory=dict)
    denied: dict[str, str] = field(default_factory=dict)
    needs_sign_in: bool = False
    introspects: bool = False
    open: list[tuple[ValueNode, Any]] = field(default_factory=list, compare=False)  # Any: an input type
    """Arguments whose variables may bring gated inputs: judged again with each request's values."""


class Gatekeeper:
    """Reads the schema's directives once; judges operations ever after."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._types = {name: gate for name, kind in schema.type_map.items() if (gate := _permission(kind))}
        self._inputs = dict(_input_gates(schema))

    def judge(
        self,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],  # Any: JSON as it came in
        permissions: PermissionSet | None,
    ) -> Verdict:
        """``permissions`` is None for a caller who is not signed in."""
        variables = _with_defaults(operation, variables)
        return self._with_inputs(self._walk(operation, fragments, variables, permissions), variables, permissions)

    def judge_again(
        self,
        document: Document,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],  # Any: JSON as it came in
        permissions: PermissionSet | None,
    ) -> Verdict:
        """As ``judge``, remembering on the document what does not depend on the variables' values."""
        conditions: tuple[bool, ...] = ()
        if document.conditions:
            variables = _with_defaults(operation, variables)
            conditions = tuple(bool(variables.get(name)) for name in document.conditions)
        key = (id(operation), conditions, permissions.grants if permissions is not None else None)
        kept: Verdict | None = document.verdicts.get(key)
        if kept is None:
            kept = self._walk(operation, document.fragments, _with_defaults(operation, variables), permissions)
            if len(document.verdicts) >= VERDICTS_KEPT:
                document.verdicts.clear()
            document.verdicts[key] = kept
        if not kept.open:
            return kept
        return self._with_inputs(kept, _with_defaults(operation, variables), permissions)

    def _walk(
        self,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],  # Any: JSON
        permissions: PermissionSet | None,
    ) -> Verdict:
        walk = _Walk(self, fragments, variables, permissions)
        root = self._schema.get_root_type(operation.operation)
        if root is not None:
            walk.selections(operation.selection_set, root)
        return walk.verdict

    def _with_inputs(
        self,
        verdict: Verdict,
        variables: Mapping[str, Any],
        permissions: PermissionSet | None,  # Any: JSON
    ) -> Verdict:
        found = {
            coordinate: permission
            for value, kind in verdict.open
            for coordinate, permission in self.denied_inputs(kind, plain_value(value, variables), permissions)
        }
        return replace(verdict, refused={**verdict.refused, **found}) if found else verdict

    def denied_inputs(
        self,
        kind: Any,
        value: Any,
        permissions: PermissionSet | None,  # Any: an input type; JSON
    ) -> Iterator[tuple[str, str]]:
        """The input fields and enum values that a value uses and the caller may not, with what is missing."""
        for coordinate in used_inputs(kind, value):
            permission = self._inputs.get(coordinate)
            if permission is not None and (permissions is None or not permissions.allows(permission)):
                yield coordinate, permission

    def gates_of(self, parent: Any, definition: GraphQLField) -> Iterator[str]:  # Any: an output type
        """The permissions that selecting a field takes: its own, and its type's."""
        own = _permission(definition)
        if own is not None:
            yield own
        returned = self._types.get(get_named_type(definition.type).name)
        if returned is not None and returned != own:
            yield returned

    def field(self, parent: Any, name: str) -> GraphQLField | None:  # Any: an output type
        return self._schema.get_field(parent, name)

    def type(self, name: str) -> Any:  # Any: a named type
        return self._schema.get_type(name)


@dataclass(slots=True)
class _Walk:
    gates: Gatekeeper
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]  # Any: JSON
    permissions: PermissionSet | None
    verdict: Verdict = field(default_factory=Verdict)
    seen: set[str] = field(default_factory=set)

    def selections(self, selection_set: SelectionSetNode, parent: Any) -> None:  # Any: an output type
        for node in selection_set.selections:
            if not is_included(node, self.variables):
                continue
            if isinstance(node, FieldNode):
                self._field(node, parent)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                self.selections(node.selection_set, self.gates.type(condition.name.value) if condition else parent)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in self.seen:
                self.seen.add(node.name.value)
                fragment = self.fragments[node.name.value]
                self.selections(fragment.selection_set, self.gates.type(fragment.type_condition.name.value))

    def _field(self, node: FieldNode, parent: Any) -> None:  # Any: an output type
        name = node.name.value
        if name.startswith("__"):
            self.verdict.introspects |= name in INTROSPECTION
            return
        definition = self.gates.field(parent, name)
        if definition is None:
            return
        self.verdict.needs_sign_in |= self.permissions is None and not _is_public(definition)
        coordinate = f"{parent.name}.{name}"
        for permission in self.gates.gates_of(parent, definition):
            if not self._allows(permission):
                found = self.verdict.refused if is_non_null_type(definition.type) else self.verdict.denied
                found.setdefault(coordinate, permission)
        self._arguments(node, definition)
        if node.selection_set is not None and coordinate not in self.verdict.denied:
            self.selections(node.selection_set, get_named_type(definition.type))

    def _arguments(self, node: FieldNode, definition: GraphQLField) -> None:
        for argument in node.arguments or ():
            kind = definition.args[argument.name.value].type
            if holds_variable(argument.value):
                if not is_leaf_type(get_named_type(kind)):
                    self.verdict.open.append((argument.value, kind))
            else:
                found = self.gates.denied_inputs(kind, plain_value(argument.value, {}), self.permissions)
                self.verdict.refused.update(found)

    def _allows(self, permission: str) -> bool:
        return self.permissions is not None and self.permissions.allows(permission)


def _definition(part: Any) -> Any:  # Any: any part of a schema; Strawberry's definition of it
    return (part.extensions or {}).get(DEFINITION)


def _directives(part: Any) -> list[Any]:  # Any: any part of a schema; its directives
    return list(getattr(_definition(part), "directives", None) or ())


def _permission(part: Any) -> str | None:  # Any: any part of a schema
    return next((d.permission for d in _directives(part) if isinstance(d, RequiresPermission)), None)


def _is_public(definition: GraphQLField) -> bool:
    return any(isinstance(d, Public) for d in _directives(definition))


def _input_gates(schema: GraphQLSchema) -> Iterator[tuple[str, str]]:
    for name, kind in schema.type_map.items():
        parts: Mapping[str, Any] = {}  # Any: input fields or enum values
        if isinstance(kind, GraphQLInputObjectType):
            parts = kind.fields
        elif isinstance(kind, GraphQLEnumType):
            parts = kind.values
        for part_name, part in parts.items():
            if (gate := _permission(part)) is not None:
                yield f"{name}.{part_name}", gate


def _with_defaults(operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> dict[str, Any]:  # Any: JSON
    defaults = {
        d.variable.name.value: plain_value(d.default_value, {})
        for d in operation.variable_definitions or ()
        if d.default_value is not None
    }
    return {**defaults, **variables}


def ungated_root_fields(schema: GraphQLSchema) -> list[str]:
    """Root fields that state no gate at all: there must be none."""
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    return [
        f"{root.name}.{name}"
        for root in roots
        if root is not None
        for name, definition in root.fields.items()
        if not any(isinstance(d, RequiresPermission | Authenticated | Public) for d in _directives(definition))
    ]
