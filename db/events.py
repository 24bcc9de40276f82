"""The per-tenant event log: what a change is, how it is appended, how it is read.

The number of an event is taken from its tenant's head row, which is locked last in the transaction: numbers are
gapless and in commit order. So one integer is the cursor of every stream of the tenant, and a missing number is a
proven loss. Head, entries and audit record are written by ONE statement, then the transaction commits: no other round
trip happens under the lock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Integer, Label, Table, bindparam, select
from sqlalchemy.types import DateTime

from db.ids import new_id
from db.statements import Statement, compile_statement
from db.tables import event_heads, event_log, identity_head

if TYPE_CHECKING:
    from db.audit_records import Actor, AuditDraft
    from db.tenancy import TenantReader

Image = Mapping[str, Any]  # Any: one value per column, of that column's type
"""A row as the log keeps it: every column that a filter, an order or a row scope can judge."""


@dataclass(frozen=True, slots=True)
class EventDraft:
    """A change about to be logged. ``before`` is None for a creation, ``after`` None for a removal."""

    type: str
    entity: str
    entity_id: str
    version: int
    before: Image | None
    after: Image | None


@dataclass(frozen=True, slots=True)
class Event:
    """A change as the log holds it; ``seq`` and ``ts`` are its place."""

    seq: int
    ts: datetime
    type: str
    entity: str
    entity_id: str
    version: int
    before: Image | None
    after: Image | None


@dataclass(frozen=True, slots=True)
class Position:
    """A place in one tenant's log: the newest event that counts as seen, and its time (so that a read can skip
    older partitions).
    """

    seq: int
    ts: datetime


APPEND = """
WITH head AS (
    INSERT INTO event_heads AS h (tenant_id, seq, ts) VALUES ($1, $2, clock_timestamp())
    ON CONFLICT (tenant_id) DO UPDATE SET seq = h.seq + excluded.seq, ts = greatest(h.ts, clock_timestamp())
    RETURNING seq, ts
), entries AS (
    INSERT INTO event_log (tenant_id, seq, ts, type, entity, entity_id, version, actor_id, before, after, tally)
    SELECT $1, head.seq - $2 + e.n, head.ts, e.type, e.entity, e.entity_id, e.version, $3, e.before, e.after,
        e.entity = 'order' AND current_setting('tidegate.tally', true) IS NOT DISTINCT FROM 'log'
    FROM head, unnest($4::text[], $5::text[], $6::uuid[], $7::int[], $8::jsonb[], $9::jsonb[])
        WITH ORDINALITY AS e (type, entity, entity_id, version, before, after, n)
), audits AS (
    INSERT INTO audit_log (
        tenant_id, id, created_at, outcome, actor_id, request_id, action, entity, entity_id, changes,
        kind, acting_as_id, credential, key_name, elevation_id, space,
        operation_name, document_id, address, coordinates, denials
    )
    SELECT $1, a.id, head.ts, CASE WHEN $26::jsonb IS NULL THEN 'ALLOWED' ELSE 'PARTIAL' END, $3, $10,
        a.action, a.entity, a.entity_id, a.changes,
        $16::text, $17::uuid, $18::text, $19::text, $20::uuid, $21::text,
        $22::text, $23::text, $24::text, $25::text[], $26::jsonb
    FROM head, unnest($11::uuid[], $12::text[], $13::text[], $14::text[], $15::jsonb[])
        AS a (id, action, entity, entity_id, changes)
) SELECT seq, ts FROM head
"""
"""By hand: one statement with three inserts that SQLAlchemy would not make clearer. Arguments as ``append_values``
gives them. ``tally`` holds exactly where the triggers that count orders rest for this connection.
"""


def append_values(
    tenant: str, events: Sequence[EventDraft], audits: Sequence["AuditDraft"], actor: "Actor"
) -> tuple[object, ...]:
    """The arguments of ``APPEND``, in their order."""
    return (
        tenant,
        len(events),
        actor.user_id,
        [e.type for e in events],
        [e.entity for e in events],
        [e.entity_id for e in events],
        [e.version for e in events],
        [e.before for e in events],
        [e.after for e in events],
        actor.request_id,
        [new_id() for _ in audits],
        [a.action for a in audits],
        [a.entity for a in audits],
        [a.entity_id for a in audits],
        [a.changes for a in audits],
        *(actor.kind, actor.acting_as_id, actor.credential, actor.key_name, actor.elevation_id, actor.space),
        *(actor.operation_name, actor.document_id, actor.address, actor.coordinates, dict(actor.denials) or None),
    )


def identity_number() -> Label[int]:
    """A column: the number of the newest change of who-may-what at the moment that the statement reads."""
    return select(identity_head.c.number).scalar_subquery().label("identity_number")


def _after_statement() -> Statement:
    log = event_log.c
    columns = (log.seq, log.ts, log.type, log.entity, log.entity_id, log.version, log.before, log.after)
    return compile_statement(
        select(*columns, identity_number())
        .where(
            log.tenant_id == bindparam("tenant"),
            log.seq > bindparam("seq", type_=BigInteger),
            log.ts >= bindparam("ts", type_=DateTime(timezone=True)),
        )
        .order_by(log.seq)
        .limit(bindparam("limit", type_=Integer))
    )


_AFTER = _after_statement()
_HEAD = compile_statement(
    select(event_heads.c.seq, event_heads.c.ts, identity_number()).where(event_heads.c.tenant_id == bindparam("tenant"))
)


async def events_after(reader: "TenantReader", position: Position, limit: int) -> list[Event]:
    """The next events after ``position`` in order, at most ``limit``."""
    return (await numbered_events_after(reader, position, limit))[0]


async def numbered_events_after(reader: "TenantReader", position: Position, limit: int) -> tuple[list[Event], int]:
    """The same, and the number of the newest change of who-may-what when they were read: every change that was
    committed before one of these events has that number or a smaller one. Zero without events.
    """
    rows = await reader.fetch(_AFTER, seq=position.seq, ts=position.ts, limit=limit)
    return [Event(*row[:-1]) for row in rows], rows[0]["identity_number"] if rows else 0


async def head_of(reader: "TenantReader") -> Position | None:
    """The newest position of the tenant's log, None when nothing was ever logged."""
    return (await numbered_head_of(reader))[0]


async def numbered_head_of(reader: "TenantReader") -> tuple[Position | None, int]:
    """The same, and the number of the newest change of who-may-what, as ``numbered_events_after`` tells it."""
    rows = await reader.fetch(_HEAD)
    return (Position(rows[0]["seq"], rows[0]["ts"]), rows[0]["identity_number"]) if rows else (None, 0)


def typed_event(table: Table, event: Event) -> Event:
    """The event with both images in the columns' types (the log keeps JSON)."""
    return replace(event, before=typed_image(table, event.before), after=typed_image(table, event.after))


def typed_image(table: Table, image: Image | None) -> Image | None:
    """An image as the log keeps it (JSON), with its times as times."""
    if image is None:
        return None
    times = {column.name for column in table.c if isinstance(column.type, DateTime)}
    return {
        name: datetime.fromisoformat(value) if name in times and value is not None else value
        for name, value in image.items()
    }
