"""The shared server keeps tests apart."""

import asyncpg

from tests.support.database import Dsns, Server


async def ask(dsn: str, sql: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_the_workers_database_is_migrated(dsns: Dsns) -> None:
    assert await ask(dsns.owner, "SELECT to_regclass('orders') IS NOT NULL")


async def test_a_fresh_database_is_migrated_and_another_one(dsns: Dsns, fresh_dsns: Dsns) -> None:
    assert await ask(fresh_dsns.owner, "SELECT to_regclass('orders') IS NOT NULL")
    assert fresh_dsns.owner != dsns.owner


async def test_an_empty_database_has_no_tables(empty_dsns: Dsns) -> None:
    assert await ask(empty_dsns.owner, "SELECT to_regclass('orders') IS NULL")


async def test_the_runtime_login_is_not_the_owner(dsns: Dsns) -> None:
    assert await ask(dsns.runtime, "SELECT current_user") == dsns.runtime_login
    assert dsns.runtime_login != await ask(dsns.owner, "SELECT current_user")


async def test_a_dropped_database_is_gone(server: Server) -> None:
    dsns = await server.create("dropped")
    await server.drop("dropped")
    try:
        await ask(dsns.owner, "SELECT 1")
    except asyncpg.InvalidCatalogNameError:
        return
    raise AssertionError("it is still there")
