"""What the newest texts of the specifications add: QUERY, and statuses behind a setting."""

import json

import pytest

from tests.support.database import Dsns
from tests.support.server import GRAPHQL, JSON, STREAM, Front, serving, settings_for
from tests.web.test_graphql import MUTATION, NAME, code_of

HEADERS = {"Content-Type": JSON, "Accept": GRAPHQL}
PARTIAL = "{ orders(first: -1) { totalCount } viewer { roles } }"
DEAR = "{ customers(first: 100) { nodes { orders(first: 100) { nodes { items { sku } } } } } }"


def body(document: str | None) -> bytes:
    return json.dumps({} if document is None else {"query": document}).encode()


async def test_a_query_may_be_sent_by_query(front: Front) -> None:
    answer = await front.client.request("QUERY", "/graphql", content=body(NAME), headers=HEADERS)
    assert (answer.status_code, answer.json()) == (200, {"data": {"__typename": "Query"}})


async def test_a_mutation_is_not_sent_by_query(front: Front) -> None:
    headers = {**HEADERS, **await front.bearer()}
    answer = await front.client.request("QUERY", "/graphql", content=body(MUTATION), headers=headers)
    assert (answer.status_code, answer.headers["allow"], code_of(answer)) == (405, "POST", "BAD_REQUEST")


async def test_a_query_with_a_cookie_shows_its_intent_like_a_post(front: Front) -> None:
    headers = {**HEADERS, **await front.cookie()}
    refused = await front.client.request("QUERY", "/graphql", content=body("{ viewer { roles } }"), headers=headers)
    assert (refused.status_code, code_of(refused)) == (403, "CSRF_PREVENTION")
    meant = await front.client.request(
        "QUERY", "/graphql", content=body("{ viewer { roles } }"), headers={**headers, "X-Tidegate-Csrf": "1"}
    )
    assert meant.json()["data"]["viewer"]["roles"] == ["admin"]


async def test_a_query_is_bounded_and_typed_like_a_post(front: Front) -> None:
    untyped = await front.client.request("QUERY", "/graphql", content=body(NAME), headers={"Accept": GRAPHQL})
    large = await front.client.request("QUERY", "/graphql", content=b" " * 1_000_001, headers=HEADERS)
    assert (untyped.status_code, large.status_code) == (415, 413)


async def test_any_other_method_is_told_which_there_are(front: Front) -> None:
    answer = await front.client.request("PATCH", "/graphql", content=body(NAME), headers=HEADERS)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST, QUERY")


CASES: tuple[tuple[str | None, int, int], ...] = (
    (NAME, 200, 200),
    (PARTIAL, 200, 294),
    ("{", 400, 400),
    ("{ nope }", 400, 422),
    ("query A { __typename } query B { __typename }", 400, 422),
    ("query ($n: Int!) { orders(first: $n) { totalCount } }", 400, 422),
    ("{ " + "__typename " * 3_000 + "}", 400, 422),
    (DEAR, 400, 422),
    (None, 400, 422),
)


@pytest.mark.parametrize("newest", [False, True])
async def test_the_newest_statuses_are_told_where_a_setting_says_so(front: Front, newest: bool) -> None:
    settings = front.app.state.settings.model_copy(update={"newest_statuses": newest})
    async with serving(settings) as served:
        headers = await front.bearer("viewer")
        for document, older, newer in CASES:
            answer = await served.client.post("/graphql", content=body(document), headers={**HEADERS, **headers})
            assert answer.status_code == (newer if newest else older), document
            legacy = await served.client.post(
                "/graphql", content=body(document), headers={**HEADERS, **headers, "Accept": JSON}
            )
            assert legacy.status_code in {200, 400}


async def test_a_stream_knows_no_other_statuses(dsns: Dsns) -> None:
    async with serving(settings_for(dsns, newest_statuses=True)) as served:
        answer = await served.post("{ nope }", accept=STREAM)
    assert answer.status_code == 200
