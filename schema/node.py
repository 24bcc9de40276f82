"""Node: any object by its id. Each noun registers its prefix, its batch function and its gate; nothing here knows
a noun.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import strawberry
from graphql import GraphQLObjectType, GraphQLResolveInfo
from graphql.pyutils import Path

from db.ids import BadId, hex_of, prefix_of
from resolvers.errors import InvalidInput
from schema.caching.declared import cacheable
from schema.declarations import DECLARATION, AnyById, HeldNode
from schema.fields import Info, prefixed, root_gate
from schema.loading import BatchFunction
from schema.operation import Operation
from schema.weights import ListSize

MAX_IDS = 100


@dataclass(frozen=True, slots=True)
class NodeKind:
    """A kind of node: its type's name, how its rows are found, what it takes to read them."""

    type_name: str
    function: BatchFunction
    gate: str | None
    """None: everybody in the tenant."""


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A row that knows its type, as an interface needs."""

    type_name: str
    row: Any  # Any: a row

    def __getitem__(self, name: str) -> Any:  # Any: a column's value
        return self.row[name]


def resolve_node_type(
    value: Any, _info: GraphQLResolveInfo[Operation], _abstract: Any
) -> str:  # Any: a NodeRow; the interface
    return str(value.type_name)


def node_id(prefix: str) -> Any:  # Any: a field specifier
    """The public id of a node: ``ord_…``."""
    return prefixed(f"{prefix}_", "id", description="The id, unique over all types and tenants.")


def any_row_is(cls: type, obj: Any, info: GraphQLResolveInfo[Operation]) -> bool:  # Any: a row
    """Which type a row is of is known where it is read; only an interface asks the row itself."""
    return not isinstance(obj, NodeRow) or obj.type_name == info.schema.get_type(cls.__name__).name  # type: ignore[union-attr]


@strawberry.interface(description="An object with an id of its own.")
class Node:
    """Relay's Node."""

    id: strawberry.ID = node_id("")

    @classmethod
    def resolve_type(
        cls, value: Any, info: GraphQLResolveInfo[Operation], abstract: GraphQLObjectType
    ) -> str:  # Any: a NodeRow
        return resolve_node_type(value, info, abstract)


def held_node(*, kind: str, row: str, description: str | None = None) -> Any:  # Any: a field specifier
    """The row in one attribute of this object's source, of the kind in another; for who may not read that kind, null,
    told as any other denied selection.
    """

    def take(root: Any, info: Info) -> Any:  # Any: a source; a NodeRow
        its: NodeKind = getattr(root, kind)
        if not info.context.allows(its.gate):
            # Which kind the row is of is known only now.
            info.context.deny(id(info._raw_info.field_nodes[0]), its.type_name, its.gate or "", info.path)
            return None
        return NodeRow(its.type_name, getattr(root, row))

    del take.__annotations__["return"]
    return strawberry.field(resolver=take, description=description, metadata={DECLARATION: HeldNode(kind, row)})


class NodeRegistry:
    """The kinds of nodes by prefix."""

    def __init__(self, kinds: dict[str, NodeKind]) -> None:
        self._kinds = kinds

    def field(self, *, many: bool, description: str) -> Any:  # Any: a field specifier
        """A root field: ``node(id)``, or ``nodes(ids)``."""
        return strawberry.field(
            resolver=self.nodes if many else self.node,
            directives=[*root_gate(None), *([ListSize(slicing_arguments=["ids"])] if many else []), *cacheable()],
            description=description,
            metadata={DECLARATION: AnyById(self._kinds, many)},
        )

    async def node(self, info: Info, id: strawberry.ID) -> Node | None:
        """The object with this id; null when it does not exist or is another tenant's."""
        found: Node | None = await self._load(info, id, info.path)
        return found

    async def nodes(self, info: Info, ids: list[strawberry.ID]) -> list[Node | None]:
        """The objects with these ids, in their order, null where there is none. An id that is malformed is null
        with an error of its own.
        """
        check_count(ids)
        loads = (self._load(info, id, info.path.add_key(index, None)) for index, id in enumerate(ids))
        # An exception as a list's item is that item's error.
        found: list[Any] = await asyncio.gather(*loads, return_exceptions=True)  # Any: a NodeRow, an exception
        return found

    async def _load(self, info: Info, public: str, path: Path) -> Any:  # Any: a NodeRow
        kind = kind_of(self._kinds, public)
        if kind.gate is not None and not info.context.allows(kind.gate):
            # Which kind an id is of is known only now; told as any other denied selection.
            info.context.deny(id(info._raw_info.field_nodes[0]), kind.type_name, kind.gate, path)
            return None
        row = await info.context.loaders.of(kind.function).load(hex_of(public, prefix_of(public)))
        return None if row is None else NodeRow(kind.type_name, row)


def kind_of(kinds: Mapping[str, NodeKind], public: str) -> NodeKind:
    """What the id is an id of. Raises InvalidInput."""
    try:
        return kinds[prefix_of(public)]
    except (BadId, KeyError):
        raise InvalidInput("The id is malformed.") from None


def check_count(ids: Sequence[str]) -> None:
    """Raises InvalidInput."""
    if len(ids) > MAX_IDS:
        raise InvalidInput(f"At most {MAX_IDS} ids at once.")
