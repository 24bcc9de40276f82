"""Errors as clients see them: every code from one table, nothing inside an unexpected one."""

import json
from typing import Any

import pytest
from graphql import GraphQLError

from db.errors import BadCursor, BadValue, CursorExpired, PoolExhausted, QueryTimeout
from db.ids import BadId
from resolvers.errors import InvalidInput, Problem
from schema.errors import CODES, coded, error_json
from schema.user_errors import UserErrorCode
from tests.support.world import World

PROMISED = """GRAPHQL_PARSE_FAILED GRAPHQL_VALIDATION_FAILED BAD_USER_INPUT BAD_REQUEST UNAUTHENTICATED FORBIDDEN
NOT_FOUND
CONFLICT RATE_LIMITED COST_LIMIT_EXCEEDED OPERATION_TIMEOUT CSRF_PREVENTION FEATURE_DISABLED QUERY_LIMIT_EXCEEDED
OVERLOADED
STREAM_LIMIT TENANT_SWITCHED TOKEN_EXPIRED PERSISTED_QUERY_NOT_FOUND PERSISTED_QUERY_NOT_SUPPORTED
PERSISTED_QUERY_HASH_MISMATCH DOCUMENT_NOT_ALLOWED
SESSION_REVOKED STREAM_RESYNC DRAINING INTERNAL_SERVER_ERROR"""


def told(error: GraphQLError) -> tuple[Any, list[BaseException]]:  # Any: JSON
    unexpected: list[BaseException] = []
    return error_json(error, "r-1", unexpected.append), unexpected


def test_the_codes_are_the_promised_ones_and_each_says_what_it_means() -> None:
    assert set(CODES) == set(PROMISED.split())
    assert all(meaning.endswith(".") and len(meaning) > 20 for meaning in CODES.values())


@pytest.mark.parametrize(
    ("cause", "code", "message"),
    [
        (InvalidInput("first is negative"), "BAD_USER_INPUT", "first is negative"),
        (BadCursor("not made here"), "BAD_USER_INPUT", "not made here"),
        (BadValue("no text"), "BAD_USER_INPUT", "no text"),
        (BadId("malformed"), "BAD_USER_INPUT", "malformed"),
        (CursorExpired("gone"), "STREAM_RESYNC", "gone"),
        (QueryTimeout("SELECT secret"), "OPERATION_TIMEOUT", CODES["OPERATION_TIMEOUT"]),
        (TimeoutError("secret"), "OPERATION_TIMEOUT", CODES["OPERATION_TIMEOUT"]),
        (PoolExhausted("secret"), "OVERLOADED", CODES["OVERLOADED"]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_foreseen_failure_has_its_code_and_is_not_logged(cause: Exception, code: str, message: str) -> None:
    entry, unexpected = told(GraphQLError("raw", original_error=cause, path=["a", 0]))
    assert entry == {"message": message, "path": ["a", 0], "extensions": {"code": code, "requestId": "r-1"}}
    assert unexpected == []


@pytest.mark.parametrize(
    "cause", [KeyError("secret"), ValueError("secret"), Problem("secret"), RecursionError("secret")]
)
def test_an_unforeseen_failure_tells_only_the_request_id(cause: Exception) -> None:
    entry, unexpected = told(GraphQLError("secret", original_error=cause))
    assert entry == {
        "message": "Internal error.",
        "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": "r-1"},
    }
    assert unexpected == [cause]


def test_a_null_where_none_may_be_is_our_fault() -> None:
    cause = TypeError("Cannot return null for non-nullable field Order.customer.")
    entry, unexpected = told(GraphQLError(str(cause), original_error=cause))
    assert (entry["extensions"]["code"], unexpected) == ("INTERNAL_SERVER_ERROR", [cause])
    assert "Order" not in entry["message"]


def test_what_was_coded_keeps_its_code_and_says_more() -> None:
    entry, _ = told(coded("FORBIDDEN", "No.", permission="orders:read", coordinate="Query.orders"))
    assert entry["extensions"] == {
        "code": "FORBIDDEN",
        "permission": "orders:read",
        "coordinate": "Query.orders",
        "requestId": "r-1",
    }


def test_half_a_surrogate_pair_in_a_message_is_replaced() -> None:
    entry, _ = told(coded("BAD_USER_INPUT", "got \ud800 here"))
    assert entry["message"] == "got ? here"


def test_every_kind_of_problem_has_a_user_errors_code() -> None:
    kinds, found = [Problem], set()
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        found.add(kind.code)
    assert found <= {member.value for member in UserErrorCode}


@pytest.mark.parametrize("code", ["STREAM_LIMIT", "TOKEN_EXPIRED", "CSRF_PREVENTION"])
async def test_the_front_doors_refusals_have_the_shape_of_all_others(world: World, code: str) -> None:
    answer = world.gateway.refuse(code, "Not now.", "r-9", retryAfter=1)
    assert (answer.code, answer.has_errors, answer.operation) == (code, True, None)
    assert json.loads(answer.body) == {
        "errors": [{"message": "Not now.", "extensions": {"code": code, "retryAfter": 1, "requestId": "r-9"}}]
    }
