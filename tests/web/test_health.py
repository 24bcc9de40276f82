"""What machines ask before they send traffic."""

import asyncio
import re

import pytest

from tests.support.database import Dsns
from tests.support.plant import connected
from tests.support.redis import RedisServer
from tests.support.server import Front, serving, settings_for
from tests.support.waiting import until_answered
from web.isolation import Isolation


async def test_a_process_that_answers_is_alive(front: Front) -> None:
    answer = await front.client.get("/health/live")
    assert (answer.status_code, answer.json(), answer.headers["cache-control"]) == (200, {"status": "live"}, "no-store")


async def test_ready_is_who_reaches_a_migrated_database(front: Front) -> None:
    answer = await front.client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "checks": {"database": True, "migrations": True, "isolation": True, "accepting": True, "audit": True},
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


async def test_where_tenants_are_not_kept_apart_nobody_is_sent(fresh_dsns: Dsns) -> None:
    async with connected(fresh_dsns.owner) as owner:
        await owner.execute("ALTER TABLE orders NO FORCE ROW LEVEL SECURITY")
    async with serving(settings_for(fresh_dsns)) as front:
        answer = await front.client.get("/health/ready")
        assert answer.status_code == 503
        assert [name for name, holds in answer.json()["checks"].items() if not holds] == ["isolation"]


async def test_whether_they_are_kept_apart_is_asked_once_a_minute(front: Front) -> None:
    isolation = front.app.state.isolation
    assert await isolation.is_sound()
    until = isolation._until
    for _ in range(3):
        assert (await front.client.get("/health/ready")).status_code == 200
    assert isolation._until == until


async def test_what_has_become_of_it_is_found_while_the_server_runs(
    fresh_dsns: Dsns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.isolation.KEPT_SECONDS", 0.0)
    monkeypatch.setattr("web.isolation.AGAIN_SECONDS", 0.0)
    async with serving(settings_for(fresh_dsns)) as front, connected(fresh_dsns.owner) as owner:

        async def says(status: int) -> bool:
            return (await front.client.get("/health/ready")).status_code == status

        assert await says(200)
        await owner.execute("ALTER TABLE orders NO FORCE ROW LEVEL SECURITY")
        await until_answered(lambda: says(503))
        await owner.execute("ALTER TABLE orders FORCE ROW LEVEL SECURITY")
        await until_answered(lambda: says(200))


async def test_a_database_that_is_away_is_no_verdict() -> None:
    isolation = Isolation("postgresql://app@127.0.0.1:1/none")
    assert not await isolation.is_sound()
    await isolation.stop()
    assert isolation._sound is None


LATER = """
ALTER TABLE orders ADD COLUMN later text NOT NULL DEFAULT '';
UPDATE alembic_version SET version_num = '29990101_0000';
"""
"""What a newer version may make of the schema: it adds, and says so."""
CHANGE = """mutation ($id: ID!) {
    updateOrder(input: {id: $id, notes: "over a newer schema"}) { order { id notes } } }"""
SOONER = "UPDATE alembic_version SET version_num = '20261121_0700'"


async def test_a_running_version_goes_on_over_a_newer_schema_and_never_over_an_older_one(seeded_dsns: Dsns) -> None:
    async with serving(settings_for(seeded_dsns)) as front, connected(seeded_dsns.owner) as owner:
        await owner.execute(LATER)
        ready = await front.client.get("/health/ready")
        assert (ready.status_code, ready.json()["checks"]["migrations"]) == (200, True)
        orders = await front.post("{ orders(first: 2) { nodes { id notes } } }", headers=await front.bearer())
        first = orders.json()["data"]["orders"]["nodes"][0]
        changed = await front.post(CHANGE, {"id": first["id"]}, await front.bearer())
        assert changed.json()["data"]["updateOrder"]["order"] == {"id": first["id"], "notes": "over a newer schema"}
        await owner.execute(SOONER)
        ready = await front.client.get("/health/ready")
        assert (ready.status_code, ready.json()["checks"]["migrations"]) == (503, False)
