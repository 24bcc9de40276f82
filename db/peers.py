"""Requests of other instances: each once, and whom they are for. A part of the directory's door."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import asyncpg
from sqlalchemy import DateTime, bindparam, delete, exists, literal_column, select
from sqlalchemy.dialects.postgresql import insert as upsert

from db.statements import compile_statement
from db.tables import peer_nonces, tenants, users

Row = asyncpg.Record
Run = Callable[..., Awaitable[list[Row]]]
"""``await run(statement, **values)``: one statement as the directory, with ``now``."""
DROPPED = 100
"""Nonces that are over, and go with each one that comes; those that another request drops are passed over."""
_NOW = bindparam("now", type_=DateTime(timezone=True))
_free = (
    select(peer_nonces.c.peer, peer_nonces.c.nonce_hash)
    .where(peer_nonces.c.expires_at < _NOW)
    .order_by(peer_nonces.c.expires_at)
    .limit(literal_column(str(DROPPED)))
    .with_for_update(skip_locked=True)
    .cte("free")
)
_over = (
    delete(peer_nonces)
    .where(peer_nonces.c.peer == _free.c.peer, peer_nonces.c.nonce_hash == _free.c.nonce_hash)
    .cte("over")
)
_seen = (
    upsert(peer_nonces)
    .values(peer=bindparam("peer"), nonce_hash=bindparam("nonce_hash"), expires_at=bindparam("expires_at"))
    .on_conflict_do_nothing()
    .returning(peer_nonces.c.peer)
    .cte("seen")
)
ADMIT = compile_statement(
    select(
        exists(select(_seen.c.peer)).label("fresh"),
        select(users.c.id).where(users.c.email == bindparam("email")).scalar_subquery().label("user_id"),
        select(tenants.c.id).where(tenants.c.slug == bindparam("slug")).scalar_subquery().label("tenant_id"),
    ).add_cte(_over)
)
"""One statement, and durable when it answers: no worker, and no restart, takes a nonce twice."""


class Peers:
    """Reached as ``directory.peers``; raises what the directory raises."""

    def __init__(self, run: Run) -> None:
        self._run = run

    async def admit(self, peer: str, nonce_hash: bytes, expires_at: datetime, *, email: str, slug: str) -> Row:
        """Use a nonce up: ``fresh`` unless it was seen before; with it ``user_id`` and ``tenant_id``, null for none."""
        rows = await self._run(ADMIT, peer=peer, nonce_hash=nonce_hash, expires_at=expires_at, email=email, slug=slug)
        return rows[0]
