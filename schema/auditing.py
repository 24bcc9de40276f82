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
    name: str | None,
    verdict: Verdict,
    caller: Principal | None,
) -> Actor:
    """Who does the operation of that name, as all records of it say."""
    actor = Actor(None, request.request_id, document.kinds[name].upper())
    actor.operation_name, actor.document_id, actor.address = name, document.id, request.address
    actor.coordinates, actor.denials = verdict.coordinates, verdict.denied
    if caller is not None:
        _say_who(actor, caller)
        if caller.elevation is not None:
            actor.elevation_id = caller.elevation.id
    return actor


def _say_who(actor: Actor, caller: Principal) -> None:
    there = caller.acting_for
    if there is None:
        actor.user_id = caller.user_id
    else:
        actor.user_id, actor.acting_as_id = there.user_id, caller.user_id
    actor.credential, actor.key_name, actor.space = caller.credential, caller.key_name, str(caller.permissions.space)


class Auditing:
    """One a gateway; ``note`` None: nothing but changes is recorded."""

    def __init__(self, note: Note | None, clock: Clock) -> None:
        self._note = note
        self._clock = clock

    def refused(
        self,
        request: OperationRequest,
        document: Document,
        name: str | None,
        verdict: Verdict,
        caller: Principal | None,
    ) -> None:
        """The gates let nothing of it run."""
        actor = actor_of(request, document, name, verdict, caller)
        actor.denials = {**verdict.denied, **verdict.refused}
        self._record(actor, document, caller, Outcome.DENIED)

    def turned_away(self, request: OperationRequest, caller: Principal | None) -> None:
        """The caller may not run the document at all; nobody looked into it."""
        if self._note is None:
            return
        actor = Actor(None, request.request_id, "ENTRY", address=request.address)
        actor.document_id = request.document_id or document_id(request.document or "")
        if caller is not None:
            _say_who(actor, caller)
        tenant = None if caller is None else caller.tenant.hex
        self._note(AuditRecord(tenant, actor, self._clock(), "runDocument", Outcome.DENIED))

    def opened(self, ready: Ready, caller: Principal) -> None:
        """A subscription begins."""
        if ready.actor is not None:
            outcome = Outcome.PARTIAL if ready.actor.denials else Outcome.ALLOWED
            self._record(ready.actor, ready.document, caller, outcome)

    def ran(self, request: OperationRequest, ready: Ready, caller: Principal | None, result: ExecutionResult) -> None:
        """A query or a mutation is over: with an actor, or with errors, of which some may be denials that only running
        it could tell.
        """
        told = _denials_in(result) if result.errors else {}
        actor = ready.actor
        if actor is None:
            if not told:
                return
            actor = actor_of(request, ready.document, ready.name, ready.verdict, caller)
        if actor.refused is not None:
            self._record(actor, ready.document, caller, Outcome.DENIED)
            return
        if actor.recorded or not (actor.coordinates or actor.denials or told or (caller and caller.watched)):
            return
        if told:
            actor.denials = {**actor.denials, **told}
        failed = result.data is None and bool(result.errors)
        outcome = Outcome.FAILED if failed else Outcome.PARTIAL if actor.denials else Outcome.ALLOWED
        self._record(actor, ready.document, caller, outcome)

    def _record(self, actor: Actor, document: Document, caller: Principal | None, outcome: Outcome) -> None:
        if self._note is not None:
            tenant = None if caller is None else caller.tenant.hex
            action = _action_of(document, actor.operation_name)
            self._note(AuditRecord(tenant, actor, self._clock(), action, outcome, None, None, actor.refused))


def is_news(kind: str, verdict: Verdict, caller: Principal | None) -> bool:
    """Whether an operation that runs may have to be recorded: a plain read has not, but for whom all is."""
    if verdict.recorded or verdict.denied or kind == "mutation":
        return True
    return caller is not None and caller.watched


def _action_of(document: Document, name: str | None) -> str:
    action = document.actions.get(name)
    if action is None:
        found = _first_field(document.operations[name].selection_set, document.fragments)
        action = document.actions[name] = found or "__typename"
    return action


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
