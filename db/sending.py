"""One statement on one borrowed connection, and what the driver's errors mean to the house."""

from collections.abc import Callable

import asyncpg

from db.deadlines import Deadline
from db.errors import BadValue, DatabaseAway, Duplicate, QueryTimeout
from db.outage import AWAY, AWAY_TEXT
from db.pool import Slot, TenantPool
from db.statements import Statement

Observer = Callable[[str], None]
"""Told the text of each statement as it is sent: for counting and tracing."""
STALE = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)
"""The tables changed after the statement was prepared: another connection can run it."""


async def send(
    slot: Slot,
    statement: Statement,
    values: dict[str, object],
    observer: Observer | None,
    deadline: Deadline | None = None,
) -> list[asyncpg.Record]:
    """The statement's rows. Raises BadValue, Duplicate, QueryTimeout, DatabaseAway; the connection is not to be trusted
    after any of them: a statement that is given up is cancelled when its connection is thrown away.
    """
    if observer is not None:
        observer(statement.sql)
    seconds = None if deadline is None else deadline.left()
    try:
        prepared = slot.known(statement.sql) or await slot.prepared(statement.sql, seconds)
        rows, _, _ = await slot.execute(prepared, statement.args(values), seconds)
    except (asyncpg.DataError, ValueError) as error:  # the driver throws either at what it cannot encode
        raise BadValue("A value is out of range or holds characters that text cannot hold.") from error
    except asyncpg.UniqueViolationError as error:
        raise Duplicate(error.constraint_name) from error
    except (asyncpg.QueryCanceledError, TimeoutError) as error:
        raise QueryTimeout("The statement ran past its deadline.") from error
    except asyncpg.LockNotAvailableError:
        raise  # the driver counts it among those below, but a row that is held is no outage
    except AWAY as error:
        raise DatabaseAway(AWAY_TEXT) from error
    return rows


async def begin(pool: TenantPool, slot: Slot, text: str) -> None:
    """Begin a transaction; a connection that cannot is thrown away."""
    try:
        await slot.connection.execute(text)
    except BaseException as error:
        pool.discard(slot)
        if isinstance(error, AWAY):
            raise DatabaseAway(AWAY_TEXT) from error
        raise
