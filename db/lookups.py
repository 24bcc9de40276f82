"""Rows by their keys, for many keys at once: what every relation stands on.

The statement is built once for a table and its columns. Ids that are unknown, or another tenant's, are simply not
among the answers.
"""

from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import ARRAY, Table, any_, bindparam

from db.joins import reading
from db.statements import Statement, compile_statement
from db.tenancy import Row, TenantReader, TenantWriter


async def rows_by_id(
    reader: TenantReader | TenantWriter, table: Table, ids: Sequence[str], columns: Sequence[str] | None = None
) -> dict[str, Row]:
    """The rows with these ids (hex), by id. ``columns`` None means all; the id always comes along."""
    if not ids:
        return {}
    rows = await reader.fetch(_by_id(table, None if columns is None else tuple(columns)), ids=list(ids))
    return {row["id"]: row for row in rows}


@lru_cache(maxsize=500)
def _by_id(table: Table, columns: tuple[str, ...] | None) -> Statement:
    ids = bindparam("ids", type_=ARRAY(table.c.id.type))
    return compile_statement(
        reading(table, columns).where(table.c.tenant_id == bindparam("tenant"), table.c.id == any_(ids))
    )
