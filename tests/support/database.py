"""One PostgreSQL for the whole test run, one database for each worker.

The first test that needs a database starts the server (fsync off) and migrates a template; every worker's database is
a copy of it. The process that began the run owns the run folder and removes it, with what earlier runs left when they
were killed. With DATABASE_OWNER_URL and DATABASE_URL in the environment the tests use that server instead; some of them
then need DATABASE_SUPERUSER_URL too, to look past every door.
"""

import asyncio
import fcntl
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg

from db.cluster import Cluster
from db.embedded import Embedded
from db.migrations.run import upgrade

T = TypeVar("T")
_PREFIX = f"tidegate-tests-{os.geteuid()}-"
_MEMORY = Path("/dev/shm")
"""Files in memory, where the system has them: a database of 300 files is copied there in a twentieth of the time."""
_ROOM = 4 * 2**30
_GIVEN = (os.environ.get("DATABASE_OWNER_URL"), os.environ.get("DATABASE_URL"))
"""As the run began: tests of the command line set these names for themselves."""


@dataclass(frozen=True, slots=True)
class Dsns:
    """The three ways into one database. On a given server ``superuser`` is only the owner."""

    owner: str
    runtime: str
    superuser: str

    @property
    def runtime_login(self) -> str:
        return urlsplit(self.runtime).username or ""

    def of(self, database: str) -> "Dsns":
        """The same logins on another database."""
        return Dsns(_on(self.owner, database), _on(self.runtime, database), _on(self.superuser, database))


class RunFolder:
    """Where the server of this run lives: begun by the process that began the run, reached by its workers by path."""

    def __init__(self, path: Path, claim: IO[str] | None = None) -> None:
        self.path = path
        self._claim = claim

    @classmethod
    def begin(cls) -> "RunFolder":
        """A fresh folder, claimed for as long as this process lives; removes those whose process died."""
        for root in (_MEMORY, Path(tempfile.gettempdir())):
            for left in root.glob(_PREFIX + "*"):
                _remove_if_abandoned(left)
        path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_MEMORY if _has_room(_MEMORY) else None))
        return cls(path, _claim(path))

    def end(self) -> None:
        if (given := _given()) is not None and (self.path / "template.ready").exists():
            run_apart(_drop_all(given.superuser, _database_prefix(self.path)))
        _remove(self.path)
        if self._claim is not None:
            self._claim.close()


class Server:
    """The server of the run: makes and drops databases on it."""

    def __init__(self, folder: Path) -> None:
        """Joins the server; the first one in the run starts it and migrates the template. Blocks."""
        self._folder = folder
        self._prefix = _database_prefix(folder)
        self._template = f"{self._prefix}template"
        with (folder / "template.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            given = _given()
            self._embedded = None if given else Embedded.start(folder, durable=False)
            self._dsns = given or _dsns_of(self._embedded)
            if not (folder / "template.ready").exists():
                run_apart(self._make_template())
                (folder / "template.ready").touch()

    async def create(self, name: str, *, migrated: bool = True) -> Dsns:
        """A new database of that name: a copy of the migrated template, or an empty one."""
        return await self._copy(self._template if migrated else "template0", name)

    async def copy(self, template: str, fill: Callable[[Dsns], Awaitable[object]]) -> Dsns:
        """A new database: a copy of one that ``fill`` filled when the first of this run asked for a copy."""
        with (self._folder / f"{template}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (ready := self._folder / f"{template}.ready").exists():
                await fill(await self.create(template))
                ready.touch()
        return await self._copy(self._prefix + template, uuid4().hex)

    async def _copy(self, template: str, name: str) -> Dsns:
        owner = urlsplit(self._dsns.owner).username
        # By files: the other strategy, the standard one, writes every page of the template to the log, compressed.
        options = f'OWNER "{owner}" TEMPLATE "{template}" STRATEGY FILE_COPY'
        await self._run(f'CREATE DATABASE "{self._prefix}{name}" {options}')
        return self._dsns.of(self._prefix + name)

    async def drop(self, name: str) -> None:
        await self._run(f'DROP DATABASE IF EXISTS "{self._prefix}{name}" WITH (FORCE)')

    async def drop_copy(self, copy: Dsns) -> None:
        await self.drop(urlsplit(copy.owner).path.removeprefix(f"/{self._prefix}"))

    def leave(self) -> None:
        """Let go of the server; it runs on for the other workers."""
        if self._embedded is not None:
            self._embedded.leave()

    async def _make_template(self) -> None:
        dsns = await self.create("template", migrated=False)
        await upgrade(dsns.owner, runtime_login=dsns.runtime_login)

    async def _run(self, sql: str) -> None:
        connection = await asyncpg.connect(self._dsns.superuser)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()


def run_apart(work: Coroutine[object, object, T]) -> T:
    """Run a coroutine to its end from synchronous code, whether or not this thread has an event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def _has_room(folder: Path) -> bool:
    """Whether all databases of a run fit there, and anybody may make a folder."""
    return folder.is_dir() and os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > _ROOM


def _given() -> Dsns | None:
    owner, runtime = _GIVEN
    return Dsns(owner, runtime, os.environ.get("DATABASE_SUPERUSER_URL", owner)) if owner and runtime else None


def _dsns_of(embedded: Embedded | None) -> Dsns:
    assert embedded is not None
    return Dsns(embedded.owner_dsn, embedded.runtime_dsn, embedded.superuser_dsn)


def _on(dsn: str, database: str) -> str:
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{database}"))


def _database_prefix(folder: Path) -> str:
    return f"tidegate_{folder.name.rsplit('-', 1)[-1].lower()}_"


async def _drop_all(dsn: str, prefix: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for row in await connection.fetch("SELECT datname FROM pg_database WHERE starts_with(datname, $1)", prefix):
            await connection.execute(f'DROP DATABASE "{row["datname"]}" WITH (FORCE)')
    finally:
        await connection.close()


def _claim(folder: Path) -> IO[str] | None:
    file = (folder / "claim").open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def _remove_if_abandoned(folder: Path) -> None:
    try:
        claim = _claim(folder)
    except OSError:
        return
    if claim is not None:
        _remove(folder)
        claim.close()


def _remove(folder: Path) -> None:
    Cluster(folder.resolve() / "postgres").stop()
    shutil.rmtree(folder, ignore_errors=True)
