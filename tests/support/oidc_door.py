"""The sign-in routes with a provider beside them, and a browser that walks between the two."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2
from starlette.applications import Starlette

from auth.oidc import Oidc
from auth.outside import Outside
from auth.providers import Provider
from tests.support.audits import Notes
from tests.support.database import Dsns
from tests.support.door import LOOPBACK
from tests.support.people import KEYRING, People, open_people
from tests.support.provider import IdentityProvider, open_provider
from web.login import login_routes
from web.oidc_login import oidc_routes
from web.settings import Settings


@dataclass(frozen=True, slots=True)
class OidcDoor:
    """``browser`` is one browser: it keeps its cookies, and follows nothing by itself."""

    people: People
    app: Starlette
    provider: IdentityProvider
    outside: Outside

    def configure(self, *providers: Provider) -> None:
        """From now on these providers are known."""
        self.app.state.oidc = Oidc(providers, LOOPBACK, KEYRING, self.outside)

    async def known(self) -> str:
        """A user of ours whose email the provider vouches for."""
        email = await self.people.user(await self.people.tenant())
        self.provider.person |= {"email": email, "email_verified": True, "name": "Zoë O’Neill", "sid": "s-1"}
        return email

    def browser(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=self.app), base_url=LOOPBACK)

    async def depart(self, browser: httpx2.AsyncClient, next_path: str = "/", name: str = "tide") -> str:
        """Begin at our door; answers the provider's answer: the address of our callback."""
        begun = await browser.get(f"/auth/login/{name}", params={"next": next_path})
        assert begun.status_code == 303, begun.text
        async with httpx2.AsyncClient(verify=False) as elsewhere:
            back = await elsewhere.get(begun.headers["location"])
        return str(back.headers["location"])

    async def sign_in(self, next_path: str = "/") -> httpx2.Response:
        """All of it: the answer of our callback."""
        async with self.browser() as browser:
            return await browser.get(await self.depart(browser, next_path))

    async def counts(self) -> Sequence[int]:
        """Users, links, sessions: what a refusal must leave as it was."""
        tables = ("users", "identities", "sessions", "memberships")
        return [(await self.people.run(f"SELECT count(*) FROM {table}"))[0][0] for table in tables]


@asynccontextmanager
async def open_oidc_door(dsns: Dsns) -> AsyncIterator[OidcDoor]:
    outside = Outside()
    try:
        async with open_people(dsns) as people, open_provider() as provider:
            app = Starlette(routes=[*login_routes(people.passwords), *oidc_routes()])
            app.state.authenticator, app.state.directory = people.authenticator, people.directory
            app.state.brakes = people.brakes
            app.state.audit = Notes()
            app.state.settings = Settings(environment="demo")
            door = OidcDoor(people, app, provider, outside)
            door.configure(provider.config())
            yield door
    finally:
        await outside.close()


def session_of(response: httpx2.Response) -> str:
    """The session's secret that an answer sets."""
    cookies = [each for each in response.headers.get_list("set-cookie") if each.startswith("tidegate=")]
    assert len(cookies) == 1, response.text
    return cookies[0].partition("=")[2].partition(";")[0].strip('"')
