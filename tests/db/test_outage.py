"""The database away: a clear error that passes, and service as before when it is back."""

import asyncpg
import pytest

from db.errors import DatabaseAway
from db.pool import TenantPool
from tests.support.world import World


async def test_a_database_that_cannot_be_reached_is_away() -> None:
    async def refused() -> asyncpg.Connection:
        return await asyncpg.connect("postgresql://nobody@127.0.0.1:1/nothing", timeout=2)

    pool = TenantPool(refused, 1)
    for _ in range(3):
        with pytest.raises(DatabaseAway):
            await pool.lend("0" * 32)
    assert pool.in_use == 0


async def test_a_connection_that_was_cut_is_away_once_and_replaced(fresh_world: World) -> None:
    world = fresh_world
    query = "{ orders(first: 1) { nodes { id } } }"
    assert (await world.ask(query)).codes == []
    cut = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await world.superuser.execute(cut)
    replies = [await world.ask(query) for _ in range(12)]
    assert {code for reply in replies for code in reply.codes} <= {"OVERLOADED"}
    assert replies[-1].codes == []
