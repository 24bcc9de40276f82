"""Limits that a document must keep before anything else looks at it. Linear in its bytes, each pass stops at the
first excess.

Two passes: over the text (bytes, tokens, nesting), before the parser recurses into it; over the parsed document
(aliases, directives, fragments, root fields, depth), before validation compares its fields with each other. Fragments
are never expanded: a fragment's depth and the number of fields it stands for are computed once.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may hold."""

    bytes: int = 20_000
    tokens: int = 2_000
    nesting: int = 64
    depth: int = 12
    introspection_depth: int = 20
    aliases: int = 30
    root_fields: int = 20
    directives: int = 50
    fragments: int = 50
    operations: int = 10
    fields: int = 1_000
    """Fields that an operation stands for with its fragments written out: what a plan, an executor and the answer make
    of it."""
    repeats: int = 50
    """Objects selected under one name: validation compares each with each."""
    cost: int = 10_000
    """What an operation may cost (``schema/cost.py``)."""
    export_cost: int = 60_000
    """The same for those who read in bulk."""


class LimitExceeded(Exception):
    """The document holds too much of something; the message says of what."""


# Strings and comments first, so that what stands inside them is one token; then every other lexical token of the
# October 2021 specification, section 2.1.
# A string ends exactly where the parser ends it (in a block string only \""" is an escape), so that nothing hides in
# one; what never ends is a token up to where the parser refuses it, so that no beginning is looked at twice.
_TOKEN = re.compile(
    r'"""(?:\\"""|[^"]|"(?!""))*+(?:""")?|"(?:[^"\\\n\r]|\\[^\n\r])*+"?'
    r"|\#[^\n\r]*|\.\.\.|[_A-Za-z][_0-9A-Za-z]*|-?[0-9][0-9.eE+-]*|[^\s,]",
)
_OPEN, _CLOSE = frozenset("{[("), frozenset("}])")


def check_text(text: str, limits: Limits) -> int:
    """Bytes, tokens (comments count) and nesting of brackets. Answers how many tokens there are; raises
    LimitExceeded.
    """
    if len(text) > limits.bytes or len(text.encode("utf-8", "surrogatepass")) > limits.bytes:
        raise LimitExceeded(f"A document holds at most {limits.bytes} bytes.")
    nesting = count = 0
    for count, match in enumerate(_TOKEN.finditer(text), 1):
        if count > limits.tokens:
            raise LimitExceeded(f"A document holds at most {limits.tokens} tokens.")
        token = match.group()
        nesting += (token in _OPEN) - (token in _CLOSE)
        if nesting > limits.nesting:
            raise LimitExceeded(f"Brackets are nested at most {limits.nesting} deep.")
    return count


def check_document(document: DocumentNode, limits: Limits) -> None:
    """Operations, fragments, root fields, aliases, directives, depth. Raises LimitExceeded."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    _at_most(len(operations), limits.operations, "operations")
    _at_most(len(document.definitions) - len(operations), limits.fragments, "fragments")
    fields = directives = aliases = 0
    objects: Counter[str] = Counter()
    for definition in document.definitions:
        directives += len(getattr(definition, "directives", None) or ())
        for node in _nodes(getattr(definition, "selection_set", None)):
            directives += len(node.directives or ())
            if isinstance(node, FieldNode):
                aliases += node.alias is not None
                if node.selection_set is not None:
                    objects[(node.alias or node.name).value] += 1
        _at_most(directives, limits.directives, "directives")
        _at_most(aliases, limits.aliases, "aliases")
    _at_most(max(objects.values(), default=0), limits.repeats, "objects under one name")
    for operation in operations:
        fields = _root_fields(operation.selection_set, fragments)
        _at_most(fields, limits.root_fields, "root fields")
        _check_depth(operation, fragments, limits)
        _at_most(_expanded(operation, fragments), limits.fields, "fields, fragments written out")


def _at_most(count: int, limit: int, what: str) -> None:
    if count > limit:
        raise LimitExceeded(f"A document holds at most {limit} {what}.")


Selection = FieldNode | FragmentSpreadNode | InlineFragmentNode


def _nodes(selections: SelectionSetNode | None) -> Iterator[Selection]:
    """Every selection written under a definition, spreads not followed."""
    pending = [selections] if selections is not None else []
    while pending:
        for node in pending.pop().selections:
            yield node  # type: ignore[misc]  # the three kinds of selection
            inner = getattr(node, "selection_set", None)
            if inner is not None:
                pending.append(inner)


def _expanded(operation: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]) -> int:
    """Fields of an operation with its fragments written out; one that is spread twice in a selection counts once
    there, as it is merged. A fragment that spreads itself stands for nothing: validation refuses it.
    """
    known: dict[str, int] = {}

    def fields_of(definition: OperationDefinitionNode | FragmentDefinitionNode) -> int:
        count = 0
        for selections in _selection_sets(definition.selection_set):
            count += sum(isinstance(node, FieldNode) for node in selections.selections)
            spread = {node.name.value for node in selections.selections if isinstance(node, FragmentSpreadNode)}
            for name in spread & fragments.keys():
                if name not in known:
                    known[name] = 0
                    known[name] = fields_of(fragments[name])
                count += known[name]
        return count

    return fields_of(operation)


def _selection_sets(selections: SelectionSetNode) -> Iterator[SelectionSetNode]:
    """A selection and all that are written inside it, spreads not followed."""
    yield selections
    for node in _nodes(selections):
        inner = getattr(node, "selection_set", None)
        if inner is not None:
            yield inner


def _root_fields(selections: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode]) -> int:
    """Fields at the root, each fragment counted once: what it holds is not repeated by spreading it again under
    the same name.
    """
    seen: set[str] = set()
    pending, count = [selections], 0
    while pending:
        for node in pending.pop().selections:
            if isinstance(node, FieldNode):
                count += 1
            elif isinstance(node, InlineFragmentNode):
                pending.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen and node.name.value in fragments:
                seen.add(node.name.value)
                pending.append(fragments[node.name.value].selection_set)
    return count


def _check_depth(
    operation: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode], limits: Limits
) -> None:
    """Depth with fragments followed. A walk that lengthens the longest known way to each fragment; a cycle runs
    into the limit and stops there.
    """
    deepest: dict[str, int] = {}
    pending: list[tuple[SelectionSetNode, int, int]] = [(operation.selection_set, 1, limits.depth)]
    while pending:
        selections, depth, limit = pending.pop()
        if depth > limit:
            raise LimitExceeded(f"Fields are nested at most {limit} deep.")
        for node in selections.selections:
            if isinstance(node, FieldNode):
                if node.selection_set is not None:
                    introspects = node.name.value in ("__schema", "__type")
                    pending.append(
                        (node.selection_set, depth + 1, limits.introspection_depth if introspects else limit)
                    )
            elif isinstance(node, InlineFragmentNode):
                pending.append((node.selection_set, depth, limit))
            elif isinstance(node, FragmentSpreadNode) and depth > deepest.get(node.name.value, 0):
                fragment = fragments.get(node.name.value)
                if fragment is not None:
                    # Followed only where it stands deeper than ever before.
                    deepest[node.name.value] = depth
                    pending.append((fragment.selection_set, depth, limit))
