"""A whole house without its front door: a seeded database, a hub, a gateway, and callers of every role."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

import asyncpg

from auth.permissions import SYSTEM_ROLES, PermissionSet
from auth.principal import Principal
from auth.spaces import Space
from db.clock import utc_now
from db.engine import Database
from db.event_cursors import EventCursorCodec
from db.hub import Hub
from db.pages import CursorCodec
from db.seed import seed
from db.tenancy import TenantId
from resolvers.context import WriteContext
from schema.execute import Answer, Gateway, OperationRequest
from schema.masks import MaskKeys
from tests.support.database import Dsns
from tests.support.feeds import Watched

KEY = b"a key for tests, 32 bytes long.."
ORDERS = 2_000

USER = "00000000000070008000000000000001"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer taken apart."""

    code: str | None
    status: int | None
    body: dict[str, Any]  # Any: JSON

    @property
    def data(self) -> Any:  # Any: JSON
        return self.body.get("data")

    @property
    def errors(self) -> list[dict[str, Any]]:  # Any: JSON
        errors: list[dict[str, Any]] = self.body.get("errors", [])
        return errors

    @property
    def codes(self) -> list[str]:
        return [error["extensions"]["code"] for error in self.errors]


@dataclass(frozen=True, slots=True)
class World:
    """Seeded tenants ``acme`` (half of all orders) and others; ``ask`` runs a document as anybody."""

    dsns: Dsns
    database: Database
    hub: Hub
    gateway: Gateway
    tenants: Mapping[str, TenantId]
    superuser: asyncpg.Connection
    """Looks past every door; not for the code under test."""

    def principal(
        self,
        role: str = "admin",
        tenant: str = "acme",
        grants: frozenset[str] | None = None,
        space: Space = Space.PROVIDER,
    ) -> Principal:
        """A caller with a system role, or with grants of its own."""
        permissions = PermissionSet.of(SYSTEM_ROLES[role] if grants is None else grants, space)
        identity = (USER, f"{role}@{tenant}.example", role.title(), self.tenants[tenant], tenant, tenant.title())
        return Principal(*identity, (role,), permissions, "v1", None, None)

    async def ask(
        self,
        document: str | None,
        variables: Mapping[str, Any] | None = None,  # Any: JSON
        *,
        caller: Principal | str | None = "admin",
        operation: str | None = None,
        allow_mutation: bool = True,
        address: str | None = None,
        cost: Literal["report", "validate"] | None = None,
    ) -> Reply:
        """Run a query or a mutation. ``caller`` is a principal, a role of acme, or None for nobody."""
        who = self.principal(caller) if isinstance(caller, str) else caller
        request = OperationRequest(
            document,
            variables,
            operation,
            None,
            "req-test",
            allow_mutation=allow_mutation,
            address=address,
            cost=cost,
        )
        answer = await self.gateway.answer(request, who)
        assert isinstance(answer, Answer)
        return Reply(answer.code, answer.status, json.loads(answer.body))

    async def subscribe(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,  # Any: JSON
        *,
        caller: Principal | str = "admin",
        last_event_id: str | None = None,
        by_get: bool = False,
    ) -> Watched:
        """Open a subscription; the caller of this closes it."""
        who = self.principal(caller) if isinstance(caller, str) else caller
        request = OperationRequest(
            document,
            variables,
            None,
            None,
            "req-test",
            allow_mutation=not by_get,
            allow_stream=True,
            last_event_id=last_event_id,
            last_event_id_first=by_get,
        )
        stream = await self.gateway.answer(request, who)
        assert not isinstance(stream, Answer), stream
        return Watched(stream)

    def write_context(self, caller: Principal | str = "admin") -> WriteContext:
        """What a mutation's resolver is given."""
        who = self.principal(caller) if isinstance(caller, str) else caller
        reader = self.database.reader(who.tenant)
        return WriteContext(who, reader, self.database, self.hub, utc_now, "req-test")

    @asynccontextmanager
    async def statements(self) -> AsyncIterator[list[str]]:
        """The tenant statements that are sent inside the block."""
        seen: list[str] = []
        self.database.observer = seen.append
        try:
            yield seen
        finally:
            self.database.observer = None

    async def count(self, table: str, tenant: str = "acme") -> int:
        """How many rows the tenant has in a table, read past every door."""
        sql = f"SELECT count(*) FROM {table} WHERE tenant_id = $1::uuid"
        return int(await self.superuser.fetchval(sql, self.tenants[tenant].hex))


@asynccontextmanager
async def open_world(dsns: Dsns, orders: int = ORDERS, tenants: int = 3) -> AsyncIterator[World]:
    """Seed the database and open a house on it."""
    await seed(dsns.owner, orders=orders, tenants=tenants, roles=SYSTEM_ROLES)
    async with open_house(dsns) as world:
        yield world


@asynccontextmanager
async def open_house(dsns: Dsns) -> AsyncIterator[World]:
    """The house on a database that is seeded."""
    database = await Database.open(dsns.runtime, size=5, directory_size=2)
    hub = Hub(database)
    await hub.start()
    superuser = await asyncpg.connect(dsns.superuser)
    try:
        await superuser.set_type_codec("uuid", encoder=str, decoder=_hex, schema="pg_catalog")
        found = {row["slug"]: TenantId(row["id"]) for row in await superuser.fetch("SELECT id, slug FROM tenants")}
        gateway = Gateway(database, hub, CursorCodec([KEY]), EventCursorCodec([KEY], epoch=7), mask_keys=MaskKeys(KEY))
        yield World(dsns, database, hub, gateway, found, superuser)
    finally:
        await superuser.close()
        await hub.stop()
        await database.close()


def _hex(text: str) -> str:
    return text.replace("-", "")
