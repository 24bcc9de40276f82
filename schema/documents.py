"""Documents: parsed, checked and validated once a text, then kept.

The cache is bounded and keyed by the text's hash. It holds refusals too, so that a hostile document costs its full
price once.
"""

import hashlib
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    validate,
    visit,
)

from schema.limits import LimitExceeded, Limits, check_document, check_text

MAX_ERRORS = 10


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a document is not run: one code, and the errors to tell."""

    code: str
    errors: tuple[GraphQLError, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A document that may run. Its operations by name."""

    node: DocumentNode
    operations: dict[str | None, OperationDefinitionNode]
    fragments: dict[str, FragmentDefinitionNode] = field(default_factory=dict)
    conditions: tuple[str, ...] = ()
    """The variables that ``@skip`` and ``@include`` read."""
    coercions: dict[str | None, Any] = field(default_factory=dict)
    """What coerces each operation's variables (``schema/variables.py``)."""
    uses: dict[str, int] = field(default_factory=dict)
    """How often each variable stands in the document, its declarations counted."""
    plans: dict[object, Any] = field(default_factory=dict)
    """The engine's compiled plans of this document, few (``schema/engine/engine.py``)."""
    verdicts: dict[object, Any] = field(default_factory=dict)
    """What the gates said of it, few (``schema/gates.py``)."""

    def operation(self, name: str | None) -> OperationDefinitionNode | Refused:
        """The operation with this name; the only one when no name is given."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name is not None and name in self.operations:
            return self.operations[name]
        text = (
            "Say which of the document's operations to run, by operationName."
            if name is None
            else "The document has no operation of that name."
        )
        return Refused("GRAPHQL_VALIDATION_FAILED", (GraphQLError(text),))


class DocumentCache:
    """Texts to documents; the least recently used go first.

    No owner keeps more than ``share``: who sends ever new documents pushes out nobody's but their own.
    """

    def __init__(
        self, schema: GraphQLSchema, limits: Limits, *, hide_suggestions: bool, size: int = 1_000, share: int = 250
    ) -> None:
        self._schema = schema
        self._limits = limits
        self._size = size
        self._hide_suggestions = hide_suggestions
        self._share = share
        self._kept: OrderedDict[bytes, Document | Refused] = OrderedDict()
        self._owners: dict[bytes, str] = {}
        self._owned: Counter[str] = Counter()

    def get(self, text: str, owner: str = "") -> Document | Refused:
        """The document of a text, from the cache or prepared now, then on ``owner``'s account."""
        key = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found
        prepared = self._prepare(text)
        self._kept[key] = prepared
        self._owners[key] = owner
        self._owned[owner] += 1
        if self._owned[owner] > self._share:
            self._drop(next(kept for kept in self._kept if self._owners[kept] == owner))
        elif len(self._kept) > self._size:
            self._drop(next(iter(self._kept)))
        return prepared

    def _drop(self, key: bytes) -> None:
        del self._kept[key]
        owner = self._owners.pop(key)
        self._owned[owner] -= 1
        if not self._owned[owner]:
            del self._owned[owner]

    def _prepare(self, text: str) -> Document | Refused:
        try:
            check_text(text, self._limits)
            node = parse(text, max_tokens=self._limits.tokens)
            check_document(node, self._limits)
            errors = validate(self._schema, node, max_errors=MAX_ERRORS, hide_suggestions=self._hide_suggestions)
        except LimitExceeded as error:
            return Refused("QUERY_LIMIT_EXCEEDED", (GraphQLError(str(error)),))
        except GraphQLSyntaxError as error:
            return Refused("GRAPHQL_PARSE_FAILED", (error,))
        except RecursionError:
            return Refused("QUERY_LIMIT_EXCEEDED", (GraphQLError("The document is nested too deeply."),))
        if errors:
            return Refused("GRAPHQL_VALIDATION_FAILED", tuple(errors))
        found = [d for d in node.definitions if isinstance(d, OperationDefinitionNode)]
        if not found:
            return Refused("GRAPHQL_VALIDATION_FAILED", (GraphQLError("The document has no operation."),))
        fragments = {d.name.value: d for d in node.definitions if isinstance(d, FragmentDefinitionNode)}
        operations = {d.name.value if d.name else None: d for d in found}
        conditions, uses = _variables(node)
        return Document(node, operations, fragments, conditions, uses=uses)


class _Variables(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.conditions: dict[str, None] = {}
        self.uses: Counter[str] = Counter()

    def enter_directive(self, node: DirectiveNode, *_args: object) -> None:
        if node.name.value in {"skip", "include"}:
            for argument in node.arguments or ():
                if isinstance(argument.value, VariableNode):
                    self.conditions[argument.value.name.value] = None

    def enter_variable(self, node: VariableNode, *_args: object) -> None:
        self.uses[node.name.value] += 1


def _variables(node: DocumentNode) -> tuple[tuple[str, ...], dict[str, int]]:
    visitor = _Variables()
    visit(node, visitor)
    return tuple(visitor.conditions), dict(visitor.uses)
