"""The transaction of ``changeOrderStatus`` behind bare HTTP, without GraphQL: an ASGI program that trusts its caller.

Locks the order, updates it, records the event and the audit entry: the statements that the mutation sends, through the
same door. No token, no permission, no document, no log line.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from db.audit_records import Actor, AuditDraft
from db.clock import utc_now
from db.engine import Database
from db.events import EventDraft
from db.orders import lock_order, update_order
from db.tenancy import TenantId
from tests.bench.writes import DONE, WRITERS, Change

_BODY = b"{" + DONE + b"}"
_HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(_BODY))]


async def change(database: Database, wanted: Change) -> None:
    """One order, one status further."""
    async with database.writer(TenantId(wanted.tenant), Actor(wanted.user, None)) as writer:
        before = await lock_order(writer, wanted.order)
        assert before is not None
        after = await update_order(writer, before, {"status": wanted.status}, utc_now())
        held = dict(before)
        changes = {name: [held[name], value] for name, value in after.items() if held[name] != value}
        writer.record(EventDraft("order.status_changed", "order", after["id"], after["version"], held, dict(after)))
        writer.audit(AuditDraft("changeOrderStatus", "order", after["id"], changes))


def create_app(dsn: str) -> ASGIApp:
    """``POST`` with a change as JSON makes it; anything else is answered and does nothing."""
    database: Database | None = None

    @asynccontextmanager
    async def opened() -> AsyncIterator[None]:
        nonlocal database
        database = await Database.open(dsn, size=WRITERS, directory_size=1)
        yield
        await database.close()

    lifespan = opened()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            async with lifespan:
                await send({"type": "lifespan.startup.complete"})
                await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        if scope["method"] == "POST" and database is not None:
            await change(database, Change(**orjson.loads((await receive())["body"])))
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await send({"type": "http.response.body", "body": _BODY})

    return app
