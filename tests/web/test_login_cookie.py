"""The session's cookie: how it is bound, and when it is another one."""

import pytest

from tests.support.door import LOOPBACK, SITE, Door, cookie_of, sessions_of
from tests.support.people import PASSWORD


@pytest.mark.parametrize(
    ("base_url", "environment"),
    [(SITE, "production"), ("http://tides.example", "production"), (LOOPBACK, "production"), (SITE, "demo"),
     ("https://127.0.0.1", "demo"), ("http://192.0.2.1", "demo"), ("http://127.0.0.1.evil.example", "demo")],
)  # fmt: skip
async def test_the_cookie_is_bound_to_https_and_host(door: Door, email: str, base_url: str, environment: str) -> None:
    async with door.client(base_url, environment) as client:
        answer = await client.post("/auth/login", json={"email": email, "password": PASSWORD})
    name, _, attributes = cookie_of(answer)
    assert name == "__Host-tidegate"
    assert attributes == {"HttpOnly", "Max-Age=1209600", "Path=/", "SameSite=lax", "Secure"}


@pytest.mark.parametrize("base_url", [LOOPBACK, "http://[::1]:8000", "http://localhost:8000"])
async def test_in_the_demo_on_loopback_the_cookie_works_without_tls(door: Door, email: str, base_url: str) -> None:
    async with door.client(base_url) as client:
        answer = await client.post("/auth/login", json={"email": email, "password": PASSWORD})
    name, _, attributes = cookie_of(answer)
    assert name == "tidegate"
    assert attributes == {"HttpOnly", "Max-Age=1209600", "Path=/", "SameSite=lax"}


async def test_the_host_header_cannot_weaken_the_cookie(door: Door, email: str) -> None:
    async with door.client("http://192.0.2.1", host="127.0.0.1:8000") as client:
        answer = await client.post("/auth/login", json={"email": email, "password": PASSWORD})
    assert cookie_of(answer)[0] == "__Host-tidegate"


async def test_a_new_sign_in_is_a_new_session_and_ends_the_one_before(door: Door, email: str) -> None:
    async with door.client() as client:
        secrets = [
            cookie_of(await client.post("/auth/login", json={"email": email, "password": PASSWORD}))[1]
            for _ in range(3)
        ]
    assert len(set(secrets)) == 3
    assert await sessions_of(door, email) == 1
    assert (await door.people.by_session(secrets[-1])).email == email


async def test_a_session_that_was_planted_does_not_become_ones_own(door: Door, email: str) -> None:
    planted = "A" * 43
    answer = await door.login(email, cookie=f"tidegate={planted}")
    assert cookie_of(answer)[1] != planted


async def test_a_refused_sign_in_leaves_the_session_as_it_is(door: Door, email: str) -> None:
    secret = cookie_of(await door.login(email))[1]
    await door.login(email, "wrong", cookie=f"tidegate={secret}")
    await door.people.by_session(secret)
