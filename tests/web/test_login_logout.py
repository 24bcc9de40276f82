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


async def test_a_sign_out_is_on_record_once_with_the_session_that_it_ended(door: Door) -> None:
    slug = await door.people.tenant()
    secret = cookie_of(await door.login(await door.people.user(slug)))[1]
    async with door.client(cookie=f"tidegate={secret}", **{"x-tidegate-csrf": "1"}) as client:
        for _ in range(2):
            await client.post("/auth/logout")
    begun, ended = [row for row in await door.people.trail(slug) if row["kind"] in {"SIGN_IN", "SIGN_OUT"}]
    assert (ended["action"], ended["outcome"], ended["actor_id"]) == ("signOut", "ALLOWED", begun["actor_id"])
    (session,) = await door.people.run("SELECT id FROM sessions WHERE user_id = $1", begun["actor_id"])
    assert ended["entity_id"] == f"ses_{session['id'].hex}"
    assert secret not in str(ended)


async def test_signing_in_again_ends_the_browsers_session_on_record(door: Door) -> None:
    slug = await door.people.tenant()
    email = await door.people.user(slug)
    secret = cookie_of(await door.login(email))[1]
    await door.login(email, cookie=f"tidegate={secret}")
    actions = [row["action"] for row in await door.people.trail(slug) if row["kind"] in {"SIGN_IN", "SIGN_OUT"}]
    assert sorted(actions) == ["signIn", "signIn", "signOut"]


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
