"""Who subscribes in the benchmark, and to what: many users of a few tenants, and the requests of their streams."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

import asyncpg
import orjson

from db.codecs import set_codecs
from db.ids import public_id
from tests.bench import product
from tests.bench.streams_ticker import Feeder
from tests.bench.works import FLAT, post
from tests.support.database import Dsns

DATABASE, ORDERS, TENANTS = "streams", 6_000, 20
USERS = 25
"""Users made for each tenant, all of one role: none has more than a hundred streams."""
ORDERS_OF_EACH = 10
WATCH = """subscription Watch($where: OrderWhere) {
  orderEvents(where: $where) { __typename type id patch ts cursor }
}"""


@dataclass(frozen=True, slots=True)
class Crowded:
    """A tenant with its subscribers' credentials (lines of a request) and the orders whose changes they watch."""

    feeder: Feeder
    bearers: tuple[str, ...]


async def crowded_tenants(dsns: Dsns) -> list[Crowded]:
    """All tenants, with users enough."""
    connection = await asyncpg.connect(dsns.superuser)
    try:
        await set_codecs(connection)
        rows = await connection.fetch("SELECT id, slug FROM tenants ORDER BY slug")
        return [await _crowded(connection, row["id"], row["slug"]) for row in rows]
    finally:
        await connection.close()


async def _crowded(connection: asyncpg.Connection, tenant: str, slug: str) -> Crowded:
    users = [uuid.uuid5(uuid.NAMESPACE_DNS, f"watcher-{number}.{slug}").hex for number in range(USERS)]
    emails = [f"watcher-{number}@{slug}.example" for number in range(USERS)]
    await connection.execute(_USERS, users, emails)
    await connection.execute(_MEMBERSHIPS, tenant, users)
    orders = [row["id"] for row in await connection.fetch(_ORDERS, tenant, ORDERS_OF_EACH)]
    return Crowded(Feeder(tenant, users[0], tuple(orders)), tuple(product.bearer(user, tenant) for user in users))


_USERS = """
INSERT INTO users (id, email, name, version, created_at, updated_at)
SELECT u.id, u.email, 'Watcher', 1, now(), now() FROM unnest($1::uuid[], $2::text[]) AS u (id, email)
ON CONFLICT DO NOTHING
"""
_MEMBERSHIPS = """
WITH members AS (
    INSERT INTO memberships (tenant_id, user_id, version, created_at, updated_at)
    SELECT $1, u.id, 1, now(), now() FROM unnest($2::uuid[]) AS u (id) ON CONFLICT DO NOTHING
)
INSERT INTO member_roles SELECT $1, u.id, 'viewer' FROM unnest($2::uuid[]) AS u (id) ON CONFLICT DO NOTHING
"""
_ORDERS = "SELECT id FROM orders WHERE tenant_id = $1 ORDER BY id LIMIT $2"


def request(bearer: str, where: object = None) -> Callable[[bytes | None], bytes]:
    """Makes the bytes that open a stream, after a last event id when there is one."""
    body = orjson.dumps({"query": WATCH, "variables": {"where": where}})
    head = (
        "POST /graphql/stream HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        f"accept: text/event-stream\r\n{bearer}\r\ncontent-length: {len(body)}\r\n"
    ).encode()

    def made(last_id: bytes | None) -> bytes:
        resume = b"" if last_id is None else b"last-event-id: %s\r\n" % last_id
        return head + resume + b"\r\n" + body

    return made


def conditions(count: int) -> list[dict[str, object]]:
    """Different ones that hold for every order."""
    return [{"total": {"gte": f"0.{number:04}"}} for number in range(count)]


def of_order(order: str) -> dict[str, object]:
    """The condition that holds for one."""
    return {"id": {"eq": public_id("ord", order)}}


def question(bearer: str) -> bytes:
    """A query of a page."""
    return post(FLAT, {"first": 50}, bearer)
