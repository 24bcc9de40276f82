"""The directory's connections: what their role cannot reach, how they are shared, lost and closed."""

import asyncio

import asyncpg
import pytest

from db.directory import LONGEST_PAYLOAD, Directory
from db.errors import DatabaseAway, PoolExhausted
from db.ids import new_id
from db.tables import DIRECTORY_TABLES, tenant_tables
from tests.support.database import Dsns
from tests.support.waiting import until_answered


@pytest.mark.parametrize("table", sorted({table.name for table in tenant_tables()} - {"event_heads"}))
async def test_the_directory_cannot_read_a_tenants(table: str, dsns: Dsns) -> None:
    await _refused(dsns, f"SELECT 1 FROM {table}")


@pytest.mark.parametrize("table", sorted({table.name for table in tenant_tables()}))
async def test_the_directory_cannot_write_a_tenants(table: str, dsns: Dsns) -> None:
    await _refused(dsns, f"DELETE FROM {table}")


async def _refused(dsns: Dsns, sql: str) -> None:
    connection = await asyncpg.connect(dsns.runtime, server_settings={"role": "tidegate_directory"})
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(sql)
    finally:
        await connection.close()


@pytest.mark.parametrize("table", sorted(DIRECTORY_TABLES))
async def test_a_tenants_connection_cannot_read_the_directorys(table: str, dsns: Dsns) -> None:
    connection = await asyncpg.connect(dsns.runtime, server_settings={"role": "tidegate_runtime"})
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f"SELECT 1 FROM {table}")
    finally:
        await connection.close()


async def test_more_callers_than_connections_are_all_served(directory: Directory) -> None:
    assert await asyncio.gather(*(directory.user_by_id(new_id()) for _ in range(50))) == [None] * 50


async def test_a_cancelled_caller_leaves_no_answer_to_the_next_one(directory: Directory) -> None:
    user = await directory.create_user(f"{new_id()}@db.example", "User")
    for delay in (0, 0.0001, 0.0003, 0.001) * 10:
        task = asyncio.create_task(directory.user_by_id(user))
        await asyncio.sleep(delay)
        task.cancel()
        assert await directory.user_by_id(new_id()) is None


async def test_a_cancelled_callers_connection_serves_nobody_after(dsns: Dsns, superuser: asyncpg.Connection) -> None:
    directory = await Directory.open(dsns.runtime, 1)
    waiting = "SELECT pid FROM pg_locks WHERE relation = 'users'::regclass AND NOT granted"
    try:
        async with superuser.transaction():
            await superuser.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
            held = asyncio.create_task(directory.user_by_id(new_id()))
            await until_answered(lambda: superuser.fetchval(waiting))
            pid = await superuser.fetchval(waiting)
            held.cancel()
            following = asyncio.create_task(directory.user_by_id(new_id()))
            await until_answered(lambda: superuser.fetchval(f"{waiting} AND pid <> $1", pid))
        assert await following is None
        assert held.cancelled()
    finally:
        await directory.close()


async def test_waiting_for_a_connection_has_an_end(dsns: Dsns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.directory.WAIT_SECONDS", 0.05)
    directory = await Directory.open(dsns.runtime, 1)
    blocker = await asyncpg.connect(dsns.superuser)
    try:
        async with blocker.transaction():
            await blocker.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
            held = asyncio.create_task(directory.user_by_id(new_id()))
            await asyncio.sleep(0.1)
            with pytest.raises(PoolExhausted):
                await directory.user_by_id(new_id())
        assert await held is None
    finally:
        await blocker.close()
        await directory.close()


async def test_a_lost_connection_is_replaced(dsns: Dsns, superuser: asyncpg.Connection) -> None:
    directory = await Directory.open(dsns.runtime, 1)
    try:
        await superuser.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE application_name = 'tidegate directory' AND datname = current_database()"
        )
        await asyncio.sleep(0.1)
        assert await directory.user_by_id(new_id()) is None
    finally:
        await directory.close()


async def test_what_is_notified_is_heard(directory: Directory) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue(10)
    channel = f"c{new_id()}"
    await directory.listen(channel, heard.put_nowait)
    await directory.notify("another", "not this")
    for payload in ("tenant:1,tenant:2", "x" * LONGEST_PAYLOAD):
        await directory.notify(channel, payload)
        assert await asyncio.wait_for(heard.get(), 5) == payload


async def test_a_notification_that_is_too_long_is_refused(directory: Directory) -> None:
    with pytest.raises(ValueError, match="7999 bytes"):
        await directory.notify("tidegate", "é" * 4_000)


async def test_closing_ends_every_connection(dsns: Dsns, superuser: asyncpg.Connection) -> None:
    directory = await Directory.open(f"{dsns.runtime}", 1)
    await directory.listen("tidegate", lambda _: None)
    await directory.close()
    with pytest.raises(DatabaseAway):
        await directory.user_by_id(new_id())
