"""What a resolver is given: who asks, a door to that caller's rows, and the few ports of the outside world."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from auth.budgets import Charge
from auth.confirmation import Confirmation
from auth.principal import Principal
from auth.sessions import USUAL, Lifetimes
from db.audit_records import Actor, AuditRecord, Outcome
from db.clock import Clock
from db.engine import Database
from db.hub import Hub
from db.replica_reader import ReplicaReader
from db.tenancy import TenantReader, TenantWriter
from resolvers.open_streams import NOBODYS_BOOK, StreamBook


class SessionSlot(Protocol):
    """Where the session's new secret is put, for the answer to carry it to the browser that asked."""

    def put(self, secret: str) -> None:
        """The empty text takes the cookie away."""


@dataclass(slots=True)
class ReadContext:
    """One operation's (or one event's) context. ``reader`` sees the rows of the principal's tenant that are in its
    scope, and nothing else.
    """

    principal: Principal
    reader: TenantReader
    database: Database
    hub: Hub
    clock: Clock
    request_id: str
    book: StreamBook = NOBODYS_BOOK
    """Where the open streams are known."""
    lifetimes: Lifetimes = USUAL
    """Of sessions."""
    charge: Charge | None = None
    """What the operation takes of its caller's budgets; None where there are none."""

    @property
    def newest(self) -> TenantReader:
        """Sees all that is committed, where ``reader`` may be behind: for what no log's position tells of."""
        return self.reader.primary if isinstance(self.reader, ReplicaReader) else self.reader


@dataclass(slots=True)
class WriteContext(ReadContext):
    """A mutation's context: what a read has, and a way to write."""

    session_slot: SessionSlot | None = None
    """None where no answer can carry a secret: on a stream."""
    actor: Actor | None = None
    """The principal, as the audit trail tells of it."""
    confirmation: Confirmation | None = None
    """Finds out whether the principal's person is there; None where nobody can."""

    @property
    def author(self) -> Actor:
        """Who writes, as the audit trail tells of it."""
        return self.actor or Actor(self.principal.person.user_id, self.request_id)

    def write(self) -> TenantWriter:
        """One transaction: ``async with ctx.write() as writer:``."""
        who, deadline = self.principal, self.reader.deadline
        return self.database.writer(who.tenant, self.author, who.scope, deadline=deadline)

    def record(
        self,
        action: str,
        entity: str,
        entity_id: str,
        changes: Mapping[str, Any] | None = None,  # Any: JSON
    ) -> AuditRecord:
        """What goes on record with a change of the directory's, by the transaction that makes it."""
        tenant = self.principal.tenant.hex
        return AuditRecord(tenant, self.author, self.clock(), action, Outcome.ALLOWED, entity, entity_id, changes)
