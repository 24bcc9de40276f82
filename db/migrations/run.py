"""Walks the migrations as the owner: up, down, and the question whether the database is at head.

The owner login needs CREATEROLE once, to make the two group roles; without it the migration fails and names the
statements a superuser must run.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from db.migrations.head import head_revision
from db.migrations.partitions import AUDIT_LOG, EVENT_LOG, ensure_partitions
from db.migrations.prune import prune
from db.tables import DIRECTORY_ROLE, RUNTIME_ROLE

_ROOT = Path(__file__).parent
_MEMBERSHIP = text(
    "SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid "
    "JOIN pg_roles l ON l.oid = m.member WHERE l.rolname = :login"
)


async def upgrade(
    owner_dsn: str,
    runtime_login: str | None = None,
    revision: str = "head",
    keep_days: int | None = None,
    audit_days: int | None = None,
) -> None:
    """Bring the database up to ``revision``, let ``runtime_login`` take the two group roles, and make the logs'
    next partitions; drop the event log's that are older than ``keep_days``, the audit trail's than ``audit_days``.
    """
    async with _owner(owner_dsn) as connection:
        await connection.run_sync(_walk(command.upgrade, revision))
        if runtime_login is not None:
            await _admit(connection, runtime_login)
        if revision == "head":
            await ensure_partitions(connection, EVENT_LOG, keep_days)
            await ensure_partitions(connection, AUDIT_LOG, audit_days)
        await connection.commit()


async def prune_over(owner_dsn: str) -> dict[str, int]:
    """Remove what is over for long enough, of a database at head. How many rows of each table went."""
    async with _owner(owner_dsn) as connection:
        return await prune(connection)


async def downgrade(owner_dsn: str, revision: str) -> None:
    """Take the database down to ``revision`` ("base" empties it)."""
    async with _owner(owner_dsn) as connection:
        await connection.run_sync(_walk(command.downgrade, revision))
        await connection.commit()


async def is_current(owner_dsn: str) -> bool:
    """Whether the database stands at the newest revision."""
    async with _owner(owner_dsn) as connection:
        return (
            await connection.run_sync(lambda c: MigrationContext.configure(c).get_current_revision()) == head_revision()
        )


def _walk(verb: Callable[[Config, str], None], revision: str) -> Callable[[Connection], None]:
    return lambda connection: verb(_config(connection), revision)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_ROOT))
    config.attributes["connection"] = connection
    return config


@asynccontextmanager
async def _owner(dsn: str) -> AsyncIterator[AsyncConnection]:
    async def connect() -> asyncpg.Connection:
        return await asyncpg.connect(dsn, server_settings={"application_name": "tidegate-migrate"})

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await asyncio.shield(engine.dispose())


async def _admit(connection: AsyncConnection, login: str) -> None:
    held = set((await connection.execute(_MEMBERSHIP, {"login": login})).scalars())
    quoted = '"' + login.replace('"', '""') + '"'
    for role in (RUNTIME_ROLE, DIRECTORY_ROLE):
        if role not in held:
            await connection.execute(text(f"GRANT {role} TO {quoted}"))
