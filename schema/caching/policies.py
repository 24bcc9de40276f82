"""Whether the answers of an operation may be kept: read from the schema once, told of each document as it is prepared.

A root field has to allow it, by ``@cached`` or, where the document says ``@cached``, by ``@cacheable``. What is said
further below, and by the document, narrows it. The walk heeds no ``@skip``: what may be selected counts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_directive_values,
    get_named_type,
    is_abstract_type,
)

from schema.caching.declared import IDENTITY, Cacheable, Cached, CacheScope, ChangesWith, narrowest
from schema.inputs import holds_variable
from schema.needs import directives_of

NODE = "Node"
"""The interface of rows: what implements it is a noun, whose events are called by its name."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How the answers of one operation are kept. Seconds."""

    ttl: int
    swr: int
    scope: CacheScope
    nouns: frozenset[str] = frozenset()
    """Whose events end them."""
    identity: bool = False
    """Whether changes of the caller's person, memberships, roles and sessions do."""


@dataclass(slots=True)
class _Found:
    """What a walk came by."""

    stated: list[Cached | Cacheable] = field(default_factory=list)
    nouns: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)


class Policies:
    """Of one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        objects = {name: kind for name, kind in schema.type_map.items() if isinstance(kind, GraphQLObjectType)}
        self._stated = {
            f"{name}.{key}": said
            for name, kind in objects.items()
            for key, each in kind.fields.items()
            if (said := _said(each)) is not None
        }
        self._nouns = {name: _nouns_of(kind) for name, kind in objects.items()}

    def of(self, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> Policy | None:
        """None where nothing is kept of it."""
        root = self._schema.query_type
        if operation.operation is not OperationType.QUERY or root is None:
            return None
        asked = self._asked(operation)
        for node in _fields(operation.selection_set, fragments, set()):
            said = self._stated.get(f"{root.name}.{node.name.value}")
            if node.name.value != "__typename" and (said is None or (isinstance(said, Cacheable) and asked is None)):
                return None
        found = _Found()
        self._walk(operation.selection_set, root, fragments, found)
        return _policy(found, asked)

    def of_all(
        self,
        operations: Mapping[str | None, OperationDefinitionNode],
        fragments: Mapping[str, FragmentDefinitionNode],
    ) -> dict[str | None, Policy]:
        """Those that there are, by the operations' names."""
        found = {name: self.of(operation, fragments) for name, operation in operations.items()}
        return {name: policy for name, policy in found.items() if policy is not None}

    def _asked(self, operation: OperationDefinitionNode) -> Cached | None:
        """What the document says. Where that is by variables nothing is kept: plans are of documents."""
        directive = self._schema.get_directive("cached")
        node = next((each for each in operation.directives or () if each.name.value == "cached"), None)
        if directive is None or node is None:
            return None
        if any(holds_variable(each.value) for each in node.arguments or ()):
            return Cached(ttl=0)
        values = get_directive_values(directive, operation) or {}
        scope = values.get("scope")
        return Cached(
            ttl=values["ttl"],
            swr=values.get("swr") or 0,
            scope=CacheScope.PUBLIC if scope is None else CacheScope(scope),
        )

    def _walk(
        self,
        selections: SelectionSetNode,
        parent: Any,  # Any: an output type
        fragments: Mapping[str, FragmentDefinitionNode],
        found: _Found,
    ) -> None:
        for node in selections.selections:
            if isinstance(node, FieldNode):
                self._field(node, parent, fragments, found)
            elif not isinstance(node, FragmentSpreadNode):
                inner: Any = node
                named = inner.type_condition
                kind = self._schema.get_type(named.name.value) if named else parent
                self._walk(inner.selection_set, kind, fragments, found)
            elif node.name.value not in found.seen:
                found.seen.add(node.name.value)
                fragment = fragments[node.name.value]
                kind = self._schema.get_type(fragment.type_condition.name.value)
                self._walk(fragment.selection_set, kind, fragments, found)

    def _field(
        self,
        node: FieldNode,
        parent: Any,  # Any: an output type
        fragments: Mapping[str, FragmentDefinitionNode],
        found: _Found,
    ) -> None:
        definition = self._schema.get_field(parent, node.name.value)
        if definition is None or node.name.value.startswith("__"):
            return
        found.stated += [
            said for each in self._kinds(parent) if (said := self._stated.get(f"{each}.{node.name.value}"))
        ]
        kind: Any = get_named_type(definition.type)
        for name in self._kinds(kind):
            found.nouns |= self._nouns.get(name, frozenset())
        if node.selection_set is not None:
            self._walk(node.selection_set, kind, fragments, found)

    def _kinds(self, kind: Any) -> list[str]:  # Any: a named type
        """What a value of the type may turn out to be."""
        return [each.name for each in self._schema.get_possible_types(kind)] if is_abstract_type(kind) else [kind.name]


def _policy(found: _Found, asked: Cached | None) -> Policy | None:
    stated = found.stated if asked is None else [*found.stated, asked]
    ttl = min(each.ttl for each in stated) if found.stated else 0
    if ttl <= 0:
        return None
    return Policy(
        ttl,
        max(0, min(each.swr or 0 for each in stated)),
        narrowest([each.scope or CacheScope.PRIVATE for each in stated]),
        frozenset(found.nouns - {IDENTITY}),
        IDENTITY in found.nouns,
    )


def _fields(
    selections: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode], seen: set[str]
) -> Iterator[FieldNode]:
    """Those of one level, whatever fragments they stand in."""
    for node in selections.selections:
        if isinstance(node, FieldNode):
            yield node
        elif not isinstance(node, FragmentSpreadNode):
            inner: Any = node
            yield from _fields(inner.selection_set, fragments, seen)
        elif node.name.value not in seen:
            seen.add(node.name.value)
            yield from _fields(fragments[node.name.value].selection_set, fragments, seen)


def _said(definition: GraphQLField) -> Cached | Cacheable | None:
    return next((each for each in directives_of(definition) if isinstance(each, Cached | Cacheable)), None)


def _nouns_of(kind: GraphQLObjectType) -> frozenset[str]:
    own = {kind.name.lower()} if any(each.name == NODE for each in kind.interfaces) else set[str]()
    said = (each for each in directives_of(kind) if isinstance(each, ChangesWith))
    return frozenset(own.union(*(each.nouns for each in said)))
