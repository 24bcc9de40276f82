"""What Python can do by hand: a bare ASGI program without framework, sign-in, permissions or row-level security.

It reads breadth-first, one statement a level, from prepared statements on ten connections, and answers the documents
of ``works.py``, known by their text, with the bytes that GraphQL would answer.
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from datetime import datetime
from typing import Any

import asyncpg
import orjson
from asyncpg.prepared_stmt import PreparedStatement

from db.codecs import set_codecs
from tests.bench.tenants import Key, Tenant
from tests.bench.works import FLAT, NESTED, SINGLE

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]
Json = dict[str, Any]
Variables = dict[str, Any]
Program = Callable[["Link", str, Variables], Awaitable[Json]]

POOL = 10
_COLUMNS = "id, number, status, total, currency, notes, due_at, version, created_at, updated_at, customer_id"
_ORDER = f"SELECT {_COLUMNS} FROM orders WHERE tenant_id = $1 AND id = $2"
_PAGE = f"SELECT {_COLUMNS} FROM orders WHERE tenant_id = $1"
_BEHIND = " AND (created_at, id) < ($2, $3)"
_NEWEST = " ORDER BY created_at DESC, id DESC LIMIT "
_CUSTOMERS = "SELECT id, name, email FROM customers WHERE tenant_id = $1 AND id = ANY($2)"
_ITEMS = (
    "SELECT order_id, quantity, unit_price, product_id FROM order_items "
    "WHERE tenant_id = $1 AND order_id = ANY($2) ORDER BY order_id, line"
)
_PRODUCTS = "SELECT id, name FROM products WHERE tenant_id = $1 AND id = ANY($2)"


class Link:
    """A connection with its prepared statements."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._prepared: dict[str, PreparedStatement] = {}

    async def fetch(self, sql: str, *values: object) -> Sequence[asyncpg.Record]:
        statement = self._prepared.get(sql)
        if statement is None:
            statement = self._prepared[sql] = await self._connection.prepare(sql)
        return await statement.fetch(*values)


async def _list(link: Link, tenant: str, variables: Variables, relations: bool) -> Json:
    first, after = variables["first"], variables.get("after")
    if after is None:
        rows = await link.fetch(f"{_PAGE}{_NEWEST}{first + 1}", tenant)
    else:
        rows = await link.fetch(f"{_PAGE}{_BEHIND}{_NEWEST}{first + 1}", tenant, *_key(after))
    kept = rows[:first]
    nodes = await _nested(link, tenant, kept) if relations else [_order(row) for row in kept]
    end = _cursor(kept[-1]["created_at"], kept[-1]["id"]) if kept else None
    return {"orders": {"nodes": nodes, "pageInfo": {"hasNextPage": len(rows) > first, "endCursor": end}}}


async def _flat(link: Link, tenant: str, variables: Variables) -> Json:
    return await _list(link, tenant, variables, relations=False)


async def _nested_list(link: Link, tenant: str, variables: Variables) -> Json:
    return await _list(link, tenant, variables, relations=True)


async def _single(link: Link, tenant: str, variables: Variables) -> Json:
    found = await _nested(link, tenant, await link.fetch(_ORDER, tenant, variables["id"][4:]))
    return {"order": found[0] if found else None}


async def _nested(link: Link, tenant: str, rows: Sequence[asyncpg.Record]) -> list[Json]:
    customers = await link.fetch(_CUSTOMERS, tenant, list({row["customer_id"] for row in rows}))
    items = await link.fetch(_ITEMS, tenant, [row["id"] for row in rows])
    products = await link.fetch(_PRODUCTS, tenant, list({row["product_id"] for row in items}))
    customer_of = {id_: {"id": "cus_" + id_, "name": name, "email": email} for id_, name, email in customers}
    product_of = {id_: {"id": "prd_" + id_, "name": name} for id_, name in products}
    items_of: dict[str, list[Json]] = {row["id"]: [] for row in rows}
    for order, quantity, unit_price, product in items:
        price = {"amount": f"{unit_price // 100}.{unit_price % 100:02d}"}
        items_of[order].append({"quantity": quantity, "unitPrice": price, "product": product_of[product]})
    nodes = [_order(row) for row in rows]
    for node, row in zip(nodes, rows, strict=True):
        node["customer"] = customer_of[row["customer_id"]]
        node["items"] = items_of[row["id"]]
    return nodes


def _order(row: asyncpg.Record) -> Json:
    id_, number, status, total, currency, notes, due_at, version, created_at, updated_at, _ = row
    return {
        "id": "ord_" + id_,
        "number": number,
        "status": status,
        "total": {"amount": f"{total // 100}.{total % 100:02d}", "currency": currency},
        "notes": notes,
        "dueAt": due_at,
        "version": version,
        "createdAt": created_at,
        "updatedAt": updated_at,
    }


def _cursor(created_at: datetime, id_: str) -> str:
    return base64.urlsafe_b64encode(f"{created_at.isoformat()} {id_}".encode()).decode()


def _key(cursor: str) -> tuple[datetime, str]:
    created_at, id_ = base64.urlsafe_b64decode(cursor).decode().split(" ")
    return datetime.fromisoformat(created_at), id_


def cursor(tenant: Tenant, key: Key) -> str:
    """This program's cursor behind that row."""
    return _cursor(*key)


_PROGRAMS: dict[str, Program] = {FLAT: _flat, NESTED: _nested_list, SINGLE: _single}


class Raw:
    """The ASGI program. The tenant is what the header ``x-tenant-id`` says."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._idle: asyncio.LifoQueue[Link] = asyncio.LifoQueue(maxsize=POOL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["path"] != "/graphql":
            await _send(send, 404, b"{}")
            return
        event = await receive()
        body = event["body"]
        while event.get("more_body"):
            event = await receive()
            body += event["body"]
        asked = orjson.loads(body)
        tenant = next(value for name, value in scope["headers"] if name == b"x-tenant-id").decode()
        link = await self._idle.get()
        try:
            data = await _PROGRAMS[asked["query"]](link, tenant, asked["variables"])
        finally:
            self._idle.put_nowait(link)
        answer = orjson.dumps({"data": data}, option=orjson.OPT_UTC_Z)
        await _send(send, 200, answer)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        connections = [await asyncpg.connect(self._dsn, server_settings={"jit": "off"}) for _ in range(POOL)]
        for connection in connections:
            await set_codecs(connection)
            self._idle.put_nowait(Link(connection))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for connection in connections:
            await connection.close()
        await send({"type": "lifespan.shutdown.complete"})


async def _send(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def create_app(dsn: str) -> Raw:
    return Raw(dsn)


def header(tenant: Tenant) -> str:
    """Whose rows are meant: believed."""
    return f"x-tenant-id: {tenant.id}"
