"""Statements of the directory's on one of its connections: one alone, or one with its record. A part of its door."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from db.audit_records import AuditRecord
from db.recorder import ADD, values_of
from db.sending import Observer
from db.statements import Statement

Row = asyncpg.Record
Values = Mapping[str, object]
Recorded = AuditRecord | Sequence[AuditRecord] | None
"""What goes on record."""


class _NothingDoneError(Exception):
    """The statement did nothing: of what went before it nothing stays."""


async def run(
    connection: PoolConnectionProxy, statement: Statement, values: Values, observer: Observer | None
) -> list[Row]:
    """One statement by itself."""
    if observer is not None:
        observer(statement.sql)
    rows: list[Row] = await connection.fetch(statement.sql, *statement.args(values))
    return rows


async def run_together(
    connection: PoolConnectionProxy,
    statement: Statement,
    values: Values,
    observer: Observer | None,
    lock: Statement | None,
    record: Recorded,
) -> list[Row]:
    """The statement in one transaction with its record, after ``lock``; nothing at all when it answers no row.

    It comes last: it may lock what everybody changes (``identity_head``), and then only the commit is to be waited for.
    """
    records = [record] if isinstance(record, AuditRecord) else record or ()
    rows: list[Row] = []
    try:
        with suppress(_NothingDoneError):
            async with connection.transaction():
                if lock is not None:
                    await run(connection, lock, values, observer)
                if records:
                    await run(connection, ADD, values_of(records), observer)
                rows = await run(connection, statement, values, observer)
                if not rows:
                    raise _NothingDoneError
                for each in records:
                    each.actor.wrote = True
    finally:
        if connection.is_in_transaction():  # cancelled while it was to end: nobody else is to find it open
            connection.terminate()
    for each in records if rows else ():
        each.actor.recorded = True
    return rows
