"""A GraphQL request is the same whether it came as a body or in an address."""

import json
from urllib.parse import urlencode

import pytest

from web.parameters import MAX_PARAMETERS, Parameters, from_body, from_query
from web.refusals import Refusal


def refused_body(body: object) -> str:
    with pytest.raises(Refusal) as caught:
        from_body(body if isinstance(body, bytes) else json.dumps(body).encode())
    return caught.value.code


def refused_query(query: bytes | dict[str, str]) -> str:
    with pytest.raises(Refusal) as caught:
        from_query(query if isinstance(query, bytes) else urlencode(query).encode())
    return caught.value.code


def test_a_body_holds_the_four_parameters_and_whatever_else() -> None:
    body = {"query": "q", "operationName": "o", "variables": {"a": 1}, "extensions": {"e": [2]}, "id": 7}
    assert from_body(json.dumps(body).encode()) == Parameters("q", "o", {"a": 1}, {"e": [2]})


def test_an_address_holds_the_same_and_a_last_event_id() -> None:
    query = {
        "query": "q",
        "operationName": "o",
        "variables": '{"a":1}',
        "extensions": '{"e":[2]}',
        "lastEventId": "x-1",
    }
    assert from_query(urlencode(query).encode()) == Parameters("q", "o", {"a": 1}, {"e": [2]}, "x-1")


def test_what_is_missing_or_null_is_none() -> None:
    nothing = Parameters(None, None, None, None)
    assert from_body(b"{}") == nothing
    assert from_body(b'{"query":null,"operationName":null,"variables":null,"extensions":null}') == nothing
    assert from_query(b"") == nothing
    assert from_query(b"variables=&extensions=&operationName=") == nothing
    assert from_query(b"variables=null") == nothing


@pytest.mark.parametrize("body", [b"null", b"true", b"7", b'"x"', b"[]", b'[{"query":"{ __typename }"}]', b"\xff"])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    assert refused_body(body) == "BAD_REQUEST"


@pytest.mark.parametrize("value", [{"o": 1}, 0, False, ["a"]])
@pytest.mark.parametrize("name", ["query", "operationName"])
def test_text_that_is_no_text_is_refused(name: str, value: object) -> None:
    assert refused_body({"query": "{ __typename }", name: value}) == "BAD_REQUEST"


@pytest.mark.parametrize("value", ["string", 0, False, ["a"]])
@pytest.mark.parametrize("name", ["variables", "extensions"])
def test_maps_that_are_no_maps_are_refused(name: str, value: object) -> None:
    assert refused_body({"query": "{ __typename }", name: value}) == "BAD_REQUEST"
    assert refused_query({"query": "{ __typename }", name: json.dumps(value)}) == "BAD_REQUEST"


@pytest.mark.parametrize("query", [b"query=a&query=b", b"variables={}&query=a&variables={}", b"x=1&query=a&query=a"])
def test_a_parameter_that_is_there_twice_is_refused(query: bytes) -> None:
    assert refused_query(query) == "BAD_REQUEST"


@pytest.mark.parametrize(
    "query", [b"query=%ff", b"query=%ed%a0%80", b"query=\xc3\xa4", b"&".join([b"a=1"] * (MAX_PARAMETERS + 1))]
)
def test_a_query_string_that_is_no_form_in_utf_8_is_refused(query: bytes) -> None:
    assert refused_query(query) == "BAD_REQUEST"


@pytest.mark.parametrize("query", [b"query=a%00b", b"operationName=%00", b"variables=%7B%22a%22%3A%22%5Cu0000%22%7D"])
def test_nul_in_an_address_is_bad_input(query: bytes) -> None:
    assert refused_query(query) == "BAD_USER_INPUT"


def test_variables_in_an_address_keep_the_bounds_of_a_body() -> None:
    assert refused_query({"query": "q", "variables": "[" * 100}) == "BAD_REQUEST"
    assert refused_query({"query": "q", "variables": '{"a":' + "1" * 20 + "}"}) == "BAD_REQUEST"


@pytest.mark.parametrize("given", ["x" * 201, "a\nb", "ä", "a\x7f"])
def test_a_last_event_id_that_cannot_be_ours_is_refused(given: str) -> None:
    assert refused_query({"query": "q", "lastEventId": given}) == "BAD_USER_INPUT"


ID = "0a" * 32


@pytest.mark.parametrize(
    ("body", "by_hash"),
    [
        ({"documentId": f"sha256:{ID}"}, False),
        ({"documentId": ID}, False),
        ({"doc_id": ID}, False),
        ({"extensions": {"persistedQuery": {"version": 1, "sha256Hash": ID}}}, True),
        ({"documentId": ID, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": ID}}, "query": "q"}, True),
    ],
)
def test_a_document_is_named_in_any_clients_way(body: dict[str, object], by_hash: bool) -> None:
    found = from_body(json.dumps(body).encode())
    in_url = from_query(urlencode({k: v if isinstance(v, str) else json.dumps(v) for k, v in body.items()}).encode())
    assert found == in_url
    assert (found.document_id, found.by_hash) == (ID, by_hash)


@pytest.mark.parametrize(
    "body",
    [
        {"documentId": "sha256:0"},
        {"documentId": ID.upper()},
        {"documentId": f"sha512:{ID}"},
        {"doc_id": "12345"},
        {"extensions": {"persistedQuery": {"version": 1}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": 7}}},
    ],
)
def test_a_malformed_id_is_no_documents(body: object) -> None:
    assert len(from_body(json.dumps(body).encode()).document_id or "") == 1


@pytest.mark.parametrize(
    "body",
    [
        {"documentId": ID, "doc_id": "1" * 64},
        {"documentId": ID, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "1" * 64}}},
        {"documentId": 7},
        {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": ID}}},
        {"extensions": {"persistedQuery": True}},
    ],
)
def test_several_documents_and_other_protocols_are_refused(body: object) -> None:
    assert refused_body(body) == "BAD_REQUEST"


def test_a_refusal_repeats_nothing_that_was_sent() -> None:
    with pytest.raises(Refusal) as caught:
        from_body(b'{"query": {"secret": 1}}')
    assert "secret" not in caught.value.message
