"""A request on its way through: as the front door read it, and when it has passed every check."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from graphql import OperationDefinitionNode

from db.audit_records import Actor
from resolvers.context import SessionSlot
from schema.documents import Document
from schema.gates import Verdict
from schema.meter import Cost
from schema.reference import DeferredExecutor, GatedExecutor


@dataclass(frozen=True, slots=True)
class OperationRequest:
    """A GraphQL request as the front door read it."""

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
    listen: Callable[[Callable[[], object] | None], None] | None = None
    """Told what to do should the client hang up, and None when there is nothing to do any more."""
    cost: Literal["report", "validate"] | None = None
    """Whether the answer tells what the operation cost; or what it would cost, and does not run it."""




@dataclass(frozen=True, slots=True)
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

    @property
    def executor(self) -> GatedExecutor:
        """The execution's, built now if it was not yet."""
        return self.execution.built
