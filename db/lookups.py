"""Rows by their keys, for many keys at once: what every relation stands on.

The statement is built once for a table and its columns. Ids that are unknown, another tenant's, or out of the caller's
scope are simply not among the answers.
"""

from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import ARRAY, Table, any_, bindparam

from db.joins import reading
from db.scopes import reached
from db.statements import Statement, compile_statement
from db.tenancy import Row, TenantReader, TenantWriter


async def rows_by_id(
    reader: TenantReader | TenantWriter, table: Table, ids: Sequence[str], columns: Sequence[str] | None = None
) -> dict[str, Row]:
    """The rows with these ids (hex), by id. ``columns`` None means all; the id always comes along."""
    if not ids:
        return {}
    wanted = None if columns is None else tuple(columns)
    rows = await reader.fetch(_by_id(table, wanted, reader.scope.columns_of(table)), ids=list(ids))
    return {row["id"]: row for row in rows}


async def rows_pointed_at(
    reader: TenantReader, table: Table, ids: Sequence[str], columns: Sequence[str] | None = None
) -> dict[str, Row]:
    """The same whatever the scope, for rows that a row within it points to: whoever sees an order sees whose it is."""
    if not ids:
        return {}
    rows = await reader.fetch(_by_id(table, None if columns is None else tuple(columns)), ids=list(ids))
    return {row["id"]: row for row in rows}


@lru_cache(maxsize=500)
def _by_id(table: Table, columns: tuple[str, ...] | None, holders: tuple[str, ...] = ()) -> Statement:
    ids = bindparam("ids", type_=ARRAY(table.c.id.type))
    here = (table.c.tenant_id == bindparam("tenant"), table.c.id == any_(ids), *reached(table, holders))
    return compile_statement(reading(table, columns).where(*here))
