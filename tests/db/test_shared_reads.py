"""Equal questions of one moment are asked once, and never answered from before."""

import asyncio

from db.errors import BadValue
from db.orders import orders_by_id
from db.statements import Statement
from tests.support.plant import MINE, THEIRS, Floor
from tests.support.waiting import until

NOW = Statement("SELECT clock_timestamp() AS now", (), {})
FAILING = Statement("SELECT $1::text AS given", ("given",), {})


async def test_what_many_ask_at_one_moment_is_read_once(floor: Floor) -> None:
    seen: list[str] = []
    floor.database.observer = seen.append
    try:
        found = await asyncio.gather(*(floor.database.shared_reader(MINE).fetch(NOW) for _ in range(20)))
    finally:
        floor.database.observer = None
    assert len(seen) == 1
    assert len({rows[0]["now"] for rows in found}) == 1


async def test_what_is_asked_after_it_was_sent_is_read_anew(floor: Floor) -> None:
    seen: list[str] = []
    floor.database.observer = seen.append
    try:
        first = asyncio.create_task(floor.database.shared_reader(MINE).fetch(NOW))
        await until(lambda: bool(seen))
        second = await floor.database.shared_reader(MINE).fetch(NOW)
    finally:
        floor.database.observer = None
    assert (await first)[0]["now"] != second[0]["now"]


async def test_other_values_and_other_tenants_share_nothing(floor: Floor) -> None:
    mine, theirs = floor.database.shared_reader(MINE), floor.database.shared_reader(THEIRS)
    ids = [row["id"] for row in floor.rows["orders"][:2]]
    one, other, both, foreign = await asyncio.gather(
        orders_by_id(mine, ids[:1]), orders_by_id(mine, ids[1:]), orders_by_id(mine, ids), orders_by_id(theirs, ids)
    )
    assert (set(one), set(other), set(both), foreign) == ({ids[0]}, {ids[1]}, set(ids), {})


async def test_one_who_goes_away_takes_nothing_from_the_others(floor: Floor) -> None:
    first, second = (asyncio.create_task(floor.database.shared_reader(MINE).fetch(NOW)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert len(await second) == 1


async def test_an_error_reaches_all_who_asked_and_nobody_after(floor: Floor) -> None:
    reader = floor.database.shared_reader(MINE)
    found = await asyncio.gather(*(reader.fetch(FAILING, given="a\x00b") for _ in range(3)), return_exceptions=True)
    assert [type(error) for error in found] == [BadValue] * 3
    assert (await reader.fetch(FAILING, given="good"))[0]["given"] == "good"
