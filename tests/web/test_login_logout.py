"""Signing out."""

import pytest

from tests.support.door import FOREIGN, LOOPBACK, Door, Form, cookie_of, error_of, sessions_of

ALLOWED: list[Form] = [
    {"x-tidegate-csrf": "1"},
    {"apollo-require-preflight": "true"},
    {"sec-fetch-site": "same-origin"},
    {"origin": LOOPBACK},
]


@pytest.mark.parametrize("headers", ALLOWED)
async def test_signing_out_ends_the_session_and_takes_the_cookie(door: Door, email: str, headers: Form) -> None:
    secret = cookie_of(await door.login(email))[1]
    async with door.client(cookie=f"tidegate={secret}", **headers) as client:
        answer = await client.post("/auth/logout")
    name, value, attributes = cookie_of(answer)
    assert (answer.status_code, name, value) == (204, "tidegate", "")
    assert "Max-Age=0" in attributes
    assert await sessions_of(door, email) == 0


async def test_a_browser_is_led_back_to_the_sign_in_page(door: Door, email: str) -> None:
    secret = cookie_of(await door.login(email))[1]
    headers = {"accept": "text/html,*/*", "sec-fetch-site": "same-origin"}
    async with door.client(cookie=f"tidegate={secret}", **headers) as client:
        answer = await client.post("/auth/logout")
    assert (answer.status_code, answer.headers["location"]) == (303, "/auth/login")
    assert await sessions_of(door, email) == 0


@pytest.mark.parametrize("headers", [{}, {"x-tidegate-csrf": "0"}, {"x-tidegate-csrf": ""}, *FOREIGN])
async def test_nobody_else_can_sign_one_out(door: Door, email: str, headers: Form) -> None:
    secret = cookie_of(await door.login(email))[1]
    async with door.client(cookie=f"tidegate={secret}", **headers) as client:
        answer = await client.post("/auth/logout")
    assert error_of(answer)[:2] == (403, "CSRF_PREVENTION")
    assert await sessions_of(door, email) == 1


async def test_looking_at_the_sign_out_page_signs_nobody_out(door: Door, email: str) -> None:
    secret = cookie_of(await door.login(email))[1]
    async with door.client(cookie=f"tidegate={secret}") as client:
        page = await client.get("/auth/logout")
    assert '<form method="post" action="/auth/logout">' in page.text
    assert await sessions_of(door, email) == 1


async def test_signing_out_without_a_session_is_no_error(door: Door) -> None:
    async with door.client(**{"x-tidegate-csrf": "1"}) as client:
        assert (await client.post("/auth/logout")).status_code == 204


async def test_a_tossed_cookie_does_not_keep_the_session_alive(door: Door, email: str) -> None:
    secret = cookie_of(await door.login(email))[1]
    headers = {"cookie": f"tidegate=tossed; tidegate={secret}", "x-tidegate-csrf": "1"}
    async with door.client(**headers) as client:
        assert (await client.post("/auth/logout")).status_code == 204
    assert await sessions_of(door, email) == 0
