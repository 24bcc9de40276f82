"""Two small tenants planted by hand: many ties, nulls in between, names that look real. The same rows at every call."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import orjson

from db.audit_records import Actor
from db.engine import Database
from db.scopes import EVERY_ROW, RowScope
from db.search import ANNOUNCEMENT_TEXT, CUSTOMER_EMAIL, CUSTOMER_NAME, ORDER_TEXT, PRODUCT_TEXT, fold, words_of
from db.tables import ORDER_STATUSES, RUNTIME_ROLE, TENANT_SETTING
from db.tenancy import TenantId, TenantReader, TenantWriter
from tests.support.database import Dsns

MINE, THEIRS = TenantId("00000000000070008000000000000a11"), TenantId("00000000000070008000000000000b22")
ACTOR = Actor("00000000000070008000000000000001", "req-test")
OTHER = "00000000000070008000000000000002"
"""Somebody else of the same tenant."""
_HOLDERS = (None, ACTOR.user_id, OTHER)
NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
NAMES = ("Éloïse Dupré", "Seán O'Brien", "Zoë Müller-Straße", "Ångström AS", "Nguyễn Văn An", "李小龍", "Party 🎉 GmbH")
NOTES = (None, "", "Please ring twice 🔔", "Crème brûlée für Zoë", "fragile: GLASS / Glas", "ask for Seán", "a%b_c\\d")
CUSTOMERS, PRODUCTS, ORDERS, ITEMS, ANNOUNCEMENTS = 25, 15, 120, 2, 9
Columns = dict[str, Any]  # Any: one value per column
Rows = list[Columns]


@dataclass(frozen=True, slots=True)
class Floor:
    """The db floor open on a database that holds ``mine`` and others."""

    dsns: Dsns
    database: Database
    mine: TenantId = MINE

    @property
    def rows(self) -> dict[str, Rows]:
        """My rows as they were planted."""
        return planted(self.mine)

    def reader(self, tenant: TenantId | None = None, scope: RowScope = EVERY_ROW) -> TenantReader:
        return self.database.reader(tenant or self.mine, scope)

    def writer(self, tenant: TenantId | None = None, scope: RowScope = EVERY_ROW) -> TenantWriter:
        return self.database.writer(tenant or self.mine, ACTOR, scope)

    async def raw(self, sql: str, *values: object, tenant: TenantId | None = None) -> Any:  # Any: rows of any shape
        """Rows of any statement run by the owner, who carries the tenant."""
        async with connected(self.dsns.owner, tenant or self.mine) as connection:
            return await connection.fetch(sql, *values)


@asynccontextmanager
async def open_floor(dsns: Dsns, *tenants: TenantId) -> AsyncIterator[Floor]:
    """Plant the tenants and open the doors for the first."""
    for tenant in tenants:
        await plant(dsns, tenant)
        await plant_audits(dsns, tenant)
    database = await Database.open(dsns.runtime, size=5, directory_size=1)
    try:
        yield Floor(dsns, database, tenants[0])
    finally:
        await database.close()


@asynccontextmanager
async def connected(
    dsn: str, tenant: TenantId | None = None, role: str | None = None
) -> AsyncIterator[asyncpg.Connection]:
    """A bare connection, perhaps with a role and a tenant."""
    connection = await asyncpg.connect(dsn, server_settings={"timezone": "UTC", **({"role": role} if role else {})})
    try:
        if tenant is not None:
            await connection.execute("SELECT set_config($1, $2, false)", TENANT_SETTING, tenant.hex)
        yield connection
    finally:
        await connection.close()


def as_runtime(dsns: Dsns, tenant: TenantId | None = None) -> Any:  # Any: an asynccontextmanager of a connection
    """A bare connection with the rights of a tenant's doors."""
    return connected(dsns.runtime, tenant, RUNTIME_ROLE)


async def plant(dsns: Dsns, tenant: TenantId) -> None:
    """All rows of a tenant in one transaction. ``THEIRS`` has the larger totals and prices."""
    async with connected(dsns.owner, tenant) as connection, connection.transaction():
        for table, rows in planted(tenant).items():
            if await connection.fetchval("SELECT to_regclass($1) IS NULL", table):
                continue  # at an earlier revision
            sql = f"INSERT INTO {table} SELECT * FROM jsonb_populate_recordset(null::{table}, $1)"
            await connection.execute(sql, orjson.dumps(rows).decode())


async def plant_audits(dsns: Dsns, tenant: TenantId) -> None:
    """Records of the trail, whose action is "planted"; all that ``THEIRS`` has are newer than mine."""
    sql = (
        "INSERT INTO audit_log (tenant_id, id, created_at, kind, action, outcome) "
        "SELECT $1::text::uuid, md5($1::text || n)::uuid, $2::timestamptz + n * interval '1 hour', "
        "'QUERY', 'planted', 'ALLOWED' "
        "FROM generate_series(1, 3) AS n"
    )
    async with connected(dsns.owner, tenant) as connection:
        await connection.execute(sql, tenant.hex, NOON + timedelta(hours=_base(tenant) // 10**8))


def planted(tenant: TenantId) -> dict[str, Rows]:
    """The rows by table, in order of their dependencies."""
    rng = random.Random(tenant.hex)
    customers = [_customer(tenant, rng, n) for n in range(CUSTOMERS)]
    products = [_product(tenant, rng, n) for n in range(PRODUCTS)]
    orders = [_order(tenant, rng, n, customers) for n in range(ORDERS)]
    items = [_item(order, line, rng.choice(products)) for order in orders for line in range(1, ITEMS + 1)]
    terms: dict[str, Rows] = {"customer_terms": [], "product_terms": [], "order_terms": [], "announcement_terms": []}
    for customer in customers:
        terms["customer_terms"] += _terms(customer, "customer", CUSTOMER_NAME, customer["name"])
        terms["customer_terms"] += _terms(customer, "customer", CUSTOMER_EMAIL, customer["email"])
    for product in products:
        terms["product_terms"] += _terms(product, "product", PRODUCT_TEXT, product["name"], product["sku"])
    announcements = [_announcement(tenant, rng, n) for n in range(ANNOUNCEMENTS)]
    for announcement in announcements:
        terms["announcement_terms"] += _terms(announcement, "announcement", ANNOUNCEMENT_TEXT, announcement["text"])
    for order in orders:
        terms["order_terms"] += _terms(order, "order", ORDER_TEXT, order["number"], order["notes"])
    return {
        "customers": customers,
        "products": products,
        "orders": orders,
        "order_items": items,
        "announcements": announcements,
        **terms,
        **_log(tenant, orders),
    }


def _id(rng: random.Random) -> str:
    return f"{rng.getrandbits(128):032x}"


def _base(tenant: TenantId) -> int:
    return 10**9 if tenant == THEIRS else 0


def _customer(tenant: TenantId, rng: random.Random, n: int) -> Columns:
    name = f"{rng.choice(NAMES)} {n % 7}"
    made = NOON - timedelta(days=n // 3)
    return {
        "tenant_id": tenant.hex,
        "id": _id(rng),
        "name": name,
        "name_key": fold(name),
        "email": f"c{n}@{tenant.hex[-3:]}.example",
        "city": rng.choice(("Łódź", "Köln", "Zürich")),
        "country": rng.choice(("PL", "DE", "CH")),
        "created_by": _HOLDERS[n % 3],
        "assigned_to": (rng.choice((None, _id(rng))), ACTOR.user_id)[n % 4 == 0],
        "version": 1,
        "created_at": made,
        "updated_at": made,
    }


def _product(tenant: TenantId, rng: random.Random, n: int) -> Columns:
    name = rng.choice(("Café crème", "Blue Lamp", "Öl", "Desk №9"))
    return {
        "tenant_id": tenant.hex,
        "id": _id(rng),
        "sku": f"SKU-{n:03}",
        "name": name,
        "name_key": fold(name),
        "price": _base(tenant) + rng.choice((0, 999, 1250)),
        "currency": "EUR",
        "version": 1,
        "created_at": NOON - timedelta(days=n // 2),
        "updated_at": NOON,
    }


def _order(tenant: TenantId, rng: random.Random, n: int, customers: Rows) -> Columns:
    made = NOON - timedelta(days=n // 9, microseconds=rng.choice((0, 0, 1)))
    return {
        "tenant_id": tenant.hex,
        "id": _id(rng),
        "number": f"260314-{n:07}",
        "status": rng.choice(ORDER_STATUSES),
        "customer_id": rng.choice(customers)["id"],
        "currency": "EUR",
        "total": _base(tenant) + rng.choice((0, 1, 995, 1250, 99999)),
        "notes": rng.choice(NOTES),
        "due_at": rng.choice((None, NOON + timedelta(days=rng.randrange(4)))),
        "created_by": rng.choice((None, ACTOR.user_id)),
        "assigned_to": _HOLDERS[n % 7 % 3],
        "version": 1,
        "created_at": made,
        "updated_at": max(made, NOON - timedelta(hours=rng.randrange(3))),
    }


def _announcement(tenant: TenantId, rng: random.Random, n: int) -> Columns:
    made = NOON + timedelta(hours=_base(tenant) // 10**8 + n // 2)
    kind = ("START_DAY", "NOTICE", "END_DAY")[n % 3]
    return {
        "tenant_id": tenant.hex,
        "id": _id(rng),
        "kind": kind,
        "text": rng.choice(NOTES) or "Zoë" if kind == "NOTICE" else None,
        "created_by": ACTOR.user_id,
        "version": 1,
        "created_at": made,
        "updated_at": made,
    }


def _item(order: Columns, line: int, product: Columns) -> Columns:
    return {
        "tenant_id": order["tenant_id"],
        "order_id": order["id"],
        "line": line,
        "product_id": product["id"],
        "sku": product["sku"],
        "quantity": line,
        "unit_price": product["price"],
        "total": line * product["price"],
        "currency": "EUR",
    }


def _terms(row: Columns, noun: str, source: int, *texts: str | None) -> Rows:
    key = {"tenant_id": row["tenant_id"], f"{noun}_id": row["id"], "source": source}
    return [{**key, "term": word} for word in sorted(words_of(*texts))]


def _log(tenant: TenantId, orders: Rows) -> dict[str, Rows]:
    """Three entries of a log whose beginning is gone, or five of one that is whole."""
    numbers = range(1, 6) if tenant == THEIRS else range(11, 14)
    entry: Columns = {"tenant_id": tenant.hex, "ts": NOON, "type": "order.created", "entity": "order"}
    entry |= {"version": 1, "actor_id": None, "before": None, "after": {}, "tally": False}
    log = [{**entry, "seq": n, "entity_id": orders[n]["id"]} for n in numbers]
    head: Columns = {"tenant_id": tenant.hex, "ts": NOON}
    return {
        "event_heads": [{**head, "seq": numbers[-1]}],
        "event_log": log,
        "folded_heads": [{**head, "seq": numbers[0] - 1}],
    }
