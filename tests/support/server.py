"""The real application on a real server on loopback, in the test's own loop, on a seeded database."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any

import httpx2
from starlette.applications import Starlette

from auth.operators import issue_token
from auth.permissions import ELEVATABLE, SYSTEM_ROLES
from auth.sessions import hash_of, new_secret
from db.clock import utc_now
from db.engine import Database
from db.seed import seed
from tests.support.database import Dsns
from tests.support.streams import StreamClient
from tests.support.waiting import until
from web.app import create_app
from web.server import Server, configure
from web.settings import Settings
from web.traced import RequestTracing

SECRET = "a secret for tests that is long enough"
JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
STREAM = "text/event-stream"


class QuietServer(Server):
    """Leaves the signals to pytest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(frozen=True, slots=True)
class Front:
    """A running server. ``client`` talks to it; every request says who is calling by ``headers``: no cookie is kept."""

    app: Starlette
    server: QuietServer
    client: httpx2.AsyncClient
    port: int
    dsns: Dsns | None = None
    """Ways past every door to the database behind it, where a test has them."""

    @property
    def database(self) -> Database:
        database: Database = self.app.state.database
        return database

    @property
    def open_streams(self) -> float:
        """The gauge, as a scraper reads it."""
        return self.app.state.metrics.registry.get_sample_value("tidegate_streams_open") or 0.0

    async def token(self, role: str = "admin", tenant: str = "acme") -> str:
        """A bearer token of the seeded user with that role."""
        state = self.app.state
        return await issue_token(state.directory, state.keyring, f"{role}@{tenant}.example", tenant, 5)

    async def bearer(self, role: str = "admin", tenant: str = "acme") -> dict[str, str]:
        return {"Authorization": f"Bearer {await self.token(role, tenant)}"}

    async def cookie(self, role: str = "admin", tenant: str = "acme") -> dict[str, str]:
        """A session's cookie, as a browser on loopback sends it."""
        directory, secret = self.database.directory, new_secret()
        user = await directory.user_by_email(f"{role}@{tenant}.example")
        assert user is not None
        memberships = await directory.memberships_of(user["id"])
        hashed = hash_of(secret)
        assert hashed is not None
        expires = utc_now() + timedelta(hours=1)
        assert await directory.sessions.create(hashed, user, memberships[0]["tenant_id"], expires)
        return {"Cookie": f"tidegate={secret}"}

    async def post(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,  # Any: JSON
        headers: Mapping[str, str] | None = None,
        accept: str = JSON,
        path: str = "/graphql",
    ) -> httpx2.Response:
        """An operation by POST."""
        body = {"query": document, "variables": variables}
        return await self.client.post(path, json=body, headers={"Accept": accept, **(headers or {})})

    async def get(
        self, params: Mapping[str, str], headers: Mapping[str, str] | None = None, accept: str = JSON
    ) -> httpx2.Response:
        """An operation by GET."""
        return await self.client.get("/graphql", params=params, headers={"Accept": accept, **(headers or {})})

    @asynccontextmanager
    async def stream(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,  # Any: JSON
        headers: Mapping[str, str] | None = None,
        path: str = "/graphql",
    ) -> AsyncIterator[StreamClient]:
        """An operation as an event stream."""
        fields = {"Accept": STREAM, **(headers or {})}
        body = {"query": document, "variables": variables}
        async with self.client.stream("POST", path, json=body, headers=fields) as response:
            stream = StreamClient(response)
            try:
                yield stream
            finally:
                await stream.dispose()


def settings_for(dsns: Dsns, **changes: Any) -> Settings:  # Any: one value per setting
    """What a server of the tests runs with; nothing of the environment's."""
    given = {"database_url": dsns.runtime, "secrets": (SECRET,), "environment": "demo"}
    shown = {"introspection": "everyone", "graphiql": True}
    return Settings.model_construct(**{**Settings().model_dump(), **given, **shown, **changes})


@asynccontextmanager
async def open_front(dsns: Dsns, orders: int = 200, **changes: Any) -> AsyncIterator[Front]:  # Any: as above
    """Seed the database (three tenants; not for 0 orders) and serve it on a free port."""
    if orders:
        await seed(dsns.owner, orders=orders, tenants=3, roles=SYSTEM_ROLES, elevatable=ELEVATABLE)
    async with serving(settings_for(dsns, **changes)) as front:
        yield replace(front, dsns=dsns)


@asynccontextmanager
async def serving(
    settings: Settings, together: Path | None = None, tracing: RequestTracing | None = None
) -> AsyncIterator[Front]:
    """A server with these settings, stopped in good order at the end; beside others that meet it in a folder."""
    app = create_app(settings, together=together, tracing=tracing)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        server = QuietServer(configure(app, settings), app.state.draining)
        task = asyncio.create_task(server.serve([listener]))
        await until(lambda: server.started or task.done())
        try:
            none = CookieJar(DefaultCookiePolicy(allowed_domains=()))
            url = f"http://127.0.0.1:{port}"
            async with httpx2.AsyncClient(base_url=url, timeout=20, verify=False, cookies=none) as client:
                yield Front(app, server, client, port)
        finally:
            server.should_exit = True
            await task
