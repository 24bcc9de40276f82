"""People of a running server's tenant whose rights a test takes away, and the streams that they follow."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg

from auth.sessions import hash_of, new_secret
from auth.tokens import sign_token
from db.audit_records import Actor
from db.clock import utc_now
from db.directory import Directory
from db.events import EventDraft
from db.tenancy import TenantId
from tests.support.server import Front
from tests.support.streams import Block, StreamClient

EVENTS = "subscription { orderEvents { id patch } }"
NOTHING = {"notes": None, "assigned_to": None}


@dataclass(frozen=True, slots=True)
class Person:
    """A member of ``tenant`` whom no other test knows."""

    front: Front
    id: str
    email: str
    tenant: TenantId
    order: str
    """The id of an order of the tenant."""

    @property
    def directory(self) -> Directory:
        return self.front.database.directory

    async def bearer(self, seconds: float = 300) -> dict[str, str]:
        user = await self.directory.user_by_id(self.id)
        assert user is not None
        life, version = timedelta(seconds=seconds), user["credentials_version"]
        token = sign_token(self.front.app.state.keyring, self.id, self.tenant.hex, utc_now(), life, version)
        return {"Authorization": f"Bearer {token}"}

    async def session(self) -> tuple[dict[str, str], bytes]:
        """A new session's cookie with the header that a page sends, and the session's hash."""
        secret = new_secret()
        id_hash = hash_of(secret) or b""
        user = await self.directory.user_by_id(self.id)
        assert user is not None
        assert await self.directory.sessions.create(id_hash, user, self.tenant.hex, utc_now() + timedelta(hours=1))
        return {"Cookie": f"tidegate={secret}", "X-Tidegate-Csrf": "1"}, id_hash

    async def become(self, role: str) -> None:
        await self.directory.put_membership(self.tenant.hex, self.id, role)

    async def cause(self, notes: str) -> None:
        """An event of the tenant's orders, committed when this returns."""
        async with self.front.database.writer(self.tenant, Actor(None, None)) as writer:
            writer.record(EventDraft("order.updated", "order", self.order, 2, NOTHING, {**NOTHING, "notes": notes}))


async def person(front: Front, role: str = "manager", slug: str = "acme") -> Person:
    """A new one."""
    directory, email = front.database.directory, f"{uuid4().hex[:12]}@people.example"
    tenant = await directory.tenant_by_slug(slug)
    assert tenant is not None
    user_id = await directory.create_user(email, "Zoë", None, (tenant["id"], role))
    rows = await past_every_door(
        front, "SELECT replace(id::text, '-', '') FROM orders WHERE tenant_id = $1", tenant["id"]
    )
    return Person(front, user_id, email, TenantId(tenant["id"]), rows[0][0])


@asynccontextmanager
async def following(
    who: Person, headers: dict[str, str], document: str = EVENTS, path: str = "/graphql"
) -> AsyncIterator[StreamClient]:
    """A stream that has begun."""
    async with who.front.stream(document, headers=headers, path=path) as stream:
        await stream.wait_for_id()
        yield stream


def end_in(blocks: list[Block]) -> dict[str, Any]:  # Any: JSON
    """What the last frame says of the end, which ``complete`` follows; before it come comments alone."""
    told = [block for block in blocks if block.event is not None]
    assert [block.event for block in told] == ["next", "complete"], [block.raw for block in blocks]
    payload = told[0].payload
    assert payload["data"] is None
    end: dict[str, Any] = payload["extensions"]["stream"]["end"]
    assert [error["extensions"]["code"] for error in payload["errors"]] == [end["code"]]
    assert "`" not in payload["errors"][0]["message"]  # a sentence for people
    return end


@asynccontextmanager
async def superuser_of(front: Front) -> AsyncIterator[asyncpg.Connection]:
    """Looks past every door."""
    assert front.dsns is not None
    connection = await asyncpg.connect(front.dsns.superuser)
    try:
        yield connection
    finally:
        await connection.close()


async def past_every_door(front: Front, sql: str, *values: object) -> list[asyncpg.Record]:
    async with superuser_of(front) as superuser:
        return await superuser.fetch(sql, *values)
