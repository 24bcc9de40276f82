"""GraphQL over HTTP, asked over a socket: media types, statuses, methods, and what is refused."""

import json
from collections.abc import AsyncIterator
from urllib.parse import quote

import httpx2
import pytest

from tests.support.server import GRAPHQL, JSON, STREAM, Front

URQL = f"{GRAPHQL}, application/graphql+json, {JSON}, {STREAM}, multipart/mixed"
NAME = "{ __typename }"
SUBSCRIPTION = "subscription { orderEvents { id } }"
MUTATION = 'mutation { updateOrder(input: {id: "ord_0"}) { userErrors { code } } }'


def code_of(response: httpx2.Response) -> str:
    """The one code of a refusal; the refusal has no data and names its request."""
    body = response.json()
    assert list(body) == ["errors"], body
    extensions = body["errors"][0]["extensions"]
    assert extensions["requestId"] == response.headers["x-request-id"]
    return str(extensions["code"])


async def send(front: Front, body: bytes, content_type: str = JSON, accept: str = GRAPHQL) -> httpx2.Response:
    return await front.client.post("/graphql", content=body, headers={"Content-Type": content_type, "Accept": accept})


@pytest.mark.parametrize(
    ("accept", "answered"),
    [(JSON, JSON), (GRAPHQL, GRAPHQL), ("*/*", JSON), (URQL, GRAPHQL), (f"{JSON};q=0.5, {GRAPHQL}", GRAPHQL)],
)
async def test_an_answer_has_the_media_type_that_the_client_prefers(front: Front, accept: str, answered: str) -> None:
    response = await front.post(NAME, accept=accept)
    assert response.status_code == 200
    assert response.headers["content-type"] == f"{answered}; charset=utf-8"
    assert response.json() == {"data": {"__typename": "Query"}}


async def test_without_accept_an_answer_is_json(front: Front) -> None:
    request = front.client.build_request("POST", "/graphql", json={"query": NAME})
    del request.headers["accept"]
    response = await front.client.send(request)
    assert (response.status_code, response.headers["content-type"]) == (200, f"{JSON}; charset=utf-8")


async def test_nobody_keeps_an_answer(front: Front) -> None:
    response = await front.post(NAME)
    assert response.headers["cache-control"] == "no-store"
    assert "Accept" in response.headers["vary"]


async def test_an_accept_that_nothing_satisfies_is_not_acceptable(front: Front) -> None:
    response = await front.post(NAME, accept="text/html")
    assert (response.status_code, code_of(response)) == (406, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
        (f"{{ {'a ' * 3_000}}}", "QUERY_LIMIT_EXCEEDED"),
    ],
)
async def test_a_bad_document_is_400_or_200_by_media_type(front: Front, document: str, code: str) -> None:
    new, old = await front.post(document, accept=GRAPHQL), await front.post(document, accept=JSON)
    assert (new.status_code, old.status_code) == (400, 200)
    assert (code_of(new), code_of(old)) == (code, code)


async def test_bad_variables_are_400_or_200_by_media_type(front: Front) -> None:
    document = "query($id: ID!) { order(id: $id) { id } }"
    new, old = await front.post(document, {"id": None}, accept=GRAPHQL), await front.post(document, {"id": None})
    assert (new.status_code, old.status_code) == (400, 200)
    assert (code_of(new), code_of(old)) == ("BAD_USER_INPUT", "BAD_USER_INPUT")


@pytest.mark.parametrize("accept", [GRAPHQL, JSON, STREAM])
async def test_who_must_sign_in_is_told_so_by_status(front: Front, accept: str) -> None:
    response = await front.post("{ viewer { __typename } }", accept=accept)
    assert (response.status_code, code_of(response)) == (401, "UNAUTHENTICATED")
    assert response.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("accept", [GRAPHQL, JSON, STREAM])
async def test_who_may_not_is_told_so_by_status(front: Front, accept: str) -> None:
    response = await front.post("{ customers { nodes { id } } }", headers=await front.bearer("partner"), accept=accept)
    assert (response.status_code, code_of(response)) == (403, "FORBIDDEN")


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"null", b"true", b"7", b'"x"', b"[]", b'[{"query":"{a}"}]', b"{", b"\xff", b"{}", b'{"query":""}'),
        *(b'{"query":7}', b'{"query":"{a}","variables":[]}', b"[" * 1_000 + b"]" * 1_000),
        b'{"query":"{__typename}","variables":{"x":' + b"1" * 4_301 + b"}}",
    ],
)
@pytest.mark.parametrize("accept", [GRAPHQL, JSON])
async def test_a_body_that_is_no_request_is_refused(front: Front, body: bytes, accept: str) -> None:
    response = await send(front, body, accept=accept)
    assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("text", ["\\u0000", "\\ud800", "a\\udc00b"])
@pytest.mark.parametrize(
    "template", ['{{"query":"{{ __typename }}","variables":{{"x":"{}"}}}}', '{{"query":"{{ {} }}"}}']
)
async def test_text_that_cannot_be_stored_is_bad_input(front: Front, text: str, template: str) -> None:
    response = await send(front, template.format(text).encode())
    assert (response.status_code, code_of(response)) == (400, "BAD_USER_INPUT")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/json; charset=utf-16", "text/plain;application/json"]
)
async def test_a_body_of_another_type_is_refused(front: Front, content_type: str) -> None:
    response = await send(front, b'{"query":"{ __typename }"}', content_type)
    assert (response.status_code, code_of(response)) == (415, "BAD_REQUEST")


async def test_two_megabytes_are_too_large_with_a_length_and_without(front: Front) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(32):
            yield b" " * 65_536

    fields = {"Content-Type": JSON}
    told = await front.client.post("/graphql", content=b" " * 2_000_000, headers=fields)
    chunked = await front.client.post("/graphql", content=pieces(), headers=fields)
    assert {(each.status_code, code_of(each)) for each in (told, chunked)} == {(413, "BAD_REQUEST")}


async def test_an_address_beyond_the_limit_is_too_long(front: Front) -> None:
    response = await front.get({"query": NAME + "#" * 8_200})
    assert (response.status_code, code_of(response)) == (414, "BAD_REQUEST")


async def test_a_query_comes_by_get_with_its_variables(front: Front) -> None:
    params = {"query": "query Q($name: String!) { __type(name: $name) { name } }", "variables": '{"name":"Order"}'}
    response = await front.get({**params, "operationName": "Q", "extensions": "{}"})
    assert response.json() == {"data": {"__type": {"name": "Order"}}}


@pytest.mark.parametrize("accept", [GRAPHQL, JSON, STREAM])
async def test_a_mutation_does_not_come_by_get(front: Front, accept: str) -> None:
    response = await front.get({"query": MUTATION}, headers=await front.bearer(), accept=accept)
    assert (response.status_code, code_of(response)) == (405, "BAD_REQUEST")
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize(
    "query", ["query=%7B__typename%7D&query=%7B__typename%7D", "query=%FF", "query={__typename}&variables=[]"]
)
async def test_a_malformed_address_is_refused(front: Front, query: str) -> None:
    response = await front.client.get(f"/graphql?{query}")
    assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")


async def test_nul_in_an_address_is_bad_input(front: Front) -> None:
    response = await front.client.get(f"/graphql?query={quote(NAME)}%00", headers={"Accept": GRAPHQL})
    assert (response.status_code, code_of(response)) == (400, "BAD_USER_INPUT")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_not_allowed(front: Front, method: str) -> None:
    response = await front.client.request(method, "/graphql")
    assert (response.status_code, code_of(response)) == (405, "BAD_REQUEST")
    assert response.headers["allow"] == "GET, POST, QUERY"


async def test_an_idempotency_key_is_not_taken_for_granted(front: Front) -> None:
    response = await front.post(NAME, headers={"Idempotency-Key": "k"}, accept=GRAPHQL)
    assert (response.status_code, code_of(response)) == (400, "FEATURE_DISABLED")


async def test_apollos_client_is_told_to_send_the_document(front: Front) -> None:
    body = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}}
    old = await front.client.post("/graphql", json=body)
    new = await front.client.post("/graphql", json=body, headers={"Accept": GRAPHQL})
    assert (old.status_code, new.status_code) == (200, 404)
    assert (code_of(old), old.json()["errors"][0]["message"]) == ("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")


@pytest.mark.parametrize("accept", [JSON, GRAPHQL, "*/*"])
async def test_a_subscription_needs_a_client_that_asks_for_event_streams(front: Front, accept: str) -> None:
    response = await front.post(SUBSCRIPTION, headers=await front.bearer(), accept=accept)
    assert (response.status_code, code_of(response)) == (406, "BAD_REQUEST")


async def test_an_unexpected_error_says_nothing_but_the_request_id(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise LookupError("postgres://secret@host")

    monkeypatch.setattr(front.app.state.authenticator, "authenticate", fail)
    response = await front.post(NAME)
    assert response.status_code == 500
    assert response.json()["errors"] == [
        {
            "message": "Internal error.",
            "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": response.headers["x-request-id"]},
        }
    ]


async def test_a_query_as_an_event_stream_is_one_result_and_the_end(front: Front) -> None:
    response = await front.post(NAME, accept=STREAM)
    assert response.headers["content-type"] == f"{STREAM}; charset=utf-8"
    assert response.content == (
        b':\n\nretry: 1000\n\nevent: next\ndata: {"data":{"__typename":"Query"}}\n\nevent: complete\ndata:\n\n'
    )


@pytest.mark.parametrize(
    ("document", "code"), [("{", "GRAPHQL_PARSE_FAILED"), ("{ nope }", "GRAPHQL_VALIDATION_FAILED")]
)
async def test_as_an_event_stream_a_bad_document_is_a_result(front: Front, document: str, code: str) -> None:
    response = await front.post(document, accept=STREAM)
    frames = response.content.split(b"\n\n")
    assert (response.status_code, frames[3:]) == (200, [b"event: complete\ndata:", b""])
    told = json.loads(frames[2].removeprefix(b"event: next\ndata: "))
    assert [error["extensions"]["code"] for error in told["errors"]] == [code]
