"""How many items the cost of an operation counts in a list: by the field's ``@listSize`` and its arguments."""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ValueNode,
    VariableNode,
    get_nullable_type,
    is_list_type,
)
from graphql.utilities.coerce_input_value import coerce_default_value

from schema.weights import ListSize

LONGEST = 500
"""What a list counts at most: no longer one is answered, and whoever asks for one is told so by the list itself."""
UNSTATED = 100
"""What a list counts that does not say how long it is."""
Values = Mapping[str, Any]
"""The coerced variables."""
Amount = int | Callable[[Values], int]
"""A number, or one that depends on variables."""
Sizes = Mapping[str, Amount]
"""How long lists below are, by their fields' names; a dot leads further below."""


def size_of(
    name: str, sizes: Sizes, stated: ListSize | None, definition: GraphQLField, node: FieldNode
) -> Amount | None:
    """How long the field's list is; None when it is no list. ``sizes`` are what a field above says of it."""
    if not is_list_type(get_nullable_type(definition.type)):
        return None
    if stated is not None and not stated.sized_fields:
        return _asked_for(stated, definition, node)
    return sizes.get(name, UNSTATED)


def sizes_below(
    name: str, sizes: Sizes, stated: ListSize | None, definition: GraphQLField, node: FieldNode
) -> dict[str, Amount]:
    """What is known of lists below the field."""
    found = {key.removeprefix(f"{name}."): size for key, size in sizes.items() if key.startswith(f"{name}.")}
    if stated is not None and stated.sized_fields:
        found.update(dict.fromkeys(stated.sized_fields, _asked_for(stated, definition, node)))
    return found


def _asked_for(stated: ListSize, definition: GraphQLField, node: FieldNode) -> Amount:
    """How many items a list may have that is asked for like this."""
    written = {argument.name.value: argument.value for argument in node.arguments or ()}
    usual = stated.assumed_size if isinstance(stated.assumed_size, int) else UNSTATED
    known: list[int] = []
    asked: list[tuple[str, object]] = []
    for name in stated.slicing_arguments or ():
        value, default = written.get(name), coerce_default_value(definition.args[name])
        if isinstance(value, VariableNode):
            asked.append((value.name.value, default))
        elif (length := _written(value, default)) is not None:
            known.append(length)
    if not asked:
        return _bounded(max(known)) if known else usual
    if len(asked) == 1 and not known:
        return _one_of_variable(*asked[0], usual)

    def size(values: Values) -> int:
        lengths = [length for name, default in asked if (length := _length(values.get(name, default))) is not None]
        return _bounded(max([*known, *lengths])) if known or lengths else usual

    return size


def _one_of_variable(name: str, default: object, usual: int) -> Amount:
    def size(values: Values) -> int:
        value = values.get(name, default)
        if type(value) is int and 0 <= value <= LONGEST:
            return value
        length = _length(value)
        return usual if length is None else _bounded(length)

    return size


def _written(value: ValueNode | None, default: object) -> int | None:
    """What an argument says that is no variable."""
    match value:
        case None:
            return _length(default)
        case IntValueNode():
            return int(value.value)
        case ListValueNode():
            return len(value.values)
        case NullValueNode():
            return None
        case _:
            return 1  # a single value where a list is taken


def _length(value: object) -> int | None:
    return value if isinstance(value, int) else len(value) if isinstance(value, list) else None


def _bounded(length: int) -> int:
    return min(max(0, length), LONGEST)
