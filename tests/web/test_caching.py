"""Kept answers at the front door: what their header fields say, what they cost, and that they are counted."""

import re

from auth.operators import add_member
from tests.support.database import Dsns
from tests.support.server import Front, serving, settings_for
from tests.support.waiting import until_answered
from tests.web.test_budgets import budgets
from tests.web.test_gauges import sample

OVERVIEW = "{ overview { orders revenue { amount } } }"
LIST = "query @cached(ttl: 30) { orders(first: 3) { nodes { id } } }"
PROFILE = "{ viewer { user { email } memberships { tenant { slug } roles } } }"


async def test_an_answer_tells_whether_it_was_kept_and_how_old_it_is(front: Front) -> None:
    manager = await front.bearer("manager")
    first, second = [await front.post(LIST, headers=manager) for _ in range(2)]
    assert first.headers["cache-status"] == "tidegate; fwd=miss"
    assert "age" not in first.headers
    assert re.fullmatch(r"tidegate; hit; ttl=(29|30)", second.headers["cache-status"])
    assert second.headers["age"] in {"0", "1"}
    assert second.headers["cache-control"] == "no-store"
    assert second.content == first.content
    assert sample(front, "kept_answers_total", outcome="hit") >= 1
    assert sample(front, "kept_answers_in_memory") >= 1
    assert sample(front, "kept_answers_bytes") > len(first.content)


async def test_what_is_not_kept_says_nothing_of_it(front: Front) -> None:
    answer = await front.post("{ orders(first: 1) { nodes { id } } }", headers=await front.bearer())
    assert "cache-status" not in answer.headers


async def test_plain_routes_are_given_the_same_answers(front: Front) -> None:
    admin = await front.bearer()
    answers = [await front.client.get("/v1/overview", headers=admin) for _ in range(2)]
    assert "hit" in answers[1].headers["cache-status"]
    bodies = [each.json() for each in answers]
    assert bodies[0]["data"] == bodies[1]["data"]
    assert bodies[0]["meta"]["requestId"] != bodies[1]["meta"]["requestId"]


async def test_who_signs_in_as_somebody_else_sees_nothing_of_what_was_kept_before(front: Front) -> None:
    seen = {
        (role, tenant): (await front.post(PROFILE, headers=await front.bearer(role, tenant))).json()["data"]["viewer"]
        for _ in range(2)
        for role in ("admin", "viewer")
        for tenant in ("acme", "globex")
    }
    for (role, tenant), viewer in seen.items():
        assert viewer["user"]["email"] == f"{role}@{tenant}.example"


async def test_a_hit_is_paid_for_as_little_as_can_be(seeded_dsns: Dsns) -> None:
    async with serving(settings_for(seeded_dsns, **budgets(user=10_000))) as front:
        manager = await front.bearer("manager")
        left = []
        for _ in range(3):
            answer = await front.post(OVERVIEW, headers=manager)
            left.append(int(answer.headers["ratelimit"].split(";")[1].removeprefix("r=")))
        assert left[0] - left[2] <= 3


async def test_where_caching_is_off_everything_is_run(seeded_dsns: Dsns) -> None:
    async with serving(settings_for(seeded_dsns, cache="off")) as front:
        for _ in range(2):
            answer = await front.post(LIST, headers=await front.bearer())
            assert answer.status_code == 200
            assert "cache-status" not in answer.headers
        assert "kept_answers" not in (await front.client.get("/metrics")).text


async def test_a_profile_tells_of_another_role_elsewhere_as_soon_as_it_is_heard_of(seeded_dsns: Dsns) -> None:
    async with serving(settings_for(seeded_dsns)) as front:
        directory, viewer = front.database.directory, await front.bearer("viewer")
        await add_member(directory, "viewer@acme.example", "globex", "viewer")
        answers = [await front.post(PROFILE, headers=viewer) for _ in range(2)]
        assert "hit" in answers[1].headers["cache-status"]
        await add_member(directory, "viewer@acme.example", "globex", "manager")

        async def told() -> bool:
            memberships = (await front.post(PROFILE, headers=viewer)).json()["data"]["viewer"]["memberships"]
            return {"tenant": {"slug": "globex"}, "roles": ["manager"]} in memberships

        await until_answered(told)
