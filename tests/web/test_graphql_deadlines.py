"""What takes too long, and what nobody waits for any more, is ended in PostgreSQL too; a change is whole or nothing."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tests.support.database import Dsns
from tests.support.plant import connected
from tests.support.server import GRAPHQL, Front, serving, settings_for
from tests.support.single import reserved
from tests.support.waiting import until_answered

LIST = "{ orders(first: 1) { nodes { id } } }"
LATE, PATIENT = 0.4, 20.0
UPDATE = 'mutation ($id: ID!) { updateOrder(input: {id: $id, notes: "late"}) { order { id } } }'
TWO = """mutation ($one: ID!, $other: ID!) {
    a: updateOrder(input: {id: $one, notes: "late"}) { order { id } }
    b: updateOrder(input: {id: $other, notes: "late"}) { order { id } } }"""
_LOCK = {
    "the table": "LOCK TABLE orders IN ACCESS EXCLUSIVE MODE",
    "the row": "SELECT 1 FROM orders WHERE id = $1 FOR UPDATE",
    "the log": "SELECT 1 FROM event_heads FOR UPDATE",
}


@asynccontextmanager
async def holding(dsns: Dsns, what: str, *values: str) -> AsyncIterator[asyncpg.Connection]:
    """Somebody keeps it from everybody else, and sees all."""
    async with connected(dsns.superuser) as connection, connection.transaction():
        await connection.execute(_LOCK[what]) if not values else await connection.fetch(_LOCK[what], *values)
        yield connection


async def waiting(dsns: Dsns) -> int:
    """Statements of the server's that wait for somebody's lock."""
    sql = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'tidegate' "
        "AND state = 'active' AND wait_event_type = 'Lock'"
    )
    async with connected(dsns.superuser) as connection:
        return int(await connection.fetchval(sql))


async def nothing_waits(dsns: Dsns) -> bool:
    return await waiting(dsns) == 0


async def something_waits(dsns: Dsns) -> bool:
    return await waiting(dsns) > 0


async def written(dsns: Dsns) -> tuple[int, int, int]:
    """Orders that say so, events and records."""
    tables = ("orders WHERE notes = 'late'", "event_log", "audit_log WHERE action = 'updateOrder'")
    async with connected(dsns.superuser) as connection:
        counts = [int(await connection.fetchval(f"SELECT count(*) FROM {table}")) for table in tables]
    return counts[0], counts[1], counts[2]


async def orders_of(front: Front, count: int) -> list[str]:
    answer = await front.post(f"{{ orders(first: {count}) {{ nodes {{ id }} }} }}", headers=await front.bearer())
    return [row["id"] for row in answer.json()["data"]["orders"]["nodes"]]


@pytest.mark.parametrize("engine", ["compiled", "reference"])
async def test_a_query_past_its_deadline_is_ended_here_and_in_postgresql(seeded_dsns: Dsns, engine: str) -> None:
    settings = settings_for(seeded_dsns, deadline_seconds=LATE, engine=engine)
    async with serving(settings) as front, holding(seeded_dsns, "the table"):
        answer = await front.post(LIST, headers=await front.bearer(), accept=GRAPHQL)
        assert answer.status_code == 504
        assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["OPERATION_TIMEOUT"]
        await until_answered(lambda: nothing_waits(seeded_dsns))


async def test_what_is_there_by_then_is_told(seeded_dsns: Dsns) -> None:
    async with serving(settings_for(seeded_dsns, deadline_seconds=LATE)) as front:
        async with holding(seeded_dsns, "the table"):
            document = (
                '{ products(first: 1) { nodes { id } } viewer { user { name } } order(id: "ord_'
                + "0" * 32
                + '") { id } }'
            )
            answer = await front.post(document, headers=await front.bearer(), accept=GRAPHQL)
        body = answer.json()
        assert (answer.status_code, body["data"]["order"], len(body["data"]["products"]["nodes"])) == (200, None, 1)
        assert [(error["path"], error["extensions"]["code"]) for error in body["errors"]] == [
            (["order"], "OPERATION_TIMEOUT")
        ]


@pytest.mark.parametrize("what", ["the row", "the log"])
async def test_a_change_past_its_deadline_leaves_nothing(seeded_dsns: Dsns, what: str) -> None:
    async with serving(settings_for(seeded_dsns, deadline_seconds=LATE)) as front:
        (order,) = await orders_of(front, 1)
        before = await written(seeded_dsns)
        values = (order.removeprefix("ord_"),) if what == "the row" else ()
        async with holding(seeded_dsns, what, *values):
            answer = await front.post(UPDATE, {"id": order}, headers=await front.bearer(), accept=GRAPHQL)
            assert (answer.status_code, "data" in answer.json()) == (504, False)
            await until_answered(lambda: nothing_waits(seeded_dsns))
        assert await written(seeded_dsns) == before
        again = await front.post(UPDATE, {"id": order}, headers=await front.bearer(), accept=GRAPHQL)
        assert again.json()["data"]["updateOrder"]["order"]["id"] == order


async def test_of_two_changes_the_first_is_whole_and_the_second_leaves_nothing(seeded_dsns: Dsns) -> None:
    async with serving(settings_for(seeded_dsns, deadline_seconds=LATE)) as front:
        one, other = await orders_of(front, 2)
        _, events, records = await written(seeded_dsns)
        async with holding(seeded_dsns, "the row", other.removeprefix("ord_")):
            variables = {"one": one, "other": other}
            answer = await front.post(TWO, variables, headers=await front.bearer(), accept=GRAPHQL)
        # Nobody is told to send it again.
        assert answer.status_code == 200
        assert [(error["path"], error["extensions"]["code"]) for error in answer.json()["errors"]] == [
            (["b"], "OPERATION_TIMEOUT")
        ]
        assert await written(seeded_dsns) == (1, events + 1, records + 1)


async def hang_up_on(front: Front, document: str, variables: dict[str, str], dsns: Dsns) -> None:
    """Ask, and hang up as soon as the database is at it."""
    body = json.dumps({"query": document, "variables": variables}).encode()
    token = (await front.bearer())["Authorization"]
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: {token}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    _, writer = await asyncio.open_connection("127.0.0.1", front.port)
    writer.write(head.encode() + body)
    await until_answered(lambda: something_waits(dsns))
    writer.close()


@pytest.mark.parametrize("engine", ["compiled", "reference"])
async def test_nothing_is_read_for_a_client_that_hung_up(seeded_dsns: Dsns, engine: str) -> None:
    settings = settings_for(seeded_dsns, deadline_seconds=PATIENT, engine=engine)
    nested = "{ customers(first: 1) { nodes { orders(first: 1) { nodes { id } } } } }"
    async with serving(settings) as front:
        for document in (LIST, nested):
            async with holding(seeded_dsns, "the table"):
                await hang_up_on(front, document, {}, seeded_dsns)
                await until_answered(lambda: nothing_waits(seeded_dsns))
        assert front.app.state.database.pool.in_use == 0
        assert front.app.state.load.running == 0
        assert (await front.post(LIST, headers=await front.bearer())).status_code == 200


@pytest.mark.parametrize("ended", ["its stream is closed", "it is stopped"])
async def test_on_a_reserved_stream_too_nothing_is_read_for_nobody(seeded_dsns: Dsns, ended: str) -> None:
    async with serving(settings_for(seeded_dsns, deadline_seconds=PATIENT)) as front:
        single = await reserved(front)
        async with holding(seeded_dsns, "the table"), single.open() as stream:
            await stream.wait_for_block()
            assert (await single.post("1", LIST)).status_code == 202
            await until_answered(lambda: something_waits(seeded_dsns))
            if ended == "it is stopped":
                await single.delete("1")
            else:
                await stream.dispose()
            await until_answered(lambda: nothing_waits(seeded_dsns))
        assert front.app.state.database.pool.in_use == 0


async def test_a_change_is_made_for_a_client_that_hung_up(seeded_dsns: Dsns) -> None:
    async with serving(settings_for(seeded_dsns, deadline_seconds=PATIENT)) as front:
        (order,) = await orders_of(front, 1)
        async with holding(seeded_dsns, "the row", order.removeprefix("ord_")):
            await hang_up_on(front, UPDATE, {"id": order}, seeded_dsns)
            await asyncio.sleep(0.1)
            assert await waiting(seeded_dsns) == 1

        async def changed() -> bool:
            return (await written(seeded_dsns))[0] == 1

        await until_answered(changed)
