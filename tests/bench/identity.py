"""What it costs to know who is calling: session, token and key, in a small directory and in a large one.

In one process, by the same authenticator that the server has, processor time alone: once for callers known for seconds,
and once for callers that the directory has to be asked for.
"""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
from rich.console import Console
from rich.table import Table

from auth.authenticate import Authenticator, Credentials
from auth.key_desk import NewKey, create_key
from auth.keyring import Keyring
from auth.marks import EVERYBODY
from auth.operators import issue_token
from auth.permissions import PermissionSet
from auth.principal_cache import PrincipalCache
from auth.sessions import hash_of, new_secret
from db.clock import utc_now
from db.directory import Directory
from db.migrations.run import upgrade
from tests.support.database import Dsns

CALLERS, ROUNDS, REPEATS = 200, 5, 50
KEYRING = Keyring(["a secret for the benchmark, long enough"])
_FILL = """
INSERT INTO tenants (id, slug, name, version, created_at, updated_at)
    SELECT md5('t' || n)::uuid, 't-' || n, 'Tenant ' || n, 1, now(), now()
    FROM generate_series(1, $2::int) AS n;
INSERT INTO roles (tenant_id, name, permissions, created_at, updated_at, version)
    SELECT md5('t' || n)::uuid, 'viewer', ARRAY['orders:read', 'customers:read'], now(), now(), 1
    FROM generate_series(1, $2::int) AS n;
INSERT INTO roles (tenant_id, name, permissions, created_at, updated_at, version)
    SELECT md5('t1')::uuid, 'role-' || n, ARRAY['orders:read', 'orders:write'], now(), now(), 1
    FROM generate_series(1, $3::int) AS n;
INSERT INTO users (id, email, name, version, created_at, updated_at)
    SELECT md5('u' || n)::uuid, 'u' || n || '@people.example', 'User ' || n, 1, now(), now()
    FROM generate_series(1, $1::int) AS n;
INSERT INTO memberships (user_id, tenant_id, version, created_at, updated_at)
    SELECT md5('u' || n)::uuid, md5('t' || 1 + n % $2::int)::uuid, 1, now(), now()
    FROM generate_series(1, $1::int) AS n;
INSERT INTO member_roles (user_id, tenant_id, role)
    SELECT md5('u' || n)::uuid, md5('t' || 1 + n % $2::int)::uuid, 'viewer'
    FROM generate_series(1, $1::int) AS n;
"""


@dataclass(frozen=True, slots=True)
class Size:
    """A directory: so many users, tenants, and roles in the first of the tenants."""

    title: str
    users: int
    tenants: int
    roles: int


SIZES = (Size("small", 200, 20, 5), Size("large", 100_000, 10_000, 1_000))


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of this process's processor for one request: of a caller that is known, and of one that is not."""

    directory: str
    credential: str
    known: float
    asked: float


async def measure_identity(dsns: Dsns) -> list[Cost]:
    """Both directories, on databases of their own."""
    found = []
    for size in SIZES:
        async with _directory(dsns, size) as directory:
            for credential, callers in (await _callers(directory, size)).items():
                found.append(await _cost(directory, size.title, credential, callers))
    return found


def show_identity(console: Console, costs: Sequence[Cost]) -> None:
    table = Table("directory", "credential", title="Who is calling · ms cpu a request", title_justify="left")
    table.add_column("known", justify="right")
    table.add_column("asked for", justify="right")
    for cost in costs:
        table.add_row(cost.directory, cost.credential, f"{cost.known:.4f}", f"{cost.asked:.3f}")
    console.print(table)
    console.print("Goal: a known caller costs under 0.1 ms, whatever the directory's size.", highlight=False)


@asynccontextmanager
async def _directory(dsns: Dsns, size: Size) -> AsyncIterator[Directory]:
    name = f"identity_{size.title}"
    control = await asyncpg.connect(dsns.superuser)
    try:
        await control.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await control.execute(f'CREATE DATABASE "{name}" OWNER tidegate_owner')
        found = dsns.of(name)
        await upgrade(found.owner, runtime_login=found.runtime_login)
        await _fill(found, size)
        directory = await Directory.open(found.runtime, 4)
        try:
            yield directory
        finally:
            await directory.close()
        await control.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await control.close()


async def _fill(dsns: Dsns, size: Size) -> None:
    connection = await asyncpg.connect(dsns.superuser)
    try:
        for statement in _FILL.strip().split(";\n"):
            numbers = (size.users, size.tenants, size.roles)
            sql = statement.rstrip(";")
            for place, number in enumerate(numbers, 1):
                sql = sql.replace(f"${place}", str(number))
            await connection.execute(sql)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


async def _callers(directory: Directory, size: Size) -> dict[str, list[Credentials]]:
    """Credentials of some users, spread over all of them."""
    found: dict[str, list[Credentials]] = {"session": [], "token": [], "key": []}
    for number in range(1, size.users + 1, max(1, size.users // CALLERS)):
        email = f"u{number}@people.example"
        user = await directory.user_by_email(email)
        assert user is not None
        (member,) = await directory.memberships_of(user["id"])
        secret = new_secret()
        hashed = hash_of(secret)
        assert hashed is not None
        await directory.sessions.create(hashed, user, member["tenant_id"], utc_now() + timedelta(hours=1))
        found["session"].append(Credentials(None, secret, None))
        found["token"].append(Credentials(await issue_token(directory, KEYRING, email, None, 60), None, None))
        new = NewKey("benchmark", ("orders:read",))
        key = await create_key(directory, member["tenant_id"], user["id"], PermissionSet.of({"orders:read"}), new)
        found["key"].append(Credentials(key.text, None, None, "127.0.0.1"))
    return found


async def _cost(directory: Directory, title: str, credential: str, callers: Sequence[Credentials]) -> Cost:
    cache = PrincipalCache(lambda: True)
    authenticator = Authenticator(directory, KEYRING, utc_now, cache)
    known, asked = [], []
    for _ in range(ROUNDS):
        cache.forget(EVERYBODY)
        asked.append(await _spent(authenticator, callers, 1))
        known.append(await _spent(authenticator, callers, REPEATS))
    return Cost(title, credential, min(known), min(asked))


async def _spent(authenticator: Authenticator, callers: Sequence[Credentials], repeats: int) -> float:
    """Milliseconds of this process's processor a request."""
    began = time.process_time()
    for _ in range(repeats):
        for credentials in callers:
            assert await authenticator.authenticate(credentials) is not None
    return (time.process_time() - began) * 1000 / (repeats * len(callers))
