"""What of an operation is recorded, and when. A plain read is not: it is only counted.

Recorded is what changes something (by the transaction itself), what is denied, wholly or in part, what another
instance asks for, whatever an elevated caller does, and what uses a coordinate that asks for more than its noun does
(``schema/recorded.py``). A subscription is recorded when it opens.
"""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
)

from auth.principal import Principal
from db.audit_records import Actor, AuditRecord, Outcome
from db.clock import Clock
from schema.documents import Document, document_id
from schema.gates import Verdict
from schema.requests import OperationRequest, Ready

Note = Callable[[AuditRecord], None]
"""Takes a record and returns at once (``db/audit_writer.py``)."""


def actor_of(
    request: OperationRequest,
    document: Document,
    node: OperationDefinitionNode,
    verdict: Verdict,
    caller: Principal | None,
) -> Actor:
    """Who does the operation, as all records of it say."""
    return Actor(
        user_id=None if caller is None else caller.person.user_id,
        acting_as_id=None if caller is None or caller.acting_for is None else caller.user_id,
        request_id=request.request_id,
        kind=node.operation.value.upper(),
        credential=None if caller is None else caller.credential,
        key_name=None if caller is None else caller.key_name,
        space=None if caller is None else caller.space.value,
        operation_name=node.name.value if node.name else None,
        document_id=document.id,
        elevation_id=None if caller is None or caller.elevation is None else caller.elevation.id,
        address=request.address,
        coordinates=tuple(sorted(verdict.recorded)),
        denials=verdict.denied,
    )


class Auditing:
    """One a gateway; ``note`` None: nothing but changes is recorded."""

    def __init__(self, note: Note | None, clock: Clock) -> None:
        self._note = note
        self._clock = clock

    def refused(
        self,
        request: OperationRequest,
        document: Document,
        node: OperationDefinitionNode,
        verdict: Verdict,
        caller: Principal | None,
    ) -> None:
        """The gates let nothing of it run."""
        actor = actor_of(request, document, node, verdict, caller)
        actor.denials = {**verdict.denied, **verdict.refused}
        self._record(actor, document, node, caller, Outcome.DENIED)

    def turned_away(self, request: OperationRequest, caller: Principal | None) -> None:
        """The caller may not run the document at all; nobody looked into it."""
        if self._note is None:
            return
        actor = Actor(
            user_id=None if caller is None else caller.person.user_id,
            acting_as_id=None if caller is None or caller.acting_for is None else caller.user_id,
            request_id=request.request_id,
            kind="ENTRY",
            credential=None if caller is None else caller.credential,
            key_name=None if caller is None else caller.key_name,
            space=None if caller is None else caller.space.value,
            document_id=request.document_id or document_id(request.document or ""),
            address=request.address,
        )
        tenant = None if caller is None else caller.tenant.hex
        self._note(AuditRecord(tenant, actor, self._clock(), "runDocument", Outcome.DENIED))

    def opened(self, ready: Ready, caller: Principal) -> None:
        """A subscription begins."""
        if ready.actor is not None:
            outcome = Outcome.PARTIAL if ready.actor.denials else Outcome.ALLOWED
            self._record(ready.actor, ready.document, ready.node, caller, outcome)

    def ran(self, request: OperationRequest, ready: Ready, caller: Principal | None, result: ExecutionResult) -> None:
        """A query or a mutation is over: with an actor, or with errors, of which some may be denials that only running
        it could tell.
        """
        told = _denials_in(result)
        actor = ready.actor
        if actor is None:
            if not told:
                return
            actor = actor_of(request, ready.document, ready.node, ready.verdict, caller)
        if actor.refused is not None:
            self._record(actor, ready.document, ready.node, caller, Outcome.DENIED)
            return
        watched = caller is not None and caller.watched
        if actor.recorded or not (watched or actor.coordinates or actor.denials or told):
            return
        actor.denials = {**actor.denials, **told}
        failed = result.data is None and bool(result.errors)
        outcome = Outcome.FAILED if failed else Outcome.PARTIAL if actor.denials else Outcome.ALLOWED
        self._record(actor, ready.document, ready.node, caller, outcome)

    def _record(
        self,
        actor: Actor,
        document: Document,
        node: OperationDefinitionNode,
        caller: Principal | None,
        outcome: Outcome,
    ) -> None:
        if self._note is not None:
            tenant = None if caller is None else caller.tenant.hex
            action = _first_field(node.selection_set, document.fragments) or "__typename"
            self._note(AuditRecord(tenant, actor, self._clock(), action, outcome, changes=actor.refused))


def is_news(node: OperationDefinitionNode, verdict: Verdict, caller: Principal | None) -> bool:
    """Whether an operation that runs may have to be recorded: a plain read has not, but for whom all is."""
    watched = caller is not None and caller.watched
    return watched or node.operation is OperationType.MUTATION or bool(verdict.recorded or verdict.denied)


def _denials_in(result: ExecutionResult) -> Mapping[str, str]:
    return {
        str(error.extensions["coordinate"]): str(error.extensions["permission"])
        for error in result.errors or ()
        if error.extensions and error.extensions.get("code") == "FORBIDDEN" and "coordinate" in error.extensions
    }


def _first_field(selections: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]) -> str | None:
    """The first root field, whatever fragments it stands in."""
    for node in selections.selections:
        if isinstance(node, FieldNode):
            return node.name.value
        inner: Any = fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
        found = _first_field(inner.selection_set, fragments)
        if found is not None:
            return found
    return None
