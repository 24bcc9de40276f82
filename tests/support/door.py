"""The routes of signing in and out over some people, asked as a browser or a program would."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2
from starlette.applications import Starlette

from tests.support.audits import Notes
from tests.support.database import Dsns
from tests.support.people import PASSWORD, People, open_people
from web.login import login_routes
from web.settings import Settings

LOOPBACK, SITE = "http://127.0.0.1:8000", "https://tides.example"
Form = dict[str, str]
FOREIGN: list[Form] = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "cross-site", "origin": LOOPBACK},
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": ""},
    {"origin": "http://127.0.0.1:8001"},
    {"origin": "http://127.0.0.1:8000.evil.example"},
    {"origin": "http://[bad"},
]
"""What a browser says when the page of another site sent the request to ``LOOPBACK``."""


@dataclass(frozen=True, slots=True)
class Door:
    """The routes over some people; ``client`` asks like a browser at an address."""

    people: People
    app: Starlette

    def client(self, base_url: str = LOOPBACK, environment: str = "demo", **headers: str) -> httpx2.AsyncClient:
        self.app.state.settings = Settings(environment=environment)
        transport = httpx2.ASGITransport(app=self.app)
        return httpx2.AsyncClient(transport=transport, base_url=base_url, headers=headers)

    async def login(self, email: str, password: str = PASSWORD, **headers: str) -> httpx2.Response:
        async with self.client(**headers) as client:
            return await client.post("/auth/login", json={"email": email, "password": password})

    async def submit(self, form: Form, **headers: str) -> httpx2.Response:
        async with self.client(**headers) as client:
            return await client.post("/auth/login", data=form)


@asynccontextmanager
async def open_door(dsns: Dsns) -> AsyncIterator[Door]:
    async with open_people(dsns) as people:
        app = Starlette(routes=login_routes(people.passwords))
        app.state.authenticator, app.state.directory = people.authenticator, people.directory
        app.state.brakes = people.brakes
        app.state.audit = Notes()
        yield Door(people, app)


def error_of(response: httpx2.Response) -> tuple[int, str, str]:
    (error,) = response.json()["errors"]
    return response.status_code, error["extensions"]["code"], error["message"]


def cookie_of(response: httpx2.Response) -> tuple[str, str, set[str]]:
    """Name, value and attributes of the one cookie that is set."""
    (header,) = response.headers.get_list("set-cookie")
    pair, *attributes = header.split("; ")
    name, _, value = pair.partition("=")
    return name, value.strip('"'), set(attributes)


async def sessions_of(door: Door, email: str) -> int:
    (row,) = await door.people.run(
        "SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id WHERE email = $1 AND revoked_at IS NULL",
        email,
    )
    return int(row["count"])
