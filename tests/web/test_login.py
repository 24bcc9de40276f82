"""Signing in with JSON, and from another site."""

import json
from collections.abc import AsyncIterator

import pytest
import structlog
from structlog.testing import capture_logs

from tests.support.door import FOREIGN, LOOPBACK, Door, Form, cookie_of, error_of, sessions_of
from tests.support.people import PASSWORD


async def test_json_answers_who_signed_in_and_where(door: Door, email: str) -> None:
    answer = await door.login(email)
    body = answer.json()
    assert answer.status_code == 200
    assert body["user"]["email"] == email
    assert body["user"]["name"] == "Zoë O’Neill"
    assert body["user"]["id"].startswith("usr_")
    assert body["tenant"]["id"].startswith("ten_")
    assert body["tenant"]["slug"].startswith("t-")
    assert answer.headers["cache-control"] == "no-store"
    name, secret, _ = cookie_of(answer)
    assert name == "tidegate"
    assert secret not in answer.text
    assert (await door.people.by_session(secret)).email == email


async def test_an_unknown_user_and_a_wrong_password_get_the_same_answer(door: Door, email: str) -> None:
    wrong, unknown = await door.login(email, "wrong"), await door.login("nobody@people.example", "wrong")
    assert error_of(wrong) == error_of(unknown) == (401, "UNAUTHENTICATED", "Email or password is wrong.")
    assert wrong.headers["www-authenticate"].startswith("Bearer")
    assert wrong.content == unknown.content
    assert "set-cookie" not in wrong.headers


async def test_a_user_of_no_tenant_is_forbidden(door: Door) -> None:
    answer = await door.login(await door.people.user())
    assert error_of(answer)[:2] == (403, "FORBIDDEN")


@pytest.mark.parametrize(
    "body",
    ["", "{", "nul", "\xff", "[" * 10_000, '{"email": "\\ud800", "password": "x"}', '{"email": 1e999}'],
    ids=["empty", "cut", "a word", "no UTF-8", "deep", "a lone surrogate", "beyond all numbers"],
)
async def test_a_body_that_is_no_json_is_a_bad_request(door: Door, body: str) -> None:
    async with door.client() as client:
        answer = await client.post(
            "/auth/login", content=body.encode("latin-1"), headers={"content-type": "application/json"}
        )
    assert error_of(answer)[:2] == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    "body",
    [None, True, 7, "x", [], {}, {"email": "a@b.c"}, {"email": 1, "password": "x"}, {"email": "a@b.c", "password": []},
     {"email": "", "password": "x"}, {"email": "a@b.c", "password": ""}],
)  # fmt: skip
async def test_json_without_email_and_password_is_bad_input(door: Door, body: object) -> None:
    async with door.client() as client:
        kind = {"content-type": "application/json"}
        answer = await client.post("/auth/login", content=json.dumps(body), headers=kind)
    assert error_of(answer)[:2] == (400, "BAD_USER_INPUT")


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "application/jsonp", "application/json-patch+json", "multipart/form-data; boundary=x",
     "text/plain; x=application/json", "application/json; charset=utf-16"],
)  # fmt: skip
async def test_another_content_type_is_refused_with_a_code(door: Door, email: str, kind: str) -> None:
    body = f'{{"email": "{email}", "password": "{PASSWORD}"}}'
    async with door.client() as client:
        answer = await client.post("/auth/login", content=body, headers={"content-type": kind})
    assert error_of(answer) == (
        415,
        "BAD_REQUEST",
        "The body must be application/json or application/x-www-form-urlencoded.",
    )
    assert await sessions_of(door, email) == 0


async def test_a_content_type_may_carry_its_charset(door: Door, email: str) -> None:
    body = f'{{"email": "{email}", "password": "{PASSWORD}"}}'
    async with door.client() as client:
        kind = {"content-type": 'Application/JSON; charset="UTF-8"'}
        assert (await client.post("/auth/login", content=body, headers=kind)).status_code == 200


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_over_16_kb_is_refused(door: Door, announced: bool) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b" " * 1024

    async with door.client() as client:
        body = b" " * 17 * 1024 if announced else chunks()
        answer = await client.post("/auth/login", content=body, headers={"content-type": "application/json"})
    assert error_of(answer)[:2] == (413, "BAD_REQUEST")


async def test_a_refusal_carries_no_password_anywhere(door: Door, email: str) -> None:
    with capture_logs() as logged:
        answer = await door.login(email, "my other secret")
        await door.submit({"email": "my other secret", "password": "my other secret"})
    assert "my other secret" not in answer.text + str(answer.headers)
    told = structlog.contextvars.get_contextvars()
    assert told["reason"]
    assert "my other secret" not in f"{logged}{told}"


OURS = [
    {},
    {"sec-fetch-site": "same-origin"},
    {"sec-fetch-site": "none"},
    {"origin": LOOPBACK},
    {"origin": LOOPBACK.upper()},
]


@pytest.mark.parametrize("headers", FOREIGN)
async def test_another_sites_page_cannot_sign_anybody_in(door: Door, email: str, headers: Form) -> None:
    page = await door.submit({"email": email, "password": PASSWORD}, **headers)
    assert page.status_code == 403
    assert "set-cookie" not in page.headers
    assert error_of(await door.login(email, **headers))[:2] == (403, "CSRF_PREVENTION")
    assert await sessions_of(door, email) == 0


@pytest.mark.parametrize("headers", OURS)
async def test_our_own_page_and_programs_sign_in(door: Door, email: str, headers: Form) -> None:
    assert (await door.submit({"email": email, "password": PASSWORD}, **headers)).status_code == 303
    assert (await door.login(email, **headers)).status_code == 200


async def test_too_many_wrong_passwords_answer_429_and_say_when_to_come_back(door: Door, email: str) -> None:
    for _ in range(5):
        assert (await door.login(email, "wrong password")).status_code == 401
    refused = await door.login(email)
    assert error_of(refused)[:2] == (429, "RATE_LIMITED")
    assert int(refused.headers["retry-after"]) >= 1
    assert "set-cookie" not in refused.headers
    page = await door.submit({"email": email, "password": PASSWORD})
    assert (page.status_code, page.headers["retry-after"]) == (429, refused.headers["retry-after"])
    assert await sessions_of(door, email) == 0
