"""`tidegate serve --workers N` as it is run, and clients of which one knows to which worker they talk."""

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx2
import psutil

from auth.keyring import Keyring
from auth.operators import issue_token
from auth.permissions import SYSTEM_ROLES
from db.engine import Database
from db.seed import seed
from tests.support.command_line import clean_environment, running
from tests.support.database import Dsns
from tests.support.redis import RedisServer
from tests.support.single import PATH, TOKEN
from tests.support.waiting import until
from web.cli.workers import SOONEST_DEATH

SECRET = "a secret for workers that do not live long"
_TRIES = 500
STARTING_SECONDS = 60
"""For processes that import everything afresh, on a machine that does other things too."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """The workers of one supervisor, on one port."""

    process: "subprocess.Popen[str]"
    port: int
    dsns: Dsns

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def workers(self) -> list[int]:
        """The workers that serve now, by pid."""
        found = []
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.process.pid).children():
                with suppress(psutil.NoSuchProcess):
                    if self.port in {_port(each.laddr) for each in child.net_connections("tcp")}:
                        found.append(child.pid)
        return found

    async def ready(self, count: int) -> list[int]:
        """The workers, once so many serve."""
        async with asyncio.timeout(STARTING_SECONDS):
            while len(found := self.workers) != count:
                assert self.process.poll() is None, self.process.communicate()
                await asyncio.sleep(0.05)
        return found

    @asynccontextmanager
    async def client(self, worker: int) -> AsyncIterator[httpx2.AsyncClient]:
        """A client on one connection, which is that worker's: for requests one after the other, without long pauses."""
        for _ in range(_TRIES):
            async with httpx2.AsyncClient(
                base_url=self.url, timeout=20, limits=httpx2.Limits(max_connections=1)
            ) as client:
                if await self.serving(await client.get("/health/live")) == worker:
                    yield client
                    return
        raise AssertionError(f"worker {worker} takes no connection")

    async def serving(self, response: httpx2.Response) -> int | None:
        """The worker that has the connection on which this response came."""
        address = response.extensions["network_stream"].get_extra_info("client_addr")
        return self.holder_of(address[1])

    def holder_of(self, port: int | None) -> int | None:
        """The worker at the other end of the connection from this port."""
        for worker in self.workers:
            with suppress(psutil.NoSuchProcess):
                for each in psutil.Process(worker).net_connections("tcp"):
                    if (_port(each.raddr), _port(each.laddr)) == (port, self.port):
                        return worker
        return None

    def holders_of(self, client: int) -> list[int]:
        """The workers to which a client's process is connected."""
        ports = [_port(each.laddr) for each in psutil.Process(client).net_connections("tcp")]
        return [worker for port in ports if (worker := self.holder_of(port)) is not None]

    async def kill(self, worker: int) -> None:
        """By surprise, as the kernel does; not so young that its supervisor would give up."""
        born = psutil.Process(worker).create_time()
        await until(lambda: time.time() > born + SOONEST_DEATH + 1)
        os.kill(worker, signal.SIGKILL)

    async def token(self, email: str = "manager@acme.example", tenant: str = "acme") -> str:
        """A bearer token that every worker takes."""
        async with self._database() as database:
            return await issue_token(database.directory, Keyring([SECRET]), email, tenant, 5)

    async def newcomer(self) -> tuple[str, str]:
        """A manager of acme's who was not there before: the address and the id."""
        email = f"{uuid4().hex[:12]}@people.example"
        async with self._database() as database:
            tenant = await database.directory.tenant_by_slug("acme")
            assert tenant is not None
            return email, await database.directory.create_user(email, "Zoë", None, (tenant["id"], "manager"))

    @asynccontextmanager
    async def _database(self) -> AsyncIterator[Database]:
        """Ours, beside the workers'."""
        database = await Database.open(self.dsns.runtime, size=1, directory_size=1)
        try:
            yield database
        finally:
            await database.close()


@asynccontextmanager
async def fleet(dsns: Dsns, redis: RedisServer, folder: Path, count: int = 2, **settings: str) -> AsyncIterator[Fleet]:
    """So many workers that serve 60 orders of acme."""
    await seed(dsns.owner, orders=60, tenants=1, roles={name: list(grants) for name, grants in SYSTEM_ROLES.items()})
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = clean_environment(
        DATABASE_URL=dsns.runtime,
        REDIS_URL=redis.url,
        TIDEGATE_SECRETS=SECRET,
        TIDEGATE_LOG_LEVEL="error",
        TIDEGATE_PING_SECONDS="0.3",
        **settings,
    )
    arguments = ["serve", "--port", str(port), "--workers", str(count)]
    with running(arguments, environment, folder) as process:
        fleet = Fleet(process, port, dsns)
        await fleet.ready(count)
        yield fleet


async def reserve(client: httpx2.AsyncClient, bearer: Mapping[str, str]) -> dict[str, str]:
    """Header fields with a new reservation's token."""
    answer = await client.put(PATH, headers=dict(bearer))
    assert answer.status_code == 201, answer.text
    return {**bearer, TOKEN: answer.text}


def _port(address: object) -> int | None:
    """None for the empty address of an end that there is not."""
    port: int | None = getattr(address, "port", None)
    return port
