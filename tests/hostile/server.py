"""The server that is attacked, in a process of its own: as `tidegate serve` runs it, but with a moment's patience for
slow senders.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx2
import psutil

from auth.keyring import Keyring
from auth.operators import issue_token
from auth.permissions import ELEVATABLE, SYSTEM_ROLES
from auth.sessions import hash_of, new_secret
from db.clock import utc_now
from db.engine import Database
from db.seed import seed
from tests.hostile.case import Prey
from tests.house.source import ROOT
from tests.support.command_line import clean_environment
from tests.support.database import Dsns
from tests.support.proxies import free_port
from tests.support.waiting import until_answered
from web.app import create_app
from web.logs import configure
from web.server import serve
from web.settings import Settings

SECRET = "a secret of the server that is attacked"
PATIENCE = 0.3
"""Seconds that the server gives whoever sends slowly."""
_GIVING_BACK = {f"MALLOC_{name}_": "131072" for name in ("TRIM_THRESHOLD", "MMAP_THRESHOLD")}
"""Has glibc give memory back as soon as it is free: what is measured is what the server holds."""
_FACTS = "{ orders(first: 1) { nodes { id } pageInfo { endCursor } } }"


@dataclass(frozen=True, slots=True)
class Attacked:
    """The server, what there is to know of it, and the file that its log goes to."""

    port: int
    client: httpx2.AsyncClient
    process: psutil.Process
    prey: Prey
    log: Path

    @property
    def memory(self) -> float:
        """Megabytes."""
        return float(self.process.memory_info().rss) / 1e6

    @property
    def files(self) -> int:
        """Open ones, connections among them."""
        return int(self.process.num_fds())

    def errors(self) -> list[str]:
        """Lines of the log that tell of an error, or of a secret."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        secrets = (self.prey.bearer.removeprefix("Bearer "), self.prey.cookie, SECRET, "Traceback")
        return [
            line for line in lines if _level(line) in {"error", "critical"} or any(each in line for each in secrets)
        ]


@asynccontextmanager
async def attacked(dsns: Dsns, folder: Path) -> AsyncIterator[Attacked]:
    """A server of its own on a seeded database."""
    await seed(dsns.owner, orders=200, tenants=3, roles=SYSTEM_ROLES, elevatable=ELEVATABLE)
    port, log = free_port(), folder / "server.log"
    environment = clean_environment(
        DATABASE_URL=dsns.runtime, TIDEGATE_SECRETS=SECRET, TIDEGATE_PORT=str(port), TIDEGATE_TRUSTED_PROXIES="1"
    )
    async with AsyncExitStack() as closing:
        told = closing.enter_context(log.open("wb"))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.hostile.server"), cwd=ROOT, env=environment | _GIVING_BACK, stderr=told
        )
        closing.push_async_callback(_end, process)
        client = await closing.enter_async_context(
            httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20, verify=False)
        )
        await until_answered(lambda: _is_ready(client))
        prey = await _prey(dsns, client)
        yield Attacked(port, client, psutil.Process(process.pid), prey, log)


async def _end(process: asyncio.subprocess.Process) -> None:
    process.terminate()
    await process.wait()


async def _is_ready(client: httpx2.AsyncClient) -> bool:
    try:
        return bool((await client.get("/health/ready")).status_code == 200)
    except httpx2.TransportError:
        return False


async def _prey(dsns: Dsns, client: httpx2.AsyncClient) -> Prey:
    database = await Database.open(dsns.runtime, size=1, directory_size=1)
    try:
        directory, keyring = database.directory, Keyring([SECRET])
        tokens = [
            await issue_token(directory, keyring, f"manager@{tenant}.example", tenant, 30)
            for tenant in ("acme", "globex")
        ]
        user = await directory.user_by_email("manager@acme.example")
        secret = new_secret()
        hashed = hash_of(secret)
        assert user is not None
        assert hashed is not None
        (member,) = await directory.memberships_of(user["id"])
        await directory.sessions.create(hashed, user, member["tenant_id"], utc_now() + timedelta(hours=1))
    finally:
        await database.close()
    (own, own_cursor), (foreign, foreign_cursor) = [await _facts(client, token) for token in tokens]
    return Prey(f"Bearer {tokens[0]}", secret, own, own_cursor, foreign, foreign_cursor)


async def _facts(client: httpx2.AsyncClient, token: str) -> tuple[str, str]:
    headers = {"Authorization": f"Bearer {token}"}
    found = (await client.post("/graphql", json={"query": _FACTS}, headers=headers)).json()["data"]["orders"]
    return found["nodes"][0]["id"], found["pageInfo"]["endCursor"]


def _level(line: str) -> str:
    try:
        told: Any = json.loads(line)  # Any: JSON
    except ValueError:
        return "error"  # nothing but lines of the log belongs there
    return str(told.get("level"))


def main() -> None:
    """The process itself."""
    settings = Settings.for_serve()
    configure(settings.log_format, settings.log_level)
    bounds = ("web.body.BODY_SECONDS", "web.login_body.BODY_SECONDS", "web.protocol.HEAD_SECONDS")
    for bound in bounds:
        patch(bound, PATIENCE).start()
    serve(create_app(settings), settings)
    os._exit(0)


if __name__ == "__main__":
    main()
