"""What machines ask before they send traffic."""

import asyncio
import re

import pytest

from tests.support.database import Dsns
from tests.support.redis import RedisServer
from tests.support.server import Front, serving, settings_for
from tests.support.waiting import until_answered


async def test_a_process_that_answers_is_alive(front: Front) -> None:
    answer = await front.client.get("/health/live")
    assert (answer.status_code, answer.json(), answer.headers["cache-control"]) == (200, {"status": "live"}, "no-store")


async def test_ready_is_who_reaches_a_migrated_database(front: Front) -> None:
    answer = await front.client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "checks": {"database": True, "migrations": True, "accepting": True, "audit": True},
    }


@pytest.mark.parametrize("failing", ["database", "migrations"])
async def test_not_ready_says_why_and_when_to_ask_again(
    front: Front, failing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ready() -> dict[str, bool]:
        return {"database": True, "migrations": True, failing: False}

    monkeypatch.setattr(front.database, "ready", ready)
    answer = await front.client.get("/health/ready")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert [name for name, holds in answer.json()["checks"].items() if not holds] == [failing]


async def test_a_database_that_does_not_answer_is_not_waited_for(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.health.READY_SECONDS", 0.05)
    monkeypatch.setattr(front.database, "ready", asyncio.Event().wait)
    assert (await front.client.get("/health/ready")).status_code == 503


async def test_a_draining_server_is_not_ready(dsns: Dsns) -> None:
    async with serving(settings_for(dsns)) as front:
        front.app.state.draining.set()
        answer = await front.client.get("/health/ready")
    assert (answer.status_code, answer.json()["checks"]["accepting"]) == (503, False)


async def test_the_version_is_told(front: Front) -> None:
    answer = (await front.client.get("/version")).json()
    assert answer["name"] == "tidegate"
    assert re.fullmatch(r"\d[\w.+-]*", answer["version"])


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/version", "/metrics", "/schema.graphql"])
async def test_these_are_only_read(front: Front, path: str) -> None:
    answer = await front.client.post(path)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (405, "BAD_REQUEST")
    assert "GET" in answer.headers["allow"]
    assert (await front.client.head(path)).status_code == 200


async def test_without_its_redis_it_is_degraded_and_still_ready(dsns: Dsns, redis_apart: RedisServer) -> None:
    async with serving(settings_for(dsns, redis_url=redis_apart.url)) as front:

        async def told() -> tuple[int, str, bool]:
            answer = await front.client.get("/health/ready")
            return answer.status_code, answer.json()["status"], answer.json()["checks"]["redis"]

        async def says(status: str, redis: bool) -> bool:
            return await told() == (200, status, redis)

        assert await told() == (200, "ready", True)
        redis_apart.kill()
        await until_answered(lambda: says("degraded", False))
        redis_apart.start()
        await until_answered(lambda: says("ready", True))
