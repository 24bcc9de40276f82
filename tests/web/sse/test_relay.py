"""Workers ask one another over Redis, and hear nobody else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import pytest

from db.errors import Unavailable
from db.redis_bus import RedisBus
from tests.support.redis import RedisServer
from tests.support.waiting import until
from web.sse import relay as module
from web.sse.relay import Body, Relay
from web.sse.seal import Seal

KEYS = (b"the key that signs", b"the key before")


class Worker:
    """Answers every question with itself, and remembers it."""

    def __init__(self, redis: RedisServer, keys: tuple[bytes, ...] = KEYS) -> None:
        self.bus = RedisBus(redis.url)
        self.relay = Relay(self.bus, Seal(keys), self.serve)
        self.asked: list[Body] = []
        self.slow = asyncio.Event()
        self.slow.set()

    async def serve(self, question: Body) -> Body:
        self.asked.append(question)
        await self.slow.wait()
        if "fail" in question:
            raise RuntimeError("nobody foresaw this")
        return {"echo": question}


@asynccontextmanager
async def working(redis: RedisServer, keys: tuple[bytes, ...] = KEYS) -> AsyncIterator[Worker]:
    worker = Worker(redis, keys)
    await worker.relay.start()
    try:
        yield worker
    finally:
        await worker.relay.stop()
        await worker.bus.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.2)


async def test_each_question_gets_its_own_answer(redis: RedisServer) -> None:
    async with working(redis) as here, working(redis) as there:
        questions = [{"number": number, "text": "Größe\n\u2028"} for number in range(50)]
        answers = await asyncio.gather(*[here.relay.ask(there.relay.name, question) for question in questions])
        assert answers == [{"echo": question} for question in questions]
        assert here.asked == []


async def test_a_worker_that_is_gone_is_told_at_once(redis: RedisServer) -> None:
    async with working(redis) as here:
        with pytest.raises(Unavailable):
            await asyncio.wait_for(here.relay.ask("0" * 32, {}), 1)


@pytest.mark.usefixtures("impatient")
async def test_a_worker_that_does_not_answer_is_not_waited_for(redis: RedisServer) -> None:
    async with working(redis) as here, working(redis) as there:
        there.slow.clear()
        with pytest.raises(Unavailable):
            await here.relay.ask(there.relay.name, {})
        there.slow.set()
        assert await here.relay.ask(there.relay.name, {"again": 1}) == {"echo": {"again": 1}}
        assert here.relay._asked == {}


@pytest.mark.usefixtures("impatient")
async def test_a_question_that_fails_is_no_answer_and_harms_no_other(redis: RedisServer) -> None:
    async with working(redis) as here, working(redis) as there:
        with pytest.raises(Unavailable):
            await here.relay.ask(there.relay.name, {"fail": 1})
        assert await here.relay.ask(there.relay.name, {}) == {"echo": {}}


async def test_without_redis_nobody_is_asked(redis_apart: RedisServer) -> None:
    async with working(redis_apart) as here, working(redis_apart) as there:
        redis_apart.kill()
        with pytest.raises(Unavailable):
            await here.relay.ask(there.relay.name, {})
        await until(lambda: not (here.bus.live or there.bus.live))
        redis_apart.start()
        await until(lambda: here.bus.live and there.bus.live)
        assert await here.relay.ask(there.relay.name, {}) == {"echo": {}}


@pytest.mark.usefixtures("impatient")
async def test_a_worker_that_has_the_older_key_only_is_heard(redis: RedisServer) -> None:
    async with working(redis, KEYS[1:]) as old, working(redis) as new:
        with pytest.raises(Unavailable):  # it cannot read the answer, which the newest key signed
            await old.relay.ask(new.relay.name, {})
        assert new.asked == [{}]


async def captured(redis: RedisServer, here: Worker, there: Worker) -> str:
    """A message of ``here`` to ``there``, as anybody at the bus could have recorded it."""
    async with redis.client() as outside, outside.pubsub(ignore_subscribe_messages=True) as ear:
        channel = f"tidegate:worker:{there.relay.name}"
        await ear.subscribe(channel)
        await redis.heard(channel, 2)
        await here.relay.ask(there.relay.name, {"do": "start"})
        async with asyncio.timeout(60):
            while (said := await ear.get_message(timeout=1)) is None:
                pass
    return str(said["data"])


async def heard_after(redis: RedisServer, there: Worker, said: str | bytes, here: Worker) -> int:
    """How many questions the worker took from what was said, before one that is good."""
    before = len(there.asked)
    async with redis.client() as outside:
        await outside.publish(f"tidegate:worker:{there.relay.name}", said)
    await here.relay.ask(there.relay.name, {"good": 1})
    return len(there.asked) - before - 1


async def test_a_message_that_is_repeated_counts_once(redis: RedisServer) -> None:
    async with working(redis) as here, working(redis) as there:
        said = await captured(redis, here, there)
        assert await heard_after(redis, there, said, here) == 0


async def test_a_message_for_another_worker_is_not_heard(redis: RedisServer) -> None:
    async with working(redis) as here, working(redis) as there, working(redis) as third:
        said = await captured(redis, here, there)
        assert await heard_after(redis, third, said, here) == 0


@pytest.mark.parametrize("change", [("start", "stop"), ('"kind":"question"', '"kind":"answer"'), (".", ""), ("{", "")])
async def test_a_message_that_was_changed_is_not_heard(redis: RedisServer, change: tuple[str, str]) -> None:
    async with working(redis) as here, working(redis) as there:
        said = (await captured(redis, here, there)).replace(*change, 1)
        assert await heard_after(redis, there, said, here) == 0


@pytest.mark.usefixtures("impatient")
async def test_a_message_of_another_deployment_is_not_heard(redis: RedisServer) -> None:
    async with working(redis) as here, working(redis, (b"another key",)) as foreign:
        with pytest.raises(Unavailable):
            await foreign.relay.ask(here.relay.name, {})
        assert here.asked == []


@pytest.mark.parametrize("said", ["", ".", "x.y", "é.{}", b"\xff\xfe", "0" * 64 + ".null", "a" * 100_000])
async def test_nonsense_is_not_heard(redis: RedisServer, said: str | bytes) -> None:
    async with working(redis) as here, working(redis) as there:
        assert await heard_after(redis, there, said, here) == 0


async def test_an_old_message_is_not_heard(redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    async with working(redis) as here, working(redis) as there:
        said = await captured(redis, here, there)
        there.relay._heard.clear()  # it was long ago
        monkeypatch.setattr(module, "OLDEST_SECONDS", -1.0)
        async with redis.client() as outside:
            await outside.publish(f"tidegate:worker:{there.relay.name}", said)
            await outside.publish(f"tidegate:worker:{there.relay.name}", said)
        monkeypatch.setattr(module, "OLDEST_SECONDS", 60.0)
        assert len(there.asked) == 1


async def test_what_was_heard_is_forgotten_in_time(redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    async with working(redis) as here, working(redis) as there:
        for _ in range(3):
            await here.relay.ask(there.relay.name, {})
        assert len(there.relay._heard) == 3
        monkeypatch.setattr(module, "OLDEST_SECONDS", 0.0)
        assert there.relay._is_new("question another")
        assert len(there.relay._heard) == 1


async def test_what_travels_is_signed_and_names_no_key(redis: RedisServer) -> None:
    async with working(redis) as here, working(redis) as there:
        seal, _, text = (await captured(redis, here, there)).partition(".")
        assert len(seal) == 64
        assert set(orjson.loads(text)) == {"to", "from", "id", "at", "kind", "body"}


async def test_a_question_to_all_is_answered_by_all_others(redis: RedisServer) -> None:
    async with working(redis) as here, working(redis) as second, working(redis) as third:
        answers, all_of_them = await here.relay.ask_all({"verb": "how are you"})
        assert (answers, all_of_them) == ([{"echo": {"verb": "how are you"}}] * 2, True)
        assert (here.asked, len(second.asked), len(third.asked)) == ([], 1, 1)
        assert here.relay._asked == {}


async def test_where_nobody_else_is_all_have_answered(redis_apart: RedisServer) -> None:
    async with working(redis_apart) as alone:
        assert await alone.relay.ask_all({}) == ([], True)


async def test_answers_that_are_missing_are_told(redis_apart: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ALL_SECONDS", 0.3)
    async with working(redis_apart) as here, working(redis_apart) as slow, working(redis_apart):
        slow.slow.clear()
        assert await here.relay.ask_all({}) == ([{"echo": {}}], False)
        redis_apart.kill()
        assert await here.relay.ask_all({}) == ([], False)
        slow.slow.set()


async def test_a_verb_that_was_taken_over_is_answered_by_who_took_it(redis: RedisServer) -> None:
    async def serve(question: Body) -> Body:
        return {"special": question["n"]}

    async with working(redis) as here, working(redis) as there:
        there.relay.answer("special", serve)
        assert await here.relay.ask(there.relay.name, {"verb": "special", "n": 7}) == {"special": 7}
        assert there.asked == []
