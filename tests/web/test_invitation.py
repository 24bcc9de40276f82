"""Becoming a member by a link, over HTTP."""

from collections.abc import AsyncIterator

import httpx2
import pytest
import structlog
from structlog.testing import capture_logs

from auth.invitations import make_invitation
from tests.support.door import FOREIGN, Door, Form, error_of
from tests.support.people import PASSWORD
from web.invitation import invitation_routes

NEW = "lamp drift onion"
PATH = "/auth/invitation"
ADDRESS = "zoe@new.example"


@pytest.fixture
async def client(door: Door) -> AsyncIterator[httpx2.AsyncClient]:
    door.app.router.routes.extend(invitation_routes(door.people.passwords))
    async with door.client() as client:
        yield client


async def invite(door: Door, email: str | None = None) -> tuple[str, str]:
    """The address and the token, for somebody new unless an email is given."""
    slug = await door.people.tenant()
    tenant = await door.people.directory.tenant_by_slug(slug)
    assert tenant is not None
    admin = await door.people.id_of(await door.people.user(slug, role="admin"))
    address = email or f"{slug}-{ADDRESS}"
    made = await make_invitation(door.people.directory, tenant["id"], address, ["viewer"], admin, door.people.clock)
    assert made is not None
    return address, made.token


async def members(door: Door, email: str) -> int:
    sql = "SELECT count(*) FROM memberships m JOIN users u ON u.id = m.user_id WHERE email = $1"
    return int((await door.people.run(sql, email))[0]["count"])


async def test_somebody_new_looks_at_the_page_and_joins(door: Door, client: httpx2.AsyncClient) -> None:
    email, token = await invite(door)
    for _ in range(2):
        page = await client.get(PATH, params={"token": token})
        assert page.status_code == 200
        assert email in page.text
        assert 'name="again"' in page.text
        assert page.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in page.headers["content-security-policy"]
    form = {"token": token, "name": "Zoë", "password": NEW, "again": NEW}
    done = await client.post(PATH, data=form)
    assert (done.status_code, done.headers["location"]) == (303, "/auth/login")
    assert "set-cookie" not in done.headers
    assert (await door.login(email, NEW)).status_code == 200
    again = await client.post(PATH, data=form)
    assert (again.status_code, (await client.get(PATH, params={"token": token})).text) == (401, again.text)


async def test_a_user_joins_by_password_or_while_signed_in(door: Door, client: httpx2.AsyncClient, email: str) -> None:
    _, token = await invite(door, email)
    page = await client.get(PATH, params={"token": token})
    assert 'name="password"' in page.text
    assert 'name="again"' not in page.text
    wrong = await client.post(PATH, json={"token": token, "password": NEW})
    assert error_of(wrong) == (401, "UNAUTHENTICATED", "Email or password is wrong.")
    assert (await client.post(PATH, json={"token": token, "password": PASSWORD})).status_code == 204
    assert await members(door, email) == 2
    _, token = await invite(door, email)
    client.cookies.update((await client.post("/auth/login", json={"email": email, "password": PASSWORD})).cookies)
    assert 'name="password"' not in (await client.get(PATH, params={"token": token})).text
    assert (await client.post(PATH, json={"token": token})).status_code == 403  # a browser may have been tricked
    joined = await client.post(PATH, data={"token": token}, headers={"sec-fetch-site": "same-origin"})
    assert joined.status_code == 303
    assert await members(door, email) == 3


async def test_whoever_is_signed_in_as_somebody_else_or_nobody_does_not_join(
    door: Door, client: httpx2.AsyncClient, email: str
) -> None:
    address, token = await invite(door, await door.people.user())
    meant = {"x-tidegate-csrf": "1"}
    nobody = await client.post(PATH, json={"token": token}, headers=meant)
    assert error_of(nobody)[:2] == (400, "BAD_USER_INPUT")
    client.cookies.update((await client.post("/auth/login", json={"email": email, "password": PASSWORD})).cookies)
    other = await client.post(PATH, json={"token": token}, headers=meant)
    assert error_of(other)[:2] == (403, "FORBIDDEN")
    assert address not in other.text
    assert (await members(door, address), await members(door, email)) == (0, 1)


@pytest.mark.parametrize(
    ("change", "status"),
    [({"again": "another one, long enough"}, 400), ({"password": "short", "again": "short"}, 400),
     ({"token": "tgi_" + "x" * 43}, 401), ({"token": ""}, 401), ({"token": "é" * 9_000}, 413)],
)  # fmt: skip
async def test_what_is_wrong_is_said_on_the_page_and_nobody_joins(
    door: Door, client: httpx2.AsyncClient, change: Form, status: int
) -> None:
    email, token = await invite(door)
    page = await client.post(PATH, data={"token": token, "name": "Zoë", "password": NEW, "again": NEW, **change})
    assert page.status_code == status
    assert 'role="alert"' in page.text
    assert NEW not in page.text
    assert await door.people.directory.user_by_email(email) is None


@pytest.mark.parametrize("headers", FOREIGN)
async def test_another_sites_page_accepts_nothing(door: Door, client: httpx2.AsyncClient, headers: Form) -> None:
    email, token = await invite(door)
    refused = await client.post(PATH, json={"token": token, "name": "Zoë", "password": NEW}, headers=headers)
    assert refused.status_code == 403
    assert await members(door, email) == 0


async def test_refusals_are_on_record_and_nothing_of_a_link_is_logged(door: Door, client: httpx2.AsyncClient) -> None:
    _, token = await invite(door)
    page = await client.get(PATH, params={"token": '"><script>alert(1)</script>'})
    assert "<script>" not in page.text
    with capture_logs() as logged:
        await client.post(PATH, json={"token": token + "x", "password": NEW})
    told = f"{logged}{structlog.contextvars.get_contextvars()}{door.app.state.audit.records}"
    assert [record.action for record in door.app.state.audit.records] == ["acceptInvitation"]
    assert token not in told
    assert NEW not in told
