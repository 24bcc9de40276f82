"""Two worker processes: every live noun, what an operator sees and ends, and the commands that stand beside them."""

import asyncio
import json
import signal
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2

from tests.faults.test_workers import WATCH, next_order, watching
from tests.support.command_line import clean_environment, running
from tests.support.database import Dsns
from tests.support.members import end_in
from tests.support.redis import RedisServer
from tests.support.server import STREAM
from tests.support.shop import Shop
from tests.support.single import PATH
from tests.support.streams import StreamClient
from tests.support.workers import SECRET, Fleet, fleet, reserve

Answer = dict[str, Any]  # Any: JSON
STREAMS = "{ streams(first: 100) { complete nodes { id operation user { email } lagEvents sharedBy worker } } }"
TERMINATE = "mutation ($id: ID!) { terminateStream(input: {id: $id}) { stream { id } userErrors { code } } }"
NOUNS = {
    "customers": "subscription { customerEvents { type id } }",
    "products": "subscription { productEvents { type id patch } }",
    "bell": "subscription { announcements { id kind text } }",
    "overview": "subscription { overviewUpdated { orders } }",
    "page": "subscription { ordersLive(first: 1, orderBy: [{field: CREATED_AT, direction: DESC}])"
    " { snapshot { nodes { id } } changes { op id } } }",
}
CUSTOMER = """mutation ($name: String!) { createCustomer(input:
    {name: $name, email: "a@b.example", city: "Ys", country: "FR"}) { customer { id } userErrors { code } } }"""
MOVED = """mutation ($id: ID!) { updateCustomer(input: {id: $id, city: "Lyonesse"}) { userErrors { code } } }"""
PRODUCT = """mutation ($sku: String!) { createProduct(input:
    {sku: $sku, name: "A thing", price: "9.90", currency: "EUR"}) { product { id } userErrors { code } } }"""
PRICED = """mutation ($id: ID!) { updateProduct(input: {id: $id, price: "8.80"}) { userErrors { code } } }"""
RING = """mutation { announce(input: {kind: NOTICE, text: "Tea is ready."}) {
    announcement { id } userErrors { code } } }"""


async def bearer_of(two: Fleet, who: str = "admin") -> dict[str, str]:
    return {"Authorization": f"Bearer {await two.token(f'{who}@acme.example')}"}


async def ask(client: httpx2.AsyncClient, bearer: Mapping[str, str], document: str, **variables: str) -> Answer:
    """The data of an answer without errors of any kind."""
    body = {"query": document, "variables": variables}
    answer = (await client.post("/graphql", json=body, headers=dict(bearer))).json()
    assert "errors" not in answer, answer
    assert not any(each.get("userErrors") for each in answer["data"].values()), answer
    data: Answer = answer["data"]
    return data


async def results_of(stream: StreamClient, *wanted: str) -> dict[str, Answer]:
    """The next result of each of these operations."""
    told: dict[str, Answer] = {}
    while told.keys() != set(wanted):
        payload = (await stream.wait_for_next()).payload
        assert payload["id"] in wanted, payload
        told[payload["id"]] = payload["payload"]["data"]
    return told


async def test_every_noun_that_one_worker_writes_is_told_on_the_streams_of_the_other(two: Fleet) -> None:
    here, there = await two.ready(2)
    admin = await bearer_of(two)
    async with two.client(here) as holding, two.client(there) as writing:
        fields = await reserve(writing, admin)
        async with holding.stream("GET", PATH, headers={**fields, "Accept": STREAM}) as response:
            stream = StreamClient(response)
            for name, document in NOUNS.items():
                body = {"query": document, "extensions": {"operationId": name}}
                assert (await writing.post(PATH, json=body, headers=fields)).status_code == 202
            assert (await results_of(stream, "page"))["page"]["ordersLive"]["snapshot"]
            customer = (await ask(writing, admin, CUSTOMER, name="Iseult"))["createCustomer"]["customer"]["id"]
            await ask(writing, admin, MOVED, id=customer)
            for kind in ("created", "updated"):
                event = (await results_of(stream, "customers"))["customers"]["customerEvents"]
                assert event == {"type": f"customer.{kind}", "id": customer}
            product = (await ask(writing, admin, PRODUCT, sku=uuid4().hex[:12]))["createProduct"]["product"]["id"]
            await ask(writing, admin, PRICED, id=product)
            events = [(await results_of(stream, "products"))["products"]["productEvents"] for _ in range(2)]
            assert [(event["type"], event["id"]) for event in events] == [
                ("product.created", product),
                ("product.updated", product),
            ]
            assert events[1]["patch"]["price"]["amount"] == "8.80"
            bell = (await ask(writing, admin, RING))["announce"]["announcement"]["id"]
            told = (await results_of(stream, "bell"))["bell"]["announcements"]
            assert told == {"id": bell, "kind": "NOTICE", "text": "Tea is ready."}
            order = await (await Shop.open(writing, admin)).create("told twice")
            told = await results_of(stream, "page", "overview")
            assert {"op": "ENTER", "id": order} in told["page"]["ordersLive"]["changes"]
            assert told["overview"]["overviewUpdated"]["orders"] >= 1


async def test_an_operator_at_one_worker_sees_the_streams_of_all_and_ends_them(two: Fleet) -> None:
    here, there = await two.ready(2)
    admin, manager, viewer = [await bearer_of(two, who) for who in ("admin", "manager", "viewer")]
    async with (
        two.client(here) as one,
        two.client(there) as other,
        two.client(here) as at_here,
        two.client(there) as at_there,
        watching(at_here, manager) as ended,
        watching(at_there, viewer) as kept,
    ):
        names = [stream.response.headers["X-Tidegate-Stream"] for stream in (ended, kept)]
        for desk in (one, other):
            seen = (await ask(desk, admin, STREAMS))["streams"]
            assert seen["complete"]
            found = {each["id"]: each for each in seen["nodes"] if each["id"] in names}
            assert [found[name]["user"]["email"] for name in names] == ["manager@acme.example", "viewer@acme.example"]
            assert len({each["worker"] for each in found.values()}) == 2
            assert {(each["lagEvents"], each["sharedBy"]) for each in found.values()} == {(0, 1)}
        denied = await other.post("/graphql", json={"query": TERMINATE, "variables": {"id": names[0]}}, headers=viewer)
        assert denied.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        assert (await ask(other, admin, TERMINATE, id=names[0]))["terminateStream"]["stream"]["id"] == names[0]
        assert end_in(await ended.wait_for_end())["reason"] == "TERMINATED"
        order = await (await Shop.open(other, manager)).create("for the one that is left")
        assert await next_order(kept) == order
        left = {each["id"] for each in (await ask(other, admin, STREAMS))["streams"]["nodes"]}
        assert left & set(names) == {names[1]}


async def test_tail_tells_what_every_worker_writes_and_a_stream_goes_on_from_its_cursor(
    two: Fleet, mortal_redis: RedisServer, tmp_path: Path
) -> None:
    here, there = await two.ready(2)
    manager = await bearer_of(two, "manager")
    environment = clean_environment(DATABASE_URL=two.dsns.runtime, REDIS_URL=mortal_redis.url, TIDEGATE_SECRETS=SECRET)
    with running(["tail", "--tenant", "acme", "--json"], environment, tmp_path) as tail:
        assert tail.stderr is not None
        assert tail.stdout is not None
        assert "Following the log" in await asyncio.to_thread(tail.stderr.readline)
        orders = []
        for worker in (here, there, here):
            async with two.client(worker) as client:
                orders.append(await (await Shop.open(client, manager)).create("tailed"))
        lines = [json.loads(await asyncio.to_thread(tail.stdout.readline)) for _ in orders]
    assert [(line["type"], line["id"]) for line in lines] == [("order.created", order) for order in orders]
    assert [line["seq"] - lines[0]["seq"] for line in lines] == [0, 1, 2]
    body = {"query": WATCH, "variables": {"after": lines[0]["cursor"]}}
    async with (
        two.client(there) as client,
        client.stream("POST", "/graphql", json=body, headers={**manager, "Accept": STREAM}) as response,
    ):
        stream = StreamClient(response)
        assert [await next_order(stream) for _ in range(2)] == orders[1:]


async def test_a_password_that_is_reset_by_command_ends_the_streams_of_every_worker_before_the_next_event(
    two: Fleet, tmp_path: Path
) -> None:
    here, there = await two.ready(2)
    email, _ = await two.newcomer()
    gone, staying = {"Authorization": f"Bearer {await two.token(email)}"}, await bearer_of(two, "manager")
    environment = clean_environment(DATABASE_URL=two.dsns.runtime, TIDEGATE_SECRETS=SECRET)
    async with (
        two.client(here) as one,
        two.client(there) as other,
        two.client(there) as writing,
        watching(one, gone) as at_one,
        watching(other, gone) as at_other,
    ):
        shop = await Shop.open(writing, staying)
        with running(["user", "reset", "--email", email], environment, tmp_path) as command:
            assert await asyncio.to_thread(command.wait, 30) == 0
        after = await shop.create("when neither may")
        for stream in (at_one, at_other):
            rest = await stream.wait_for_end()
            assert end_in(rest)["reason"] == "SESSION_REVOKED"
            assert after.encode() not in b"".join(block.raw for block in rest)


async def test_workers_that_are_told_to_stop_send_every_stream_away_with_a_place_to_go_on_from(
    fresh_dsns: Dsns, redis: RedisServer, tmp_path: Path
) -> None:
    async with fleet(fresh_dsns, redis, tmp_path, TIDEGATE_DRAIN_SECONDS="0.5") as stopping, AsyncExitStack() as stack:
        workers = await stopping.ready(2)
        manager = await bearer_of(stopping, "manager")
        streams = []
        for worker in (*workers, *workers):
            client = await stack.enter_async_context(stopping.client(worker))
            streams.append(await stack.enter_async_context(watching(client, manager)))
        async with stopping.client(workers[0]) as writing:
            order = await (await Shop.open(writing, manager)).create("the last")
        assert [await next_order(stream) for stream in streams] == [order] * len(streams)
        stopping.process.send_signal(signal.SIGTERM)
        ends = [await stream.wait_for_end() for stream in streams]
        assert await asyncio.to_thread(stopping.process.wait, 30) == 0
    assert {block.event for end in ends for block in end} == {None}, "no complete"
    assert all(end[-1].field("retry") for end in ends)
    assert len({stream.last_id for stream in streams}) == 1
