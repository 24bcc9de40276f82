"""Gates: which fields an operation may not use, judged once before it runs, from the directives in the schema.

The walk is linear: a fragment is visited once. It looks at fields, at the types they return, at the input fields and
enum values their arguments use, and heeds ``@skip`` and ``@include``. What it finds is either a refusal (a denied
non-null field, a denied input), or denied coordinates that answer null and sensitive ones that answer a mask. What a
single coordinate takes is asked here too: ``needs``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)

from auth.permissions import PermissionSet
from schema.documents import Document
from schema.inputs import holds_variable, is_included, plain_value, used_inputs
from schema.needs import NOTHING, Access, Needs, read_needs
from schema.recorded import recorded_coordinates
from schema.reference import DeferredExecutor
from schema.variants import Found

VERDICT, COORDINATE = 1_500, 250
"""Bytes that a verdict holds, and for each coordinate or argument in it: measured, rounded up."""
INTROSPECTION = frozenset({"__schema", "__type"})


@dataclass(slots=True)
class Verdict:
    """What the walk found. ``refused``: coordinate → missing permission, for what stops the operation; ``denied``:
    the same for what answers null; ``masked``: the coordinates that answer a mask; ``recorded``: those in use that the
    audit trail tells of (``schema/recorded.py``).
    """

    refused: dict[str, str] = field(default_factory=dict)
    denied: dict[str, str] = field(default_factory=dict)
    masked: set[str] = field(default_factory=set)
    recorded: set[str] = field(default_factory=set, compare=False)
    needs_sign_in: bool = False
    introspects: bool = False
    open: list[tuple[ValueNode, Any]] = field(default_factory=list, compare=False)  # Any: an input type
    """Arguments whose variables may bring gated inputs: judged again with each request's values."""
    coordinates: tuple[str, ...] = field(default=(), compare=False)
    """What is ``recorded``, in order; of a verdict that is remembered."""
    found: Found = field(default_factory=Found, compare=False)
    """What else was made of the document for the same conditions, and for who is denied and shown the same."""


class Gatekeeper:
    """Reads the schema's directives once; judges operations ever after."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._needs = read_needs(schema)
        self.recorded = recorded_coordinates(schema, self._needs)

    def needs(self, coordinate: str) -> Needs | None:
        """What ``Order.total``, ``OrderWhere.customerId``, ``CustomerSortField.EMAIL`` or ``Order`` takes; None where
        the schema has no such field, input field, enum value or gated type.
        """
        return self._needs.get(coordinate)

    @property
    def all_needs(self) -> Mapping[str, Needs]:
        """Every coordinate's."""
        return self._needs

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
        execution: DeferredExecutor,
        permissions: PermissionSet | None,
    ) -> Verdict:
        """As ``judge``, remembering on the document what does not depend on the variables' values."""
        name, of = execution.name, None if permissions is None else permissions.key
        key = (name, of, execution.asked) if document.conditions[name] else (name, of)
        kept = document.verdicts.find(key)
        if kept is None:
            made = self._judged(document, execution, permissions)
            found = len(made.refused) + len(made.denied) + len(made.masked) + len(made.open)
            kept = document.verdicts.keep(key, made, VERDICT + found * COORDINATE)
        verdict: Verdict = kept.value
        if not verdict.open:
            return verdict
        return self._with_inputs(verdict, _with_defaults(execution.operation, execution.variables), permissions)

    def _judged(self, document: Document, execution: DeferredExecutor, permissions: PermissionSet | None) -> Verdict:
        variables = _with_defaults(execution.operation, execution.variables)
        verdict = self._walk(execution.operation, document.fragments, variables, permissions)
        verdict.coordinates = tuple(sorted(verdict.recorded))
        return verdict

    def uses(
        self,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],  # Any: JSON as it came in
        permissions: PermissionSet | None,
    ) -> dict[str, Access]:
        """Every coordinate that the operation uses, in its order, and how the caller stands to each. What stands below
        a denied field is among them.
        """
        walk = _Walk(self, fragments, _with_defaults(operation, variables), permissions, used={})
        root = self._schema.get_root_type(operation.operation)
        if root is not None:
            walk.selections(operation.selection_set, root)
        return walk.used or {}

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
        found = Verdict(refused=dict(verdict.refused), recorded=set(verdict.recorded))
        for value, kind in verdict.open:
            self.judge_inputs(kind, plain_value(value, variables), permissions, found)
        if found.refused == verdict.refused and found.recorded == verdict.recorded:
            return verdict
        coordinates = tuple(sorted(found.recorded))
        return replace(verdict, refused=found.refused, recorded=found.recorded, coordinates=coordinates)

    def judge_inputs(
        self,
        kind: Any,
        value: Any,
        permissions: PermissionSet | None,  # Any: an input type; JSON
        verdict: Verdict,
    ) -> None:
        """Add to the verdict what the input fields and enum values take that a value uses."""
        for coordinate in used_inputs(kind, value):
            permission = self._needs.get(coordinate, NOTHING).missing(permissions)
            if permission is not None:
                verdict.refused[coordinate] = permission
            elif coordinate in self.recorded:
                verdict.recorded.add(coordinate)

    def field(self, parent: Any, name: str) -> GraphQLField | None:  # Any: an output type
        return self._schema.get_field(parent, name)

    def type(self, name: str) -> Any:  # Any: a named type
        return self._schema.get_type(name)

    def owners(self, parent: Any) -> tuple[str, ...]:  # Any: an output type
        """The types that a field selected there may turn out to be of, itself among them."""
        if not is_abstract_type(parent):
            return (parent.name,)
        return (parent.name, *(each.name for each in self._schema.get_possible_types(parent)))


@dataclass(slots=True)
class _Walk:
    gates: Gatekeeper
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]  # Any: JSON
    permissions: PermissionSet | None
    verdict: Verdict = field(default_factory=Verdict)
    seen: set[str] = field(default_factory=set)
    used: dict[str, Access] | None = None
    """Filled where it is asked for."""

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
        for owner in self.gates.owners(parent):
            self._judge(f"{owner}.{name}")
        self._arguments(node, definition)
        stops = self.used is None and f"{parent.name}.{name}" in self.verdict.denied
        if node.selection_set is not None and not stops:
            self.selections(node.selection_set, get_named_type(definition.type))

    def _judge(self, coordinate: str) -> None:
        needs = self.gates.needs(coordinate) or NOTHING
        self.verdict.needs_sign_in |= self.permissions is None and not needs.public
        access = needs.access(self.permissions)
        if self.used is not None:
            self.used[coordinate] = access
        if access is Access.ALLOWED:
            if coordinate in self.gates.recorded:
                self.verdict.recorded.add(coordinate)
        elif access is Access.MASKED:
            self.verdict.masked.add(coordinate)
        else:
            found = self.verdict.refused if access is Access.REFUSED else self.verdict.denied
            found.setdefault(coordinate, needs.missing(self.permissions) or "")

    def _arguments(self, node: FieldNode, definition: GraphQLField) -> None:
        for argument in node.arguments or ():
            kind = definition.args[argument.name.value].type
            if self.used is not None:
                for coordinate in used_inputs(kind, plain_value(argument.value, self.variables)):
                    self.used[coordinate] = (self.gates.needs(coordinate) or NOTHING).access(self.permissions)
            if holds_variable(argument.value):
                if not is_leaf_type(get_named_type(kind)):
                    self.verdict.open.append((argument.value, kind))
            else:
                self.gates.judge_inputs(kind, plain_value(argument.value, {}), self.permissions, self.verdict)


def _with_defaults(operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> dict[str, Any]:  # Any: JSON
    defaults = {
        d.variable.name.value: plain_value(d.default_value, {})
        for d in operation.variable_definitions or ()
        if d.default_value is not None
    }
    return {**defaults, **variables}
