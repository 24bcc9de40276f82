"""Address lists of a tenant: a part of the directory's door. They stand in the tenant's own row, which says of every
caller from where it may do what.
"""

from collections.abc import Awaitable, Callable, Sequence

import asyncpg
from sqlalchemy import DateTime, Text, bindparam, select, update
from sqlalchemy.dialects.postgresql import JSONB

from db.audit_records import AuditRecord
from db.statements import compile_statement
from db.tables import tenants

Row = asyncpg.Record
Run = Callable[..., Awaitable[list[Row]]]
"""``await run(statement, **values)``: one statement as the directory, with ``now``."""
_TENANT = bindparam("tenant_id", type_=tenants.c.id.type)
OF_TENANT = compile_statement(select(tenants.c.address_lists).where(tenants.c.id == _TENANT))
PUT = compile_statement(
    update(tenants)
    .where(tenants.c.id == _TENANT)
    .values(
        address_lists=tenants.c.address_lists.op("-")(bindparam("grant", type_=Text)).op("||")(
            bindparam("put", type_=JSONB)
        ),
        version=tenants.c.version + 1,
        updated_at=bindparam("now", type_=DateTime(timezone=True)),
    )
    .returning(tenants.c.address_lists)
)
"""One list alone: those of other grants stay, whoever changes them meanwhile."""


class AddressLists:
    """Reached as ``directory.address_lists``; raises what the directory raises. What changes goes on ``record``."""

    def __init__(self, run: Run) -> None:
        self._run = run

    async def of_tenant(self, tenant_id: str) -> dict[str, list[str]]:
        """By grant."""
        rows = await self._run(OF_TENANT, tenant_id=tenant_id)
        return dict(rows[0]["address_lists"]) if rows else {}

    async def put(
        self, tenant_id: str, grant: str, networks: Sequence[str], *, record: AuditRecord | None = None
    ) -> dict[str, list[str]]:
        """Bind the grant to these networks, or to none: then it counts from anywhere. Answers all lists."""
        put = {grant: list(networks)} if networks else {}
        rows = await self._run(PUT, record=record, tenant_id=tenant_id, grant=grant, put=put)
        return dict(rows[0]["address_lists"]) if rows else {}
