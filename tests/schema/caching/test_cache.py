"""Answers that are kept: given again while they are true, to those who may have them, and to nobody else."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from uuid import uuid4

import pytest

from auth.marks import EVERYBODY
from db.errors import QueryTimeout
from db.ids import new_id
from db.redis_answers import RedisAnswers
from db.redis_client import redis_client
from db.scopes import scope_of
from tests.support.facts import new_order, tenant_apart
from tests.support.kept import Keeper, keeping
from tests.support.redis import RedisServer
from tests.support.waiting import until
from tests.support.world import World

OVERVIEW = "{ overview { orders openOrders revenue { amount currency } cursor } }"
VIEWER = "{ viewer { user { id email } roles } }"
ORDERS = "query @cached(ttl: 30, swr: 60) { orders(first: 3) { nodes { id notes customer { name } } } }"
NOTES = "mutation($id: ID!, $notes: String) { updateOrder(input: {id: $id, notes: $notes}) { order { notes } } }"
ANNOUNCE = 'mutation { announce(input: {kind: NOTICE, text: "tea"}) { announcement { id } } }'


@pytest.fixture
async def keeper(world: World) -> AsyncIterator[Keeper]:
    async with keeping(world) as keeper:
        yield keeper


async def test_the_second_who_asks_is_given_the_first_ones_answer_and_nothing_is_read(keeper: Keeper) -> None:
    first = await keeper.answer(OVERVIEW)
    keeper.clock.advance(seconds=12)
    async with keeper.world.statements() as seen:
        second = await keeper.answer(OVERVIEW, caller=replace(keeper.world.principal(), user_id=new_id()))
    assert seen == []
    assert first.given is not None
    assert second.given is not None
    assert (first.given.outcome, second.given.outcome) == ("miss", "hit")
    assert (second.given.age, second.given.left) == (12, 48)
    assert second.body == first.body


async def test_an_answer_is_made_anew_when_its_time_is_over(keeper: Keeper) -> None:
    assert [await keeper.outcome(OVERVIEW) for _ in range(2)] == ["miss", "hit"]
    keeper.clock.advance(seconds=60)
    assert [await keeper.outcome(OVERVIEW) for _ in range(2)] == ["miss", "hit"]


async def test_whoever_changes_a_row_is_shown_it_changed_by_the_very_next_question(keeper: Keeper) -> None:
    order = await new_order(keeper.world)
    for number in range(20):
        before = await keeper.outcome(ORDERS)
        assert before in {"miss", "hit"}
        await keeper.world.ask(NOTES, {"id": order, "notes": f"note {number}"})
        answer = await keeper.answer(ORDERS)
        assert json.loads(answer.body)["data"] == (await keeper.plain.ask(ORDERS)).data
        assert f"note {number}".encode() in answer.body


async def test_a_change_of_what_is_not_shown_ends_nothing(keeper: Keeper) -> None:
    await keeper.outcome(OVERVIEW)
    assert "announcement" in (await keeper.world.ask(ANNOUNCE)).data["announce"]
    await until(lambda: keeper.stores.changes.needed(keeper.world.tenants["acme"], {"announcement"}))
    await asyncio.sleep(0.05)  # what was heard of is read
    assert await keeper.outcome(OVERVIEW) == "hit"


async def test_within_swr_the_old_answer_is_given_once_more_and_one_new_one_is_made(keeper: Keeper) -> None:
    assert await keeper.outcome(ORDERS) == "miss"
    keeper.clock.advance(seconds=40)
    outcomes = await asyncio.gather(*(keeper.outcome(ORDERS) for _ in range(10)))
    assert set(outcomes) == {"stale"}
    await keeper.made_anew()
    assert keeper.cache.counted["refreshed"] == 1
    assert await keeper.outcome(ORDERS) == "hit"
    keeper.clock.advance(seconds=90)
    assert await keeper.outcome(ORDERS) == "miss"


async def test_what_is_being_made_behind_is_finished_before_the_end(keeper: Keeper) -> None:
    await keeper.outcome(ORDERS)
    keeper.clock.advance(seconds=40)
    assert await keeper.outcome(ORDERS) == "stale"
    await keeper.cache.stop()
    assert keeper.cache.counted["refreshed"] == 1


async def test_equal_questions_at_once_are_run_once(keeper: Keeper) -> None:
    async with keeper.world.statements() as seen:
        outcomes = await asyncio.gather(*(keeper.outcome(OVERVIEW) for _ in range(50)))
    assert (outcomes.count("miss"), outcomes.count("joined")) == (1, 49)
    assert sum("order_hours" in sql for sql in seen) == 1


async def test_who_hangs_up_does_not_end_what_others_wait_for(keeper: Keeper) -> None:
    heard: list[Callable[[], object] | None] = []

    def listen(hang_up: Callable[[], object] | None) -> None:
        heard.append(hang_up)
        if hang_up is not None:
            asyncio.get_running_loop().call_soon(hang_up)

    gone, waiting = (
        asyncio.create_task(keeper.outcome(OVERVIEW, **more)) for more in ({"listen": listen}, dict[str, object]())
    )
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert heard[1:] == [None]
    assert await waiting == "joined"


async def test_whoever_joined_a_question_that_failed_asks_once_more(keeper: Keeper) -> None:
    """The one that began it met a database that did not answer in time."""
    keeper.world.database.observer = _FirstFails()
    try:
        answers = await asyncio.gather(*(keeper.answer(ORDERS) for _ in range(5)))
    finally:
        keeper.world.database.observer = None
    failed = [answer for answer in answers if answer.given is None]
    assert [answer.code for answer in failed] == ["OPERATION_TIMEOUT"]


@pytest.mark.parametrize(
    ("document", "caller"),
    [
        ("query @cached(ttl: 60) { customers(first: 2) { nodes { name email } } }", "viewer"),
        ('query @cached(ttl: 60) { order(id: "ord_nonsense") { id } }', "admin"),
        ("query @cached(ttl: 60) { orders(first: 2) { nodes { id } } rateLimit { cost } }", "admin"),
        ("query @cached(ttl: 60) { __schema { queryType { name } } }", "admin"),
        ("query @cached(ttl: 0) { overview { orders } }", "admin"),
        ("{ viewer { sessions { id } } }", "admin"),
        ("{ orders(first: 2) { nodes { id } } }", "admin"),
        ("query @cached(ttl: 60) { members(first: 2) { nodes { name } } }", "admin"),
    ],
    ids=["denied in part", "an error", "beside", "introspection", "zero", "sessions", "unasked", "no events"],
)
async def test_what_is_denied_fails_or_was_not_asked_for_is_never_kept(
    keeper: Keeper, document: str, caller: str
) -> None:
    for _ in range(2):
        assert await keeper.outcome(document, caller=caller) is None
    assert len(keeper.stores.memory) == 0


async def test_who_is_refused_never_sees_what_is_kept_for_others(keeper: Keeper) -> None:
    await keeper.outcome(OVERVIEW)
    for caller in (None, keeper.world.principal(grants=frozenset({"products:read"}))):
        answer = await keeper.answer(OVERVIEW, caller=caller)
        assert answer.code in {"UNAUTHENTICATED", "FORBIDDEN"}
        assert b"revenue" not in answer.body


async def test_what_has_to_be_recorded_is_run(keeper: Keeper) -> None:
    peer = replace(keeper.world.principal(), by_peer=True, key_name="their server")
    await keeper.outcome(OVERVIEW)
    assert await keeper.outcome(OVERVIEW, caller=peer) is None


async def test_who_asks_what_it_cost_is_told_of_an_execution(keeper: Keeper) -> None:
    await keeper.outcome(OVERVIEW)
    answer = await keeper.answer(OVERVIEW, cost="report")
    assert answer.given is None
    assert b'"cost":{' in answer.body


async def test_who_says_what_they_have_seen_is_not_given_what_was_kept(keeper: Keeper) -> None:
    await keeper.outcome(OVERVIEW)
    assert await keeper.outcome(OVERVIEW, position="from another worker") is None
    assert await keeper.outcome(OVERVIEW, extensions={"position": "the same"}) is None
    assert await keeper.outcome(OVERVIEW, extensions={"persistedQuery": {}}) == "hit"


async def test_who_reaches_their_own_rows_alone_has_their_own_answers(keeper: Keeper) -> None:
    me = replace(keeper.world.principal(), user_id=new_id())
    mine = replace(me, scope=scope_of(["OWN"], me.user_id))
    assert await keeper.outcome(OVERVIEW) == "miss"
    assert [await keeper.outcome(OVERVIEW, caller=mine) for _ in range(2)] == ["miss", "hit"]
    assert b'"orders":0' in (await keeper.answer(OVERVIEW, caller=mine)).body


async def test_a_profile_is_ones_own_and_ends_when_anything_of_ones_own_changes(keeper: Keeper) -> None:
    me, other = (replace(keeper.world.principal(), user_id=new_id()) for _ in range(2))
    for who in (me, other):
        assert [await keeper.outcome(VIEWER, caller=who) for _ in range(2)] == ["miss", "hit"]
    keeper.stores.marks.note(me.user_id)
    assert [await keeper.outcome(VIEWER, caller=who) for who in (me, other)] == ["miss", "hit"]
    keeper.stores.marks.note(EVERYBODY)
    assert [await keeper.outcome(VIEWER, caller=who) for who in (me, other)] == ["miss", "miss"]
    promoted = replace(me, permissions_version="v2")
    assert await keeper.outcome(VIEWER, caller=promoted) == "miss"
    keeper.clock.advance(minutes=50)
    assert await keeper.outcome(VIEWER, caller=me) == "stale"


async def test_while_changes_of_rights_are_not_heard_no_profile_is_kept(world: World) -> None:
    async with keeping(world) as keeper:
        deaf = replace(keeper.stores, hears=lambda: False)
        keeper.cache.stores = deaf
        assert [await keeper.outcome(VIEWER) for _ in range(2)] == [None, None]
        assert await keeper.outcome(OVERVIEW) == "miss"


async def test_another_worker_gives_what_this_one_made_and_neither_gives_what_has_changed(
    world: World, redis: RedisServer
) -> None:
    me = await tenant_apart(world)
    realm, secret = uuid4().hex, b"s" * 32
    async with redis_client(redis.url) as client:
        one_has, other_has = (RedisAnswers(client, realm, secret, 8_000_000) for _ in range(2))
        async with keeping(world, shared=one_has) as one, keeping(world, shared=other_has, clock=one.clock) as other:
            assert await one.outcome(OVERVIEW, caller=me) == "miss"
            await one_has.stop()
            async with world.statements() as seen:
                told = await other.answer(OVERVIEW, caller=me)
            assert not any("order_hours" in sql for sql in seen)
            assert told.body == (await one.answer(OVERVIEW, caller=me)).body
            assert await other.outcome(VIEWER, caller=me) == "miss"
            await other_has.stop()
            assert len(await client.keys(f"tidegate:answer:{realm}:*")) == 1
            assert (await world.ask(ANNOUNCE, caller=me)).errors == []
            one.clock.advance(seconds=61)
            assert await one.outcome(OVERVIEW, caller=me) == "miss"


async def test_where_redis_is_away_answers_come_from_memory(world: World, redis_apart: RedisServer) -> None:
    async with redis_client(redis_apart.url) as client:
        redis_apart.kill()
        async with keeping(world, shared=RedisAnswers(client, "r", b"s" * 32, 8_000_000)) as keeper:
            assert [await keeper.outcome(OVERVIEW) for _ in range(3)] == ["miss", "hit", "hit"]


class _FirstFails:
    """Lets the first reading of orders meet a database that does not answer in time."""

    def __init__(self) -> None:
        self.left = 1

    def __call__(self, sql: str) -> None:
        if "FROM orders" in sql and self.left:
            self.left -= 1
            raise QueryTimeout("too late")
