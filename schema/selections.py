"""What an operation selects, as far as a resolver's answer depends on it."""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode

from schema.fields import Info
from schema.inputs import is_included


def selected_below(info: Info, *path: str) -> frozenset[str] | None:
    """The names of the fields that are selected at the end of this path of fields in what this resolver answers,
    whatever they are called in the response; None when the path is not selected. Fragments are looked into; ``@skip``
    and ``@include`` are heeded.
    """
    fragments, variables = info._raw_info.fragments, info.variable_values
    level = list(info._raw_info.field_nodes)
    for name in path:
        inside = (_fields(node.selection_set, fragments, variables) for node in level)
        level = [field for fields in inside for field in fields if field.name.value == name]
    if not level:
        return None
    return frozenset(field.name.value for node in level for field in _fields(node.selection_set, fragments, variables))


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
