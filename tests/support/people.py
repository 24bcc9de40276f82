"""People to sign in: tenants and users of a test's own, on a directory that it shares with other tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import asyncpg
from pwdlib.hashers.argon2 import Argon2Hasher

from auth.authenticate import Authenticator, Credentials
from auth.brakes import Brakes
from auth.keyring import Keyring
from auth.operators import add_member, create_tenant, create_user, issue_token
from auth.passwords import Passwords
from auth.principal import Principal
from auth.sessions import NOBODY_KNOWN, USUAL, Visitor
from auth.sign_in import SignedIn, sign_in
from db.directory import Directory
from tests.support.clock import HandClock
from tests.support.database import Dsns

PASSWORD = "correct horse battery staple"
KEYRING = Keyring(["a secret for tests that is long enough"])


class CountingHasher(Argon2Hasher):
    """Quick, and counts what it is asked to do."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self.work = 0

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.work += 1
        return super().hash(password, salt=salt)

    def verify(self, password: str | bytes, hash: str | bytes) -> bool:
        self.work += 1
        return super().verify(password, hash)


@dataclass(frozen=True, slots=True)
class People:
    """A directory, a clock and quick passwords; tenants and users are made as a test asks for them."""

    dsns: Dsns
    directory: Directory
    clock: HandClock
    hasher: CountingHasher
    passwords: Passwords

    @property
    def authenticator(self) -> Authenticator:
        return Authenticator(self.directory, KEYRING, self.clock)

    @property
    def brakes(self) -> Brakes:
        return Brakes(self.directory, KEYRING, self.clock)

    async def tenant(self) -> str:
        """A new tenant's slug."""
        slug = f"t-{uuid4().hex[:12]}"
        await create_tenant(self.directory, slug, f"Tenant {slug}")
        return slug

    async def user(self, *tenants: str, role: str = "viewer") -> str:
        """A new user's email, a member of the tenants with that role."""
        email = f"{uuid4().hex[:12]}@people.example"
        await create_user(self.directory, self.passwords, email, "Zoë O’Neill", PASSWORD)
        for slug in tenants:
            await add_member(self.directory, email, slug, role)
        return email

    async def id_of(self, email: str) -> str:
        user = await self.directory.user_by_email(email)
        assert user is not None
        return str(user["id"])

    async def sign_in(self, email: str, password: str = PASSWORD, visitor: Visitor = NOBODY_KNOWN) -> SignedIn:
        return await sign_in(
            self.directory,
            self.passwords,
            self.clock,
            email,
            password,
            brakes=self.brakes,
            lifetimes=USUAL,
            visitor=visitor,
        )

    async def token(self, email: str, tenant: str | None = None, minutes: int = 5) -> str:
        return await issue_token(self.directory, KEYRING, email, tenant, minutes, self.clock)

    async def by_session(self, secret: str, tenant: str | None = None) -> Principal:
        authenticator = self.authenticator
        principal = await authenticator.authenticate(Credentials(None, secret, tenant))
        await authenticator.touches.write()
        assert principal is not None
        return principal

    async def by_token(self, token: str, tenant: str | None = None) -> Principal:
        principal = await self.authenticator.authenticate(Credentials(token, None, tenant))
        assert principal is not None
        return principal

    async def run(self, sql: str, *values: object) -> list[asyncpg.Record]:
        """Past every door."""
        connection = await asyncpg.connect(self.dsns.superuser)
        try:
            return await connection.fetch(sql, *values)
        finally:
            await connection.close()

    async def trail(self, slug: str) -> list[asyncpg.Record]:
        """What is on record in a tenant, the oldest first."""
        sql = "SELECT a.* FROM audit_log a JOIN tenants t ON t.id = a.tenant_id WHERE t.slug = $1"
        return await self.run(f"{sql} ORDER BY a.created_at, a.id", slug)

    async def everything(self) -> str:
        """All that the directory's tables hold, as text."""
        tables = ("tenants", "users", "roles", "memberships", "member_roles", "sessions")
        rows = [row[0] for table in tables for row in await self.run(f"SELECT t::text FROM {table} AS t")]
        return "\n".join(rows)


@asynccontextmanager
async def open_people(dsns: Dsns) -> AsyncIterator[People]:
    clock, hasher = HandClock(), CountingHasher()
    directory = await Directory.open(dsns.runtime, 2, clock)
    try:
        yield People(dsns, directory, clock, hasher, Passwords(hasher))
    finally:
        await directory.close()
