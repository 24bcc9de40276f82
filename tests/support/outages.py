"""A database that hangs up, or is away for a while."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from tests.support.database import Dsns
from tests.support.plant import connected


async def cut(dsns: Dsns) -> None:
    """Every connection of the server's login ends."""
    async with connected(dsns.runtime) as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename = session_user"
        )


@asynccontextmanager
async def away(dsns: Dsns) -> AsyncIterator[asyncio.Event]:
    """The database takes no connections until the event is set, and has cut those it had."""
    name, back = urlsplit(dsns.owner).path.strip("/"), asyncio.Event()
    async with connected(dsns.of("postgres").superuser) as connection:

        async def stay() -> None:
            await back.wait()
            await connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')

        await connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        staying = asyncio.create_task(stay())
        try:
            yield back
        finally:
            back.set()
            await staying
