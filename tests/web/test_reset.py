"""A new password by a link, over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
import structlog
from structlog.testing import capture_logs

from auth.password_reset import make_reset
from tests.support.door import FOREIGN, Door, Form, error_of, sessions_of
from web.reset import reset_routes

NEW = "lamp drift onion"


@pytest.fixture
async def token(door: Door, email: str) -> str:
    door.app.router.routes.extend(reset_routes(door.people.passwords))
    return (await make_reset(door.people.directory, email, door.people.clock)).token


@asynccontextmanager
async def posting(door: Door, **headers: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with door.client(**headers) as client:
        yield client


async def submit(door: Door, form: Form, **headers: str) -> httpx2.Response:
    async with posting(door, **headers) as client:
        return await client.post("/auth/reset", data=form)


async def test_the_page_asks_for_a_password_and_uses_nothing_up(door: Door, email: str, token: str) -> None:
    async with door.client() as client:
        pages = [await client.get("/auth/reset", params={"token": token}) for _ in range(3)]
    for page in pages:
        assert page.status_code == 200
        assert f'name="token" value="{token}"' in page.text
        assert page.headers["referrer-policy"] == "same-origin"
        assert page.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in page.headers["content-security-policy"]
    done = await submit(door, {"token": token, "password": NEW, "again": NEW})
    assert (done.status_code, done.headers["location"]) == (303, "/auth/login")
    assert "set-cookie" not in done.headers
    assert (await door.login(email, NEW)).status_code == 200


async def test_it_ends_every_session_and_is_good_once(door: Door, email: str, token: str) -> None:
    await door.login(email)
    assert await sessions_of(door, email) == 1
    async with door.client() as client:
        done = await client.post("/auth/reset", json={"token": token, "password": NEW})
        again = await client.post("/auth/reset", json={"token": token, "password": NEW})
    assert done.status_code == 204
    assert error_of(again)[:2] == (401, "UNAUTHENTICATED")
    assert await sessions_of(door, email) == 0


@pytest.mark.parametrize(
    ("change", "status"),
    [({"again": "another one, long enough"}, 400), ({"password": ""}, 400), ({"token": ""}, 400),
     ({"password": "short", "again": "short"}, 400), ({"password": "finalfantasy", "again": "finalfantasy"}, 400),
     ({"token": "tgr_" + "x" * 43}, 401), ({"token": "é" * 9_000}, 413)],
)  # fmt: skip
async def test_what_is_wrong_is_said_on_the_page_and_nothing_changes(
    door: Door, email: str, token: str, change: Form, status: int
) -> None:
    page = await submit(door, {"token": token, "password": NEW, "again": NEW, **change})
    assert page.status_code == status
    assert 'role="alert"' in page.text
    assert NEW not in page.text
    assert (await door.login(email)).status_code == 200
    assert (await submit(door, {"token": token, "password": NEW, "again": NEW})).status_code == 303


@pytest.mark.parametrize("headers", FOREIGN)
async def test_another_sites_page_sets_no_password(door: Door, email: str, token: str, headers: Form) -> None:
    assert (await submit(door, {"token": token, "password": NEW, "again": NEW}, **headers)).status_code == 403
    assert (await door.login(email)).status_code == 200


async def test_a_token_is_shown_as_text_and_nothing_of_it_is_logged(door: Door, token: str) -> None:
    async with door.client() as client:
        page = await client.get("/auth/reset", params={"token": '"><script>alert(1)</script>'})
        assert "<script>" not in page.text
        with capture_logs() as logged:
            for kind in ("text/plain", "application/json"):
                await client.post("/auth/reset", content=f"{token} {NEW}", headers={"content-type": kind})
            await client.post("/auth/reset", json={"token": token + "x", "password": NEW})
    told = f"{logged}{structlog.contextvars.get_contextvars()}"
    assert token not in told
    assert NEW not in told
