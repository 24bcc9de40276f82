"""A request on its way through: as the front door read it, and when it has passed every check."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from graphql import OperationDefinitionNode

from auth.document_policy import DocumentPolicy
from db.audit_records import Actor
from resolvers.context import SessionSlot
from schema.deprecations import Deprecation
from schema.documents import Document
from schema.gates import Verdict
from schema.meter import Cost
from schema.reference import DeferredExecutor, GatedExecutor


@dataclass(slots=True)
class OperationRequest:
    """A GraphQL request as the front door read it. Admission alone changes it, before anybody else has it: it adds what
    the registry says (a copy, and a frozen class, would cost a registered document more than sending its text).
    """

    document: str | None
    variables: Mapping[str, Any] | None  # Any: JSON
    operation_name: str | None
    extensions: Mapping[str, Any] | None  # Any: JSON
    request_id: str
    allow_mutation: bool = True
    allow_stream: bool = False
    last_event_id: str | None = None
    last_event_id_first: bool = False
    """Whether it wins over a subscription's ``after``: on GET it does."""
    session_slot: SessionSlot | None = None
    """Where the session's new secret goes; None where no answer can carry one."""
    address: str | None = None
    """Where it comes from, for the audit trail."""
    document_id: str | None = None
    """SHA-256 of the document, in hex, as the client said it or the registry has it."""
    by_hash: bool = False
    """Whether the id came as Apollo's clients send it (``extensions.persistedQuery``)."""
    sunset: int | None = None
    """When the registered document ends, in seconds since 1970."""
    level: DocumentPolicy = DocumentPolicy.AD_HOC
    """As what the caller knows the document; told by ``schema/admission.py`` alone."""
    listen: Callable[[Callable[[], object] | None], None] | None = None
    """Told what to do should the client hang up, and None when there is nothing to do any more."""
    position: str | None = None
    """How far the client says that it has seen its tenant's log: a position that an answer told, or an event's id."""
    cost: Literal["report", "validate"] | None = None
    """Whether the answer tells what the operation cost; or what it would cost, and does not run it."""


def misplaced(request: OperationRequest, kind: str) -> tuple[str, int] | None:
    """Why an operation of this kind does not run as the request came, and the status that says so."""
    if kind == "mutation" and not request.allow_mutation:
        return "A mutation is sent by POST.", 405
    if kind == "subscription" and not request.allow_stream:
        return "A subscription is answered as text/event-stream: ask for it in Accept.", 406
    return None


def ending_of(document: Document, sunset: int | None) -> Deprecation | None:
    """Of a document whose last day is that, if it has one, and of what it uses."""
    found = document.deprecation
    return found if sunset is None else Deprecation(until=sunset).beside(found)


@dataclass(slots=True)
class Ready:
    """An operation that passed every check."""

    kind: str
    """query, mutation or subscription."""
    document: Document
    node: OperationDefinitionNode
    name: str | None
    variables: dict[str, Any]  # Any: JSON
    verdict: Verdict
    execution: DeferredExecutor
    """With the variables' values; good for one execution."""
    cost: Cost
    actor: Actor | None = None
    """Who does it, where that may have to be recorded; None for a plain read."""
    sunset: int | None = None
    """The request's."""

    @property
    def deprecation(self) -> Deprecation | None:
        """Of the document, and of what it uses."""
        return self.document.deprecation if self.sunset is None else ending_of(self.document, self.sunset)

    @property
    def executor(self) -> GatedExecutor:
        """The execution's, built now if it was not yet."""
        return self.execution.built
