"""Budgets at the front door: who is told what is left, who is sent away, and that nothing happened then."""

import re
from collections.abc import Mapping

from auth.budgets import Account, Budgets
from auth.key_desk import NewKey, create_key
from auth.permissions import SYSTEM_ROLES, PermissionSet
from db.buckets import MemoryBuckets
from tests.support.database import Dsns
from tests.support.redis import RedisServer
from tests.support.server import GRAPHQL, JSON, STREAM, Front, serving, settings_for
from tests.support.ticks import Ticks
from tests.web.test_graphql_streams import EVENTS, an_order
from tests.web.test_graphql_streams import UPDATE as WRITE
from web.budgets import budget_fields

LIST = "{ orders(first: 3) { nodes { id } } }"
UPDATE = 'mutation($id: ID!) { updateOrder(input: {id: $id, notes: "too much"}) { order { id } } }'
NOTES = "query($id: ID!) { order(id: $id) { notes } }"
LEFT = "{ rateLimit { cost tightest { name } budgets { name limit remaining resetAt } } }"


def budgets(**of: int) -> dict[str, int]:
    """Those alone."""
    usual = {"budget_tenant": 0, "budget_user": 0, "budget_key": 0, "budget_address": 0}
    return usual | {f"budget_{name}": units for name, units in of.items()}


async def key_of(front: Front) -> dict[str, str]:
    """As a key of acme's that reads and writes orders."""
    directory = front.database.directory
    user = await directory.user_by_email("admin@acme.example")
    assert user is not None
    (tenant,) = [row["tenant_id"] for row in await directory.memberships_of(user["id"]) if row["slug"] == "acme"]
    new = NewKey("Writer", ("orders:read", "orders:write"))
    made = await create_key(directory, tenant, user["id"], PermissionSet.of(SYSTEM_ROLES["admin"]), new)
    return {"Authorization": f"Bearer {made.text}"}


async def use_up(front: Front, headers: Mapping[str, str]) -> int:
    """How many lists it was good for."""
    for count in range(100):
        if (await front.post(LIST, headers=headers)).status_code == 429:
            return count
    raise AssertionError("the budget has no end")


async def budget_lines(front: Front) -> list[str]:
    """What the metrics say of budgets."""
    lines = (await front.client.get("/metrics")).text.splitlines()
    return [line for line in lines if line.startswith("tidegate_budget_") and "_total{" in line]


async def test_what_is_left_is_told_as_of_the_moment_since_which_nobody_was_asked() -> None:
    budgets = Budgets(MemoryBuckets(Ticks()), {Account.ADDRESS: 60_000})
    told = []
    for ends in (False, False, True, False):
        if ends:
            budgets.stop()
        told.append(budget_fields(await budgets.take(None, "192.0.2.1", 10))[1][1])
    assert told == [b'"address";r=59990;t=1'] * 2 + [b'"address";r=59970;t=1'] * 2


async def test_who_used_up_a_budget_is_told_which_and_until_when_and_nothing_is_written(seeded_dsns: Dsns) -> None:
    async with serving(settings_for(seeded_dsns, **budgets(user=60, tenant=600))) as front:
        manager, admin = await front.bearer("manager"), await front.bearer("admin")
        order = await an_order(front)
        assert await use_up(front, manager) >= 12
        for document, accept in ((LIST, JSON), (UPDATE, JSON), (UPDATE, GRAPHQL)):
            answer = await front.post(document, {"id": order}, headers=manager, accept=accept)
            assert answer.status_code == 429
            assert "data" not in answer.json()
            (error,) = answer.json()["errors"]
            told = error["extensions"]
            assert (told["code"], told["bucket"]) == ("RATE_LIMITED", "user")
            assert error["message"].startswith("Your budget is used up.")
            assert int(answer.headers["retry-after"]) == told["retryAfter"] <= 60
            assert answer.headers["ratelimit-policy"] == '"user";q=60;qu="cost";w=60'
            assert answer.headers["ratelimit"].startswith('"user";r=')
        plain = await front.client.get("/v1/orders", headers=manager)
        assert (plain.status_code, plain.json()["error"]["code"]) == (429, "RATE_LIMITED")
        assert "retry-after" in plain.headers
        seen = await front.post(NOTES, {"id": order}, headers=admin)
        assert seen.status_code == 200
        assert seen.json()["data"]["order"]["notes"] != "too much"
        assert 'tidegate_budget_refused_total{bucket="user"} 5.0' in (await front.client.get("/metrics")).text


async def test_a_tenants_budget_is_that_of_all_its_users_and_of_no_other_tenant(seeded_dsns: Dsns) -> None:
    async with serving(settings_for(seeded_dsns, **budgets(tenant=60))) as front:
        await use_up(front, await front.bearer("manager"))
        answer = await front.post(LIST, headers=await front.bearer("viewer"))
        assert answer.json()["errors"][0]["extensions"]["bucket"] == "tenant"
        elsewhere = await front.post(LIST, headers=await front.bearer("viewer", "globex"))
        assert elsewhere.status_code == 200
        assert elsewhere.headers["ratelimit"].startswith('"tenant";r=5')


async def test_an_address_has_a_budget_whoever_asks_from_there(seeded_dsns: Dsns) -> None:
    async with serving(settings_for(seeded_dsns, **budgets(address=60))) as front:
        await use_up(front, await front.bearer("viewer", "globex"))
        for headers, document in ((None, "{ a: __schema { queryType { name } } }"), (await front.bearer(), LIST)):
            answer = await front.post(document, headers=headers)
            assert answer.json()["errors"][0]["extensions"]["bucket"] == "address"
        assert (await front.client.get("/health/ready")).status_code == 200


async def test_what_an_operation_did_not_cost_is_given_back(seeded_dsns: Dsns) -> None:
    async with serving(settings_for(seeded_dsns, **budgets(user=900))) as front:
        headers = await front.bearer()
        dear = await front.post('{ orders(first: 100, search: "nobody has this") { nodes { id } } }', headers=headers)
        assert dear.json()["data"]["orders"]["nodes"] == []
        assert dear.headers["ratelimit"].startswith('"user";r=89')
        taken, returned, refused = (
            float(line.split()[1]) for line in await budget_lines(front) if 'bucket="user"' in line
        )
        assert (taken > 100, 1 <= taken - returned < 10, refused) == (True, True, 0)


async def test_a_caller_asks_what_is_left(seeded_dsns: Dsns) -> None:
    async with serving(settings_for(seeded_dsns, **budgets(user=100, tenant=10_000))) as front:
        answer = await front.post(LEFT, headers=await front.bearer())
        told = answer.json()["data"]["rateLimit"]
        assert told["tightest"] == {"name": "USER"}
        left = [(each["name"], each["limit"], each["remaining"]) for each in told["budgets"]]
        assert left == [("TENANT", 10_000, 10_000 - told["cost"]), ("USER", 100, 100 - told["cost"])]
    async with serving(settings_for(seeded_dsns, **budgets())) as front:
        answer = await front.post(LEFT, headers=await front.bearer())
        assert answer.json() == {"data": {"rateLimit": None}}
        assert "ratelimit" not in answer.headers


async def test_a_stream_whose_budget_is_used_up_is_told_ends_resumable_and_loses_nothing(seeded_dsns: Dsns) -> None:
    async with serving(settings_for(seeded_dsns, **budgets(user=110))) as front:
        key, viewer = await key_of(front), await front.bearer("viewer")
        order = (await front.post(LIST, headers=key)).json()["data"]["orders"]["nodes"][0]["id"]
        async with front.stream(EVENTS, headers=viewer) as stream:
            begun = await stream.wait_for_id()
            for number in range(130):
                written = await front.post(WRITE, {"id": order, "notes": f"{number}"}, headers=key)
                assert written.json()["data"]["updateOrder"]["userErrors"] == []
            blocks = await stream.wait_for_end()
        told = [block for block in blocks if block.event == "next"]
        end = told.pop().payload["extensions"]["stream"]["end"]
        assert (end["reason"], end["code"]) == ("RATE_LIMITED", "RATE_LIMITED")
        assert end["cursor"] == told[-1].payload["data"]["orderEvents"]["cursor"]
        assert all(block.event != "complete" for block in blocks)
        assert 100 <= len(told) < 130
        again = {**viewer, "Accept": STREAM, "Last-Event-ID": end["cursor"]}
        answer = await front.client.post("/graphql", json={"query": EVENTS}, headers=again)
        assert (answer.status_code, answer.headers["ratelimit"][:10]) == (429, '"user";r=0')
        later = await front.client.get("/graphql", params={"query": EVENTS}, headers=again)
        assert later.status_code == 200
        assert re.fullmatch(r":RATE_LIMITED\n\nretry: \d\d000\n\n", later.text)
        async with front.stream(EVENTS, {"after": begun}, headers=await front.bearer("manager")) as other:
            all_told = [(await other.wait_for_next()).id for _ in range(len(told) + 1)]
        assert all_told[: len(told)] == [block.id for block in told]


async def test_two_workers_count_together_and_each_its_share_without_redis(
    seeded_dsns: Dsns, redis_apart: RedisServer
) -> None:
    settings = settings_for(seeded_dsns, redis_url=redis_apart.url, **budgets(user=60))
    async with serving(settings) as one, serving(settings) as other:
        headers = await one.bearer()
        assert await use_up(one, headers) >= 12
        refused = await other.post(LIST, headers=headers)
        assert (refused.status_code, refused.headers["ratelimit"][:7]) == (429, '"user";')
        redis_apart.kill()
        assert 5 <= await use_up(other, headers) <= 8  # it was there last, and knows of two
        assert await use_up(one, headers) >= 5
