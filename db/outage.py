"""What the driver throws when the database is away: it cannot be reached, is starting or stopping, or hung up."""

import asyncpg

AWAY: tuple[type[Exception], ...] = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.ObjectNotInPrerequisiteStateError,  # the database is closed to connections
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
)
"""Caught where statements run, after the errors that are a caller's fault, and raised as ``DatabaseAway``."""
AWAY_TEXT = "The database is away for a moment. Try again; a read tells whether a change was made."
