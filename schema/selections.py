"""What an operation selects, as far as a resolver's answer depends on it."""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode

from schema.fields import Info
from schema.inputs import is_included


def selected_below(info: Info, name: str) -> frozenset[str] | None:
    """The names of the fields that are selected inside the field ``name`` of what this resolver answers, whatever they
    are called in the response; None when ``name`` is not selected. Fragments are looked into; ``@skip`` and
    ``@include`` are heeded.
    """
    fragments, variables = info._raw_info.fragments, info.variable_values
    found: set[str] | None = None
    for node in info._raw_info.field_nodes:
        for field in _fields(node.selection_set, fragments, variables):
            if field.name.value == name:
                inside = _fields(field.selection_set, fragments, variables)
                found = (found or set()) | {inner.name.value for inner in inside}
    return None if found is None else frozenset(found)


def _fields(
    selections: SelectionSetNode | None,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: Mapping[str, Any],  # Any: JSON
) -> Iterator[FieldNode]:
    for node in selections.selections if selections is not None else ():
        if not is_included(node, variables):
            continue
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, InlineFragmentNode):
            yield from _fields(node.selection_set, fragments, variables)
        elif isinstance(node, FragmentSpreadNode):
            yield from _fields(fragments[node.name.value].selection_set, fragments, variables)
