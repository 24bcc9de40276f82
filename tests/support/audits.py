"""Audit records to write, and the trail as it lies in the database."""

from typing import Any

from db.audit_records import Actor, AuditRecord, Outcome
from db.tenancy import TenantId
from tests.support.plant import ACTOR, MINE, NOON, Floor


class Notes:
    """Keeps what is noted."""

    def __init__(self) -> None:
        self.records: list[AuditRecord] = []

    def note(self, record: AuditRecord) -> None:
        self.records.append(record)


def record(outcome: Outcome = Outcome.ALLOWED, **changes: Any) -> AuditRecord:  # Any: one value per field
    """Mine, of a read of customers, but for the changes; ``actor`` are changes of who did it."""
    whose = {"user_id": ACTOR.user_id, "request_id": "req-test", "kind": "QUERY", **changes.pop("actor", {})}
    given: dict[str, Any] = {"tenant_id": MINE.hex, "created_at": NOON, "action": "customers", **changes}
    return AuditRecord(actor=Actor(**whose), outcome=outcome, **given)


async def trail(floor: Floor, tenant: TenantId = MINE) -> list[Any]:  # Any: rows
    """The tenant's records in order of time, those that were planted aside, read as the owner with that tenant."""
    sql = "SELECT * FROM audit_log WHERE action <> 'planted' ORDER BY created_at, id"
    return list(await floor.raw(sql, tenant=tenant))
