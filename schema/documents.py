"""Documents: parsed, checked and validated once a text, then kept.

The cache is bounded by weight and keyed by the text, which a document holds anyway: a registered one's is the same
object each time, and knows its hash. It holds refusals too, so that a hostile document costs its full price once.
"""

import hashlib
import sys
from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
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

from schema.caching.policies import Policies, Policy
from schema.deprecations import Deprecation, Deprecations
from schema.limits import LimitExceeded, Limits, check_document, check_text
from schema.variants import Variants, unheard

MAX_ERRORS = 10
PLANS_KEPT = 8
"""Variants of one document's operation: by what ``@skip`` and ``@include`` read, by what is denied and what masked."""
VERDICTS_KEPT = 64
"""Variants of one document: by what ``@skip`` and ``@include`` read, and by the callers' grants."""
PUBLISHED = "published"
ROOMY = 0.8
"""Of its bounds: up to there the cache has room to spare."""
ENTRY, TOKEN = 2_000, 600
"""Bytes that an entry holds beside its text, and that a document holds for each of its tokens: measured, rounded up."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a document is not run: one code, and the errors to tell."""

    code: str
    errors: tuple[GraphQLError, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A document that may run. Its operations by name."""

    node: DocumentNode
    id: str
    """SHA-256 of its text, in hex."""
    operations: dict[str | None, OperationDefinitionNode]
    fragments: dict[str, FragmentDefinitionNode] = field(default_factory=dict)
    conditions: dict[str | None, tuple[str, ...]] = field(default_factory=dict)
    """The variables that ``@skip`` and ``@include`` read in each operation and the fragments it reaches."""
    uses: Mapping[str, int] = field(default_factory=dict)
    """How often each variable stands in the document, its declarations counted."""
    tokens: int = 0
    deprecation: Deprecation | None = None
    """Of what it uses, if any of that is deprecated."""
    cached: Mapping[str | None, Policy] = field(default_factory=dict)
    """How the answers of its operations are kept, of those that are."""
    kinds: Mapping[str | None, str] = field(default_factory=dict)
    """query, mutation or subscription."""
    coercions: dict[str | None, Any] = field(default_factory=dict)
    """What coerces each operation's variables (``schema/variables.py``)."""
    actions: dict[str | None, str] = field(default_factory=dict)
    """What the audit trail calls each operation (``schema/auditing.py``)."""
    plans: Variants = field(default_factory=lambda: Variants(PLANS_KEPT))
    """The engine's compiled plans of this document (``schema/engine/engine.py``)."""
    measures: Variants = field(default_factory=lambda: Variants(PLANS_KEPT))
    """What its operations cost, by what ``@skip`` and ``@include`` read (``schema/meter.py``)."""
    verdicts: Variants = field(default_factory=lambda: Variants(VERDICTS_KEPT))
    """What the gates said of it (``schema/gates.py``)."""

    @property
    def variants(self) -> tuple[Variants, ...]:
        """All that is made of it later."""
        return self.plans, self.measures, self.verdicts

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


@dataclass(slots=True)
class _Kept:
    prepared: Document | Refused
    owner: str
    weight: int


class DocumentCache:
    """Texts to documents; the least recently used go first, by weight: estimated bytes, plans and verdicts counted.

    No owner keeps more than ``share``: who sends ever new documents pushes out nobody's but their own. What operators
    published (``PUBLISHED``) is as one owner's, who has more room: ``published``.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        limits: Limits,
        *,
        hide_suggestions: bool,
        size: int = 18_000_000,
        share: int = 5_000_000,
        published: int = 12_000_000,
        policies: Policies | None = None,
    ) -> None:
        self._schema = schema
        self._limits = limits
        self._size = size
        self._hide_suggestions = hide_suggestions
        self._share = share
        self._published = published
        self._policies = policies
        self._deprecations = Deprecations(schema)
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._owned: dict[str, OrderedDict[str, None]] = {}
        """The same by owner, in the same order."""
        self._weights: Counter[str] = Counter()
        self.weight = 0
        self.prepared = 0
        """Texts that were not kept."""

    def get(self, text: str, owner: str = "") -> Document | Refused:
        """The document of a text, from the cache or prepared now, then on ``owner``'s account."""
        kept = self._kept.get(text)
        if kept is not None:
            self._kept.move_to_end(text)
            self._owned[kept.owner].move_to_end(text)
            return kept.prepared
        prepared = self._prepare(text)
        self.prepared += 1
        self._kept[text] = _Kept(prepared, owner, 0)
        self._owned.setdefault(owner, OrderedDict())[text] = None
        if isinstance(prepared, Document):
            for variants in prepared.variants:
                variants.grown = partial(self._grow, text)
        self._grow(text, _weight_of(prepared, text))
        return prepared

    def kept(self, text: str) -> Document | Refused | None:
        """What is kept of a text; asking makes it no younger."""
        kept = self._kept.get(text)
        return None if kept is None else kept.prepared

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def has_room(self) -> bool:
        """Whether more published documents can be kept without others having to go."""
        return self._weights[PUBLISHED] < ROOMY * self._published and self.weight < ROOMY * self._size

    def weight_of(self, owner: str) -> int:
        """What an owner's documents weigh."""
        return self._weights[owner]

    def _grow(self, text: str, by: int) -> None:
        kept = self._kept[text]
        kept.weight += by
        self._weights[kept.owner] += by
        self.weight += by
        own = self._owned[kept.owner]
        share = self._published if kept.owner == PUBLISHED else self._share
        while self._weights[kept.owner] > share and len(own) > 1:
            self._drop(next(iter(own)))
        while self.weight > self._size and len(self._kept) > 1:
            self._drop(next(iter(self._kept)))

    def _drop(self, text: str) -> None:
        kept = self._kept.pop(text)
        if isinstance(kept.prepared, Document):
            # Whoever runs it still may make more of it, on nobody's account.
            for variants in kept.prepared.variants:
                variants.grown = unheard
        self.weight -= kept.weight
        self._weights[kept.owner] -= kept.weight
        del self._owned[kept.owner][text]
        if not self._owned[kept.owner]:
            del self._owned[kept.owner], self._weights[kept.owner]

    def _prepare(self, text: str) -> Document | Refused:
        try:
            tokens = check_text(text, self._limits)
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
            return Refused("GRAPHQL_VALIDATION_FAILED", tuple(map(_alone, errors)))
        found = [d for d in node.definitions if isinstance(d, OperationDefinitionNode)]
        if not found:
            return Refused("GRAPHQL_VALIDATION_FAILED", (GraphQLError("The document has no operation."),))
        fragments = {d.name.value: d for d in node.definitions if isinstance(d, FragmentDefinitionNode)}
        operations = {d.name.value if d.name else None: d for d in found}
        said = {name: _variables(definition) for name, definition in operations.items()}
        of_fragments = {name: _variables(definition) for name, definition in fragments.items()}
        conditions = {name: _conditions(each, of_fragments) for name, each in said.items()}
        uses = sum((each.uses for each in (*said.values(), *of_fragments.values())), Counter[str]())
        outdated = self._deprecations.of(node, text)
        _unlink_tokens(node)
        cached = {} if self._policies is None else self._policies.of_all(operations, fragments)
        kinds = {name: each.operation.value for name, each in operations.items()}
        own = document_id(text), operations, fragments, conditions, uses, tokens, outdated, cached
        return Document(node, *own, kinds)


def _unlink_tokens(node: DocumentNode) -> None:
    """A parsed document is a ring by its tokens, which know their neighbours: it would outlive its place in the cache
    until the collector of rings comes by. Nobody goes along them any more.
    """
    token = node.loc.start_token if node.loc is not None else None
    while token is not None:
        following = token.next
        token.prev = token.next = None
        token = following


def _alone(error: GraphQLError) -> GraphQLError:
    """The same without the syntax tree that it points into."""
    return GraphQLError(error.message, source=error.source, positions=error.positions)


def _weight_of(prepared: Document | Refused, text: str) -> int:
    """Without what is made of it later."""
    return ENTRY + sys.getsizeof(text) + (prepared.tokens * TOKEN if isinstance(prepared, Document) else 0)


def document_id(text: str) -> str:
    """What a document is known by outside: SHA-256 of its text, in hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class _Variables(Visitor):
    """What one definition says of variables, and which fragments it spreads."""

    def __init__(self) -> None:
        super().__init__()
        self.conditions: dict[str, None] = {}
        self.spreads: dict[str, None] = {}
        self.uses: Counter[str] = Counter()

    def enter_directive(self, node: DirectiveNode, *_args: object) -> None:
        if node.name.value in {"skip", "include"}:
            for argument in node.arguments or ():
                if isinstance(argument.value, VariableNode):
                    self.conditions[argument.value.name.value] = None

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_args: object) -> None:
        self.spreads[node.name.value] = None

    def enter_variable(self, node: VariableNode, *_args: object) -> None:
        self.uses[node.name.value] += 1


def _variables(definition: OperationDefinitionNode | FragmentDefinitionNode) -> _Variables:
    visitor = _Variables()
    visit(definition, visitor)
    return visitor


def _conditions(operation: _Variables, fragments: Mapping[str, _Variables]) -> tuple[str, ...]:
    """The variables of the operation's conditions, those in fragments too: each fragment is looked at once."""
    found, reached, pending = dict(operation.conditions), set[str](), [*operation.spreads]
    while pending:
        name = pending.pop()
        if name not in reached:
            reached.add(name)
            found |= fragments[name].conditions
            pending += fragments[name].spreads
    return tuple(found)
