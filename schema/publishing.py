"""What a document has to be before it is registered: within the limits, fit for the schema, and of use to the role that
it is meant for.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from graphql import GraphQLSchema, OperationDefinitionNode

from auth.permissions import PermissionSet
from db.documents import Draft
from schema.coordinates import named_in
from schema.documents import Document, DocumentCache, Refused, document_id
from schema.gates import Gatekeeper
from schema.limits import Limits
from schema.made_up import values_for
from schema.manifests import Entry
from schema.meter import Meter
from schema.needs import NOTHING, Access
from schema.reference import Reference

DENIED = frozenset({Access.NULL, Access.REFUSED})


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a document is not registered."""

    where: str
    message: str


class Examiner:
    """Judges the documents of one schema. ``permissions`` are those of the role that they are meant for; None: of no
    role in particular. ``nulls``: whether it may be denied fields that answer null.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        limits: Limits | None = None,
        permissions: PermissionSet | None = None,
        *,
        nulls: bool = False,
    ) -> None:
        self._schema = schema
        limits = limits or Limits()
        self._cache = DocumentCache(schema, limits, hide_suggestions=False, size=1, share=1)
        self._meter, self._reference = Meter(schema, limits), Reference(schema)
        self._gates = Gatekeeper(schema)
        self._permissions = permissions
        self._denied = frozenset({Access.REFUSED}) if nulls else DENIED

    def examine(self, entries: Sequence[Entry]) -> tuple[list[Draft], list[Problem]]:
        """The documents, each once, and what is wrong with any."""
        drafts: dict[str, Draft] = {}
        problems: list[Problem] = []
        for entry in entries:
            wrong = list(self._wrong_with(entry))
            problems += [Problem(entry.where, message) for message in wrong]
            document = None if wrong else self._cache.get(entry.text)
            if isinstance(document, Document):
                drafts[document.id] = draft_of(self._schema, document, entry.text)
        return list(drafts.values()), problems

    def _wrong_with(self, entry: Entry) -> Iterator[str]:
        if entry.id is not None and entry.id != document_id(entry.text):
            yield "Its id is not the SHA-256 of its text in hex: let the tool that wrote it hash by that."
            return
        document = self._cache.get(entry.text)
        if isinstance(document, Refused):
            yield from (error.message for error in document.errors)
            return
        for node in document.operations.values():
            yield from self._denials(document, node)
            yield from self._costs(document, node)

    def _costs(self, document: Document, node: OperationDefinitionNode) -> Iterator[str]:
        """What it costs whatever its variables say, as far as that is known without them."""
        asked = document.conditions[node.name.value if node.name else None]
        variables = {**values_for(self._schema, node), **dict.fromkeys(asked, True)}
        execution = self._reference.prepare(document, node, variables)
        cost = None if isinstance(execution, list) else self._meter.cost_of(document, execution, self._permissions)
        if cost is not None and cost.exceeds:
            yield f"It would cost {cost.requested:,}; {cost.limit:,} is allowed."

    def _denials(self, document: Document, node: OperationDefinitionNode) -> Iterator[str]:
        """Whatever the conditions say: asked with all of them on, and with all of them off."""
        if self._permissions is None:
            return
        asked = document.conditions[node.name.value if node.name else None]
        denied: dict[str, Access] = {}
        for said in (True, False) if asked else (True,):
            used = self._gates.uses(node, document.fragments, dict.fromkeys(asked, said), self._permissions)
            denied |= {name: access for name, access in used.items() if access in self._denied}
        for name, access in denied.items():
            missing = (self._gates.needs(name) or NOTHING).missing(self._permissions) or "something that nobody has"
            what = "would be null" if access is Access.NULL else "would refuse it"
            yield f"{name} {what}: the role lacks {missing}."


def draft_of(schema: GraphQLSchema, document: Document, text: str) -> Draft:
    """What is registered of a document that fits the schema."""
    operations = [
        f"{node.operation.value} {name}" if name else node.operation.value for name, node in document.operations.items()
    ]
    return Draft(document.id, text, operations, sorted(named_in(schema, document.node)))
