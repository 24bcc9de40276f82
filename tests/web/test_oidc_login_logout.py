"""Signing out at the provider, and being signed out by it."""

from collections.abc import AsyncIterator
from time import time
from typing import Any
from uuid import uuid4

import pytest

from auth.errors import BadSession
from tests.support.database import Dsns
from tests.support.oidc_door import OidcDoor, open_oidc_door, session_of
from tests.support.provider import CLIENT, Json

NOW = int(time())


@pytest.fixture
async def door(dsns: Dsns) -> AsyncIterator[OidcDoor]:
    async with open_oidc_door(dsns) as door:
        yield door


async def test_signing_out_offers_to_end_the_providers_session_too(door: OidcDoor) -> None:
    await door.known()
    async with door.browser() as browser:
        await browser.get(await door.depart(browser))
        out = await browser.post("/auth/logout", headers={"X-Tidegate-Csrf": "1", "Accept": "text/html"})
    assert f"{door.provider.issuer}/end?client_id={CLIENT}" in out.text


def _logout(door: OidcDoor, **said: Any) -> str:  # Any: JSON
    events: Json = {"http://schemas.openid.net/event/backchannel-logout": {}}
    given = {"sub": door.provider.person["sub"], "sid": "s-1", "jti": uuid4().hex, "events": events, **said}
    return door.provider.id_token({name: value for name, value in given.items() if value is not None})


async def _send_logout(door: OidcDoor, token: str) -> int:
    async with door.browser() as browser:
        return (await browser.post("/auth/backchannel/tide", data={"logout_token": token})).status_code


@pytest.mark.parametrize("said", [{}, {"sid": None}])
async def test_the_provider_ends_the_sessions_that_came_by_it(door: OidcDoor, said: Json) -> None:
    email = await door.known()
    by_provider = session_of(await door.sign_in())
    by_password = (await door.people.sign_in(email)).secret
    assert await _send_logout(door, _logout(door, **said)) == 200
    known = await door.people.by_session(by_password)
    with pytest.raises(BadSession):
        await door.people.by_session(by_provider)
    (record,) = [row for row in await door.people.trail(known.tenant_slug) if row["kind"] == "SIGN_OUT"]
    assert (record["action"], record["actor_id"].hex, record["credential"]) == ("signOut", known.user_id, "SESSION")
    assert record["changes"] == f'{{"by": [null, "{door.provider.issuer}"]}}'
    assert record["entity_id"].startswith("ses_")


@pytest.mark.parametrize(
    "said",
    [
        {"nonce": "x"},
        {"events": None},
        {"events": {}},
        {"iat": NOW - 3600},
        {"aud": "other"},
        {"sid": None, "sub": None},
        {"sid": "s" * 256},
        {"sid": "s\0"},
        {"iat": 10**400},
    ],
)
async def test_a_logout_that_is_none_ends_nothing(door: OidcDoor, said: Json) -> None:
    await door.known()
    secret = session_of(await door.sign_in())
    assert await _send_logout(door, _logout(door, **said)) == 400
    await door.people.by_session(secret)


async def test_a_session_of_the_providers_that_cannot_be_kept_is_signed_in_without(door: OidcDoor) -> None:
    await door.known()
    door.provider.person |= {"sid": "s\0"}
    principal = await door.people.by_session(session_of(await door.sign_in()))
    rows = await door.people.run("SELECT provider_session FROM sessions WHERE user_id = $1", principal.user_id)
    assert [row["provider_session"] for row in rows] == [None]


async def test_an_old_logout_sent_again_leaves_later_sessions(door: OidcDoor) -> None:
    await door.known()
    token = _logout(door, sid=None)
    await door.sign_in()
    assert await _send_logout(door, token) == 200
    door.people.clock.advance(minutes=3)
    secret = session_of(await door.sign_in())
    assert await _send_logout(door, token) == 400
    await door.people.by_session(secret)
