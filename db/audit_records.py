"""What the audit trail says: who did it and how (an ``Actor``), and what was done.

A change is recorded in the transaction that makes it: of a tenant's rows by its writer (``db/tenancy.py``), of who may
what by the directory (``db/directory.py``). Everything else is recorded apart from the answer (``db/audit_writer.py``).
All write the same columns.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from db.events import Position
from db.ids import new_id
from db.tables import NOBODY


class Outcome(StrEnum):
    """What came of it. PARTIAL: some of what was asked for was denied."""

    ALLOWED = "ALLOWED"
    PARTIAL = "PARTIAL"
    DENIED = "DENIED"
    FAILED = "FAILED"


@dataclass(slots=True)
class Actor:
    """Who does one operation, by which credential, from where, by which document: the same in all that is recorded of
    it.
    """

    user_id: str | None
    request_id: str | None
    kind: str = "MUTATION"
    acting_as_id: str | None = None
    """Whose rights are used, when they are another user's."""
    credential: str | None = None
    """SESSION, TOKEN or KEY."""
    key_name: str | None = None
    elevation_id: str | None = None
    space: str | None = None
    operation_name: str | None = None
    document_id: str | None = None
    """SHA-256 of the document's text, in hex."""
    address: str | None = None
    coordinates: tuple[str, ...] = ()
    """Those that have a gate of their own."""
    denials: Mapping[str, str] = field(default_factory=dict)
    """Coordinate → the permission that is missing."""
    refused: Mapping[str, Any] | None = None  # Any: JSON
    """What a rule refused that has to be on record, as a record's changes."""
    recorded: bool = False
    """Whether a transaction of this operation recorded it."""
    wrote: bool = False
    """Whether one was told to commit: what it changed is there, or may be."""
    position: Position | None = None
    """Where the tenant's log stood after the newest; None where that is not known."""

    @property
    def holder_id(self) -> str | None:
        """Whose it is what is made."""
        return self.acting_as_id or self.user_id


@dataclass(frozen=True, slots=True)
class AuditDraft:
    """A change about to be recorded. ``entity_id`` is the public id; ``changes`` are by column, before and after."""

    action: str
    entity: str
    entity_id: str | None
    changes: Mapping[str, Any] | None  # Any: JSON


@dataclass(slots=True)
class AuditRecord:
    """What is recorded by the directory. Without a tenant it goes to all tenants of who did it, or of ``whose`` it is,
    else to nobody's.
    """

    tenant_id: str | None
    actor: Actor
    created_at: datetime
    action: str
    outcome: Outcome
    entity: str | None = None
    entity_id: str | None = None
    changes: Mapping[str, Any] | None = None  # Any: JSON
    count: int = 1
    whose: str | None = None
    """The user whose tenants it goes to, without one of its own, if who did it is nobody's."""
    id: str = ""
    """Given when it is about to be written."""

    def likeness(self) -> tuple[object, ...]:
        """Equal for records that may be one."""
        who = self.actor
        return (
            *(self.tenant_id, who.user_id, who.acting_as_id, who.credential, who.key_name, who.elevation_id),
            *(who.space, who.address, who.kind, who.operation_name, who.document_id),
            *(self.action, self.outcome, self.entity, self.entity_id, who.coordinates, tuple(who.denials.items())),
        )

    def columns(self) -> dict[str, Any]:  # Any: JSON
        """One value per column, but for the tenant of who has several."""
        who, self.id = self.actor, self.id or new_id()
        nobodys = None if who.user_id or self.whose else NOBODY
        return {
            "tenant_id": self.tenant_id or nobodys,
            "id": self.id,
            "created_at": self.created_at,
            "kind": who.kind,
            "action": self.action,
            "outcome": self.outcome,
            "actor_id": who.user_id,
            "acting_as_id": who.acting_as_id,
            "credential": who.credential,
            "key_name": who.key_name,
            "elevation_id": who.elevation_id,
            "space": who.space,
            "operation_name": who.operation_name,
            "document_id": who.document_id,
            "request_id": who.request_id,
            "address": who.address,
            "entity": self.entity,
            "entity_id": self.entity_id,
            "coordinates": who.coordinates,
            "denials": who.denials or None,
            "changes": self.changes,
            "count": self.count,
        }
