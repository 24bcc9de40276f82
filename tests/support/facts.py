"""What lies in a world's tables, read past every door; and orders to try things on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import asyncpg

from auth.permissions import SYSTEM_ROLES
from auth.principal import Principal
from db.ids import new_id
from db.tenancy import TenantId
from tests.support.world import World

Json = dict[str, Any]  # any JSON object
CREATE = """mutation($input: CreateOrderInput!) { createOrder(input: $input) {
    order { id number status version notes currency: total { currency } total { amount } }
    userErrors { __typename code message field } } }"""
UPDATE = """mutation($input: UpdateOrderInput!) { updateOrder(input: $input) {
    order { id version notes status }
    userErrors { __typename code message field
        ... on ConflictError { current { id ... on Order { version notes } } } } } }"""
MOVE = """mutation($input: ChangeOrderStatusInput!) { changeOrderStatus(input: $input) {
    order { id version status }
    userErrors { __typename code message field
        ... on ConflictError { current { id ... on Order { version status } } } } } }"""
_NOUNS = ("orders", "customers", "products")
_COUNTED = (
    *("orders", "order_items", "order_terms", "customers", "customer_terms", "products", "product_terms"),
    *("event_log", "event_heads", "audit_log"),
)


async def look(world: World, sql: str, *args: object) -> list[asyncpg.Record]:
    """Run a statement as the superuser; ids come back as 32 hex digits."""
    rows: list[asyncpg.Record] = await world.superuser.fetch(sql, *args)
    return rows


async def tenant_apart(world: World) -> Principal:
    """The admin of a tenant of a test's own."""
    directory, slug = world.database.directory, f"t-{uuid4().hex[:12]}"
    tenant = await directory.create_tenant(slug, slug, SYSTEM_ROLES)
    admin = await directory.create_user(f"admin-{new_id()}@{slug}.example", "Zoë", None, (tenant, "admin"))
    return replace(world.principal(), user_id=admin, tenant=TenantId(tenant), tenant_slug=slug)


async def records_of(world: World, caller: Principal) -> list[Mapping[str, Any]]:  # Any: columns
    """The audit trail of the caller's tenant, the oldest first."""
    sql = "SELECT * FROM audit_log WHERE tenant_id = $1 ORDER BY created_at, id"
    return [dict(row) for row in await look(world, sql, caller.tenant.hex)]


async def footprint(world: World) -> tuple[int, ...]:
    """Numbers that change when anything of any tenant is written: equal before and after means nothing was."""
    counts = ", ".join(f"(SELECT count(*) FROM {table})" for table in _COUNTED)
    versions = ", ".join(f"(SELECT sum(version) FROM {table})" for table in _NOUNS)
    rows = await look(world, f"SELECT {counts}, {versions}, (SELECT sum(seq) FROM event_heads)")
    return tuple(int(value or 0) for value in rows[0])


async def ids_of(world: World, table: str, tenant: str = "acme", count: int = 1) -> list[str]:
    """Some ids of the tenant's rows, as hex digits; the oldest first."""
    sql = f"SELECT id FROM {table} WHERE tenant_id = $1 ORDER BY id LIMIT $2"
    return [row["id"] for row in await look(world, sql, world.tenants[tenant].hex, count)]


async def row_of(world: World, table: str, id_: str) -> asyncpg.Record:
    """One row, whosever it is."""
    return (await look(world, f"SELECT * FROM {table} WHERE id = $1", id_))[0]


@dataclass(frozen=True, slots=True)
class Shop:
    """What a tenant can order: public ids, and the currency its products are priced in."""

    customers: list[str]
    products: list[str]
    currency: str

    def draft(self, **changes: Any) -> dict[str, Any]:  # Any: JSON
        """A good CreateOrderInput, but for the changes."""
        items = [{"productId": self.products[0], "quantity": 2}]
        return {"customerId": self.customers[0], "currency": self.currency, "items": items, **changes}


async def shop_of(world: World, tenant: str = "acme") -> Shop:
    customers = [f"cus_{id_}" for id_ in await ids_of(world, "customers", tenant, 3)]
    products = await ids_of(world, "products", tenant, 60)
    currency = (await row_of(world, "products", products[0]))["currency"]
    return Shop(customers, [f"prd_{id_}" for id_ in products], currency)


async def new_order(
    world: World, *, status: str = "PENDING", notes: str | None = None, caller: Principal | str = "admin"
) -> str:
    """The public id of a fresh order, put into a status without a word in the log about how it got there."""
    tenant = "acme" if isinstance(caller, str) else caller.tenant_slug
    draft = (await shop_of(world, tenant)).draft(notes=notes)
    reply = await world.ask(CREATE, {"input": draft}, caller=caller)
    public: str = reply.data["createOrder"]["order"]["id"]
    if status != "PENDING":
        await look(world, "UPDATE orders SET status = $2 WHERE id = $1", public.removeprefix("ord_"), status)
    return public


async def newest(world: World, table: str, tenant: str = "acme") -> asyncpg.Record:
    """The newest row of the event log or the audit trail."""
    when = "created_at" if table == "audit_log" else "ts"
    sql = f"SELECT * FROM {table} WHERE tenant_id = $1 ORDER BY {when} DESC LIMIT 1"
    return (await look(world, sql, world.tenants[tenant].hex))[0]
