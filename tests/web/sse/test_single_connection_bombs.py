"""What is built to do harm is refused on a reserved connection as it is without one."""

import json

import pytest

from tests.support.server import GRAPHQL, Front
from tests.support.single import PATH, Single, code_of, reserved, told
from tests.web.sse.test_single_connection import ACME, WHO

BOMBS = {
    "an alias too many": "{ " + " ".join(f"a{number}: __typename" for number in range(2_000)) + " }",
    "a directive fifty thousand times": "{ __typename " + "@include(if: true) " * 50_000 + "}",
    "fragments that double": "{ ...f0 } fragment f60 on Query { __typename } "
    + " ".join(f"fragment f{number} on Query {{ ...f{number + 1} ...f{number + 1} }}" for number in range(60)),
    "too deep": "{ orders { nodes { " + "customer { " * 30 + "id " + "} " * 33,
    "fragments in a ring": "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
    "a string without an end": '{ order(id: "',
}
BODIES = {
    "a batch": b"[{}]",
    "null": b"null",
    "a number": b"7",
    "not UTF-8": b'{"query":"\xff"}',
    "nested a thousand deep": b'{"query":"{ __typename }","variables":{"a":' + b"[" * 1000 + b"]" * 1000 + b"}}",
    "an integer of five thousand digits": b'{"query":"{ __typename }","variables":{"a":' + b"9" * 5000 + b"}}",
    "too much": b'{"query":"' + b"x" * 1_000_001 + b'"}',
    "no JSON": b"{",
}


async def sent(single: Single, path: str, body: bytes, content_type: str = "application/json") -> tuple[int, str]:
    """Status and code of the answer to these bytes."""
    fields = single.fields if path == PATH else dict(single.headers)
    headers = {**fields, "Accept": GRAPHQL, "Content-Type": content_type}
    answer = await single.front.client.post(path, content=body, headers=headers)
    return answer.status_code, code_of(answer)


@pytest.mark.parametrize("opened", [False, True])
async def test_a_harmful_operation_is_refused_alike(front: Front, opened: bool) -> None:
    single = await reserved(front)
    if not opened:
        await refuse_all(single)
        return
    async with single.open() as stream:
        await refuse_all(single)
        assert (await single.post("1", WHO)).status_code == 202
        assert told(await stream.wait_for_next()) == ("1", ACME)


async def refuse_all(single: Single) -> None:
    for name, document in BOMBS.items():
        body = json.dumps({"query": document, "extensions": {"operationId": "1"}}).encode()
        assert await sent(single, PATH, body) == await sent(single, "/graphql", body), name
    for name, raw in BODIES.items():
        assert await sent(single, PATH, raw) == await sent(single, "/graphql", raw), name
    wrong = b'{"query":"{ __typename }","extensions":{"operationId":"1"}}'
    for content_type in ("text/plain", "application/json-patch", "multipart/form-data", ""):
        expected = await sent(single, "/graphql", wrong, content_type)
        assert await sent(single, PATH, wrong, content_type) == expected == (415, "BAD_REQUEST")


@pytest.mark.parametrize("name", list(BOMBS))
async def test_by_get_it_is_refused_alike(front: Front, name: str) -> None:
    single = await reserved(front)
    params = {"query": BOMBS[name][:7_000], "extensions": '{"operationId":"1"}'}
    there = await front.client.get("/graphql", params=params, headers={**single.headers, "Accept": GRAPHQL})
    here = await single.get(params, {"Accept": GRAPHQL})
    assert (here.status_code, code_of(here)) == (there.status_code, code_of(there))
    assert here.status_code >= 400
