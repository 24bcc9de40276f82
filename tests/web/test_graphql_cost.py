"""The cost of an operation, asked for by a header."""

import pytest

from tests.support.server import GRAPHQL, JSON, Front
from tests.support.single import reserved

DOCUMENT = "{ orders(first: 3) { nodes { id customer { name } } } }"
SUBSCRIPTION = "subscription { orderEvents { id order { id } } }"


@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
async def test_a_header_asks_what_an_operation_would_cost(front: Front, accept: str) -> None:
    headers = {**await front.bearer(), "GraphQL-Cost": "validate"}
    for answer in (
        await front.post(DOCUMENT, headers=headers, accept=accept),
        await front.get({"query": DOCUMENT}, headers=headers, accept=accept),
    ):
        assert answer.status_code == 200
        assert answer.json() == {"data": None, "extensions": {"cost": {"requested": 8, "limit": 60_000}}}


async def test_a_header_asks_what_an_operation_did_cost(front: Front) -> None:
    headers = {**await front.bearer("viewer"), "GraphQL-Cost": "report"}
    answer = (await front.post(DOCUMENT, headers=headers)).json()
    assert len(answer["data"]["orders"]["nodes"]) == 3
    assert answer["extensions"]["cost"] == {"requested": 8, "actual": 8, "limit": 10_000}


async def test_without_the_header_nothing_is_told(front: Front) -> None:
    assert "extensions" not in (await front.post(DOCUMENT, headers=await front.bearer())).json()


async def test_a_stream_tells_the_cost_of_an_event_and_does_not_open(front: Front) -> None:
    headers = {**await front.bearer(), "GraphQL-Cost": "validate"}
    async with front.stream(SUBSCRIPTION, headers=headers) as stream:
        told = await stream.wait_for_next()
        assert told.payload["extensions"]["cost"]["requested"] == 3
        await stream.wait_for_complete()


@pytest.mark.parametrize("asked", ["", "yes", "Report", "report, validate"])
async def test_a_header_that_asks_for_something_else_is_refused(front: Front, asked: str) -> None:
    answer = await front.post(DOCUMENT, headers={**await front.bearer(), "GraphQL-Cost": asked})
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(("accept", "status"), [(JSON, 200), (GRAPHQL, 400)])
async def test_what_costs_too_much_is_refused_like_a_validation_error(front: Front, accept: str, status: int) -> None:
    dear = "{ customers(first: 100) { nodes { orders(first: 100) { nodes { items { sku } } } } } }"
    answer = await front.post(dear, headers=await front.bearer("viewer"), accept=accept)
    extensions = answer.json()["errors"][0]["extensions"]
    assert (answer.status_code, extensions["code"], extensions["limit"]) == (status, "COST_LIMIT_EXCEEDED", 10_000)
    assert "data" not in answer.json()


async def test_on_a_reserved_stream_the_cost_is_not_told_and_nothing_runs(front: Front) -> None:
    single = await reserved(front)
    async with single.open() as stream:
        answer = await single.post("1", DOCUMENT, also={"GraphQL-Cost": "validate"})
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")
        assert (await single.post("2", DOCUMENT)).status_code == 202
        assert (await stream.wait_for_next()).payload["id"] == "2"
