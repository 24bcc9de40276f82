"""A few orders of a tenant's, changed at will; all that happens to them is logged."""

from datetime import timedelta
from typing import Any

from db.changes import lock_row, update_row
from db.events import EventDraft
from db.ids import new_id
from db.orders import LISTING, insert_order
from db.statements import Statement
from db.tenancy import TenantWriter
from tests.support.plant import NOON, Floor

Columns = dict[str, Any]  # Any: one value per column
REMOVE = Statement("DELETE FROM orders WHERE tenant_id = $1 AND id = $2", ("tenant", "id"), {})
ROW: Columns = {
    "status": "PENDING",
    "currency": "EUR",
    "total": 1,
    "notes": None,
    "due_at": None,
    "created_by": None,
    "assigned_to": None,
    "version": 1,
    "created_at": NOON,
    "updated_at": NOON,
}


class Shelf:
    """A few orders of mine, by number; all that happens to them is logged."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.ids: dict[int, str] = {}
        self.made = 0

    async def clear(self) -> None:
        """Begin with nothing; nobody is told."""
        await self.floor.raw("DELETE FROM orders")
        self.ids.clear()

    async def write(self, *writes: tuple[str, int, Columns]) -> None:
        """All in one transaction; what makes no sense is passed over."""
        async with self.floor.writer() as writer:
            for verb, number, columns in writes:
                if verb == "create" and number not in self.ids:
                    await self._create(writer, number, columns)
                elif verb != "create" and number in self.ids:
                    await (self._change(writer, number, columns) if verb == "change" else self._remove(writer, number))

    async def _create(self, writer: TenantWriter, number: int, columns: Columns) -> None:
        self.made += 1
        key = {"id": new_id(), "number": f"N{number}-{self.made}", "customer_id": self.floor.rows["customers"][0]["id"]}
        row = await insert_order(writer, {**ROW, **key, **columns}, [])
        self.ids[number] = row["id"]
        writer.record(EventDraft("order.created", "order", row["id"], 1, None, dict(row)))

    async def _change(self, writer: TenantWriter, number: int, columns: Columns) -> None:
        before = await lock_row(writer, LISTING, self.ids[number])
        assert before is not None
        row = await update_row(writer, LISTING, before, columns, before["updated_at"] + timedelta(seconds=1))
        writer.record(EventDraft("order.updated", "order", row["id"], row["version"], dict(before), dict(row)))

    async def _remove(self, writer: TenantWriter, number: int) -> None:
        id_ = self.ids.pop(number)
        before = await lock_row(writer, LISTING, id_)
        assert before is not None
        await writer.fetch(REMOVE, id=id_)
        writer.record(EventDraft("order.removed", "order", id_, before["version"], dict(before), None))
