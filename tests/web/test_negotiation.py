"""What Accept and Content-Type lead to, and which status a code has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.errors import CODES
from tests.support.properties import bounded
from web.negotiation import STATUSES, TOLD_IN_STREAM, Media, is_json, negotiate, status_of, takes

URQL = (
    b"application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed"
)


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, Media.JSON),
        (b"", Media.JSON),
        (b"*/*", Media.JSON),
        (b"application/*", Media.JSON),
        (b"text/*", Media.STREAM),
        (b"application/json", Media.JSON),
        (b"APPLICATION/JSON", Media.JSON),
        (b"application/graphql-response+json", Media.GRAPHQL),
        (b"text/event-stream", Media.STREAM),
        (b"application/graphql-response+json, application/json;q=0.9", Media.GRAPHQL),
        (b"application/json;q=0.9, application/graphql-response+json", Media.GRAPHQL),
        (b"application/json, application/graphql-response+json", Media.JSON),
        (b"text/event-stream;q=0.5, */*;q=0.4", Media.STREAM),
        (b"*/*, text/event-stream;q=0.1", Media.JSON),
        (b"application/json;q=0, */*", Media.GRAPHQL),
        (b"text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", Media.JSON),
        (b"application/json; charset=utf-8", Media.JSON),
        (b'application/json; charset="UTF-8"; q=0.3', Media.JSON),
        (URQL, Media.GRAPHQL),
    ],
)
def test_the_clients_order_decides(accept: bytes | None, media: Media) -> None:
    assert negotiate(accept).media is media


@pytest.mark.parametrize(
    "accept",
    [
        b"text/html",
        b"application/xml, image/*",
        b"application/json;q=0",
        b"*/*;q=0",
        b"application/json;q=2",
        b"application/json;q=abc",
        b"application/json;charset=utf-16",
        b"application/jsonx",
        b"application/graphql-response+json2",
        b",,;;",
    ],
)
def test_what_nothing_satisfies_leads_to_nothing(accept: bytes) -> None:
    assert negotiate(accept).media is None


@pytest.mark.parametrize("accept", [b"text/event-stream", b"text/event-stream;q=0.1, */*", b"text/*", URQL])
def test_a_client_that_names_event_streams_may_subscribe(accept: bytes) -> None:
    assert negotiate(accept).names_stream


@pytest.mark.parametrize("accept", [None, b"*/*", b"application/json", b"text/event-stream;q=0, */*"])
def test_a_client_that_does_not_name_them_may_not(accept: bytes | None) -> None:
    assert not negotiate(accept).names_stream


@pytest.mark.parametrize(
    ("accept", "takes"), [(None, True), (b"*/*", True), (b"text/event-stream", True), (b"application/json", False)]
)
def test_a_path_of_streams_is_open_to_all_who_do_not_exclude_them(accept: bytes | None, takes: bool) -> None:
    assert negotiate(accept).takes_stream is takes


@given(st.binary(max_size=700))
@bounded(300)
def test_any_bytes_lead_somewhere_and_to_the_same_place_again(accept: bytes) -> None:
    assert negotiate(accept) == negotiate(accept)


@pytest.mark.parametrize(
    "content_type",
    [
        b"application/json",
        b"Application/JSON",
        b"application/json; charset=utf-8",
        b'application/json ;charset="UTF-8"',
        b"application/json;foo=bar",
    ],
)
def test_json_in_utf_8_is_json(content_type: bytes) -> None:
    assert is_json(content_type)


@pytest.mark.parametrize(
    "content_type",
    [
        b"",
        b"text/plain",
        b"text/plain; application/json",
        b"text/plain;x=application/json",
        b"application/jsonp",
        b"application/json5",
        b"xapplication/json",
        b"application/json,application/json",
        b"application/json; charset=utf-16",
        b"application/json; charset=utf-8; charset=latin-1",
        b"application/x-www-form-urlencoded",
        b"multipart/form-data; boundary=application/json",
        b"application/graphql",
        b"application/graphql+json",
    ],
)
def test_what_only_looks_like_json_is_not(content_type: bytes) -> None:
    assert not is_json(content_type)


def test_every_code_has_its_statuses_and_no_other_does() -> None:
    assert set(STATUSES) == set(CODES)


def test_a_refusal_is_never_a_success_under_the_new_media_type() -> None:
    assert {code for code in CODES if status_of(code, Media.GRAPHQL) < 400} == set()


def test_only_what_the_document_or_its_variables_did_is_a_success_under_the_old_one() -> None:
    told = {code for code in CODES if status_of(code, Media.JSON) == 200}
    assert told == TOLD_IN_STREAM
    assert told == {
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "BAD_USER_INPUT",
        "QUERY_LIMIT_EXCEEDED",
        "COST_LIMIT_EXCEEDED",
        "PERSISTED_QUERY_NOT_FOUND",
        "PERSISTED_QUERY_NOT_SUPPORTED",
    }


def test_an_operation_that_ran_is_a_success() -> None:
    assert {status_of(None, media) for media in Media} == {200}


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("UNAUTHENTICATED", 401),
        ("FORBIDDEN", 403),
        ("CSRF_PREVENTION", 403),
        ("DOCUMENT_NOT_ALLOWED", 403),
        ("RATE_LIMITED", 429),
        ("OVERLOADED", 503),
        ("DRAINING", 503),
        ("STREAM_LIMIT", 503),
        ("OPERATION_TIMEOUT", 504),
        ("INTERNAL_SERVER_ERROR", 500),
    ],
)
def test_refusals_that_are_nobodys_typing_have_one_status_for_all(code: str, status: int) -> None:
    assert {status_of(code, media) for media in Media} == {status}


@pytest.mark.parametrize(
    ("accept", "taken"),
    [
        (None, True),
        (b"", True),
        (b"*/*", True),
        (b"text/*;q=0.1", True),
        (b"application/json, TEXT/PLAIN", True),
        (b"text/plain;q=0, */*", False),
        (b"text/*;q=0, text/plain", True),
        (b"text/html", False),
        (b"text/plain;q=x", False),
    ],
)
def test_a_single_type_is_taken_by_the_most_specific_word_on_it(accept: bytes | None, taken: bool) -> None:
    assert takes(accept, "text/plain") is taken
