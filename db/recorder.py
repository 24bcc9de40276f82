"""Audit records that the directory writes: of any tenant, and it can read none of them. A part of its door."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

import asyncpg
from sqlalchemy.dialects import postgresql

from db.audit_records import AuditRecord
from db.statements import Statement
from db.tables import NOBODY, audit_log

Row = asyncpg.Record
Run = Callable[..., Awaitable[list[Row]]]
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
_TYPES = {column.name: column.type.compile(dialect=_DIALECT) for column in audit_log.c}
_COLUMNS = ", ".join(_TYPES)
# ruff: noqa: S608  made of the table's own names
_ADD = f"""
INSERT INTO audit_log ({_COLUMNS})
SELECT coalesce(r.tenant_id, m.tenant_id, '{NOBODY}'), {", ".join(f"r.{name}" for name in list(_TYPES)[1:])}
FROM jsonb_to_recordset($1::jsonb) AS r ({", ".join(f'"{name}" {kind}' for name, kind in _TYPES.items())}, whose uuid)
LEFT JOIN memberships m ON r.tenant_id IS NULL AND m.user_id = coalesce(r.whose, r.actor_id)
ON CONFLICT DO NOTHING
"""
ADD = Statement(_ADD, ("records",), {})
"""By hand: records as JSON, any number in one statement. What was written already is not written again."""


def values_of(records: Sequence[AuditRecord]) -> Mapping[str, object]:
    """What fills ``ADD`` in."""
    return {"records": [{**record.columns(), "whose": record.whose} for record in records]}


class Recorder:
    """Reached as ``directory.recorder``; raises what the directory raises."""

    def __init__(self, run: Run) -> None:
        self._run = run

    async def add(self, records: Sequence[AuditRecord]) -> None:
        """Write them, all or none; again is once."""
        await self._run(ADD, **values_of(records))
