"""The routes that come with the product, out of the documents that carry them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from graphql import FieldNode, GraphQLSchema, OperationDefinitionNode, OperationType, parse, type_from_ast

from db.documents import Draft
from schema.documents import Document, DocumentCache, document_id
from schema.limits import Limits
from schema.publishing import draft_of

OWNER = "tidegate"
_HEAD = re.compile(r"# (GET|POST|PATCH) (/v1/[a-z0-9/{}-]+)\n# (.+)\n")
_PLACE = re.compile(r"\{([a-zA-Z]+)\}")


@dataclass(frozen=True, slots=True)
class PlainRoute:
    """A method and a path, and the document that answers them."""

    method: str
    path: str
    summary: str
    text: str
    node: OperationDefinitionNode
    variables: Mapping[str, Any]  # Any: input types
    """By name their types."""

    @property
    def id(self) -> str:
        return document_id(self.text)

    @property
    def name(self) -> str:
        """The operation's."""
        return self.node.name.value if self.node.name else ""

    @property
    def places(self) -> tuple[str, ...]:
        """What the path holds the values of."""
        return tuple(_PLACE.findall(self.path))

    @property
    def root(self) -> FieldNode:
        """The one field that it selects."""
        (field,) = self.node.selection_set.selections
        if not isinstance(field, FieldNode):
            raise TypeError(f"{self.path}: a route selects one field")
        return field

    @property
    def streams(self) -> bool:
        """Whether it answers an event stream."""
        return self.node.operation is OperationType.SUBSCRIPTION

    @property
    def exports(self) -> bool:
        """Whether it answers all pages of a list, one after the other."""
        return {"first", "after"} <= self.variables.keys() and not self.is_paged

    @property
    def is_paged(self) -> bool:
        """Whether it answers pages of a list."""
        return {"first", "offset", "after"} <= self.variables.keys()


@cache
def texts() -> tuple[str, ...]:
    """The documents, by the names of their files."""
    return tuple(path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("*.graphql")))


def read_route(schema: GraphQLSchema, text: str) -> PlainRoute:
    """Raises ValueError for a text that states no route."""
    head = _HEAD.match(text)
    if head is None:
        raise ValueError(f"a route begins with its method, its path and a line of what it does: {text[:80]!r}")
    (node,) = parse(text).definitions
    if not isinstance(node, OperationDefinitionNode):
        raise TypeError(f"{head[2]}: a route is one operation")
    variables = {each.variable.name.value: type_from_ast(schema, each.type) for each in node.variable_definitions or ()}
    return PlainRoute(head[1], head[2], head[3], text, node, variables)


def routes_of(schema: GraphQLSchema) -> list[PlainRoute]:
    """All of them."""
    return [read_route(schema, text) for text in texts()]


def drafts_of(schema: GraphQLSchema) -> list[Draft]:
    """The same as documents to be registered. Raises ValueError for one that does not fit the schema."""
    cache, drafts = DocumentCache(schema, Limits(), hide_suggestions=True), []
    for text in texts():
        document = cache.get(text)
        if not isinstance(document, Document):
            raise ValueError(f"a route's document does not fit: {document.errors[0].message}: {text[:80]!r}")
        drafts.append(draft_of(schema, document, text))
    return drafts
