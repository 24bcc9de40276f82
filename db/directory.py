"""The door for what is read before there is a tenant: who exists, who belongs where, which sessions live, how far
each log reaches.

The only file that takes connections without a tenant. They carry the directory's role, which has rights on these
tables and on no tenant table. Every method is one transaction, of one statement; with a ``record`` it is on record by
the same transaction, unless nothing happened. Rows are the driver's records; ids in them are 32 hex digits.

Every method may raise BadValue (characters that text cannot hold, a reference to nothing), PoolExhausted and
QueryTimeout.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

import asyncpg

from db import callers, identity, memberships
from db.address_lists import AddressLists
from db.api_keys import ApiKeys
from db.attempts import Attempts
from db.audit_records import AuditRecord
from db.clock import Clock, utc_now
from db.codecs import set_codecs
from db.documents import Documents
from db.errors import BadValue, DatabaseAway, Duplicate, PoolExhausted, QueryTimeout
from db.event_cursors import epoch_of
from db.ids import new_id
from db.invitations import Invitations
from db.links import Links
from db.listener import Listener
from db.members import Members
from db.outage import AWAY, AWAY_TEXT
from db.peers import Peers
from db.recorder import Recorder
from db.recording import Recorded, run, run_together
from db.resets import Resets
from db.roles import Roles
from db.sessions import Sessions
from db.statements import Statement
from db.tables import DIRECTORY_ROLE

Row = asyncpg.Record
MALFORMED = (asyncpg.DataError, asyncpg.ForeignKeyViolationError, asyncpg.CheckViolationError, UnicodeEncodeError)
WAIT_SECONDS = 5.0
IDENTITY_CHANNEL = "tidegate_identity"
"""Where the database tells which user changed, by triggers; ``*`` for all. After the users of a change comes ``#`` and
the change's number.
"""
STATEMENT_SECONDS = 10
LONGEST_PAYLOAD = 7_999
"""Bytes that one notification can carry."""
_SETTINGS = {
    "role": DIRECTORY_ROLE,
    "application_name": "tidegate directory",
    "timezone": "UTC",
    "jit": "off",
    "statement_timeout": f"{STATEMENT_SECONDS}s",
    "client_connection_check_interval": "500ms",
}


async def _keep_as_is(_: asyncpg.Connection) -> None:
    """Instead of the pool's reset at every release: no statement here leaves anything behind on its connection."""


class Directory:
    """Opened by ``await Directory.open(…)``; ``observer`` is told the text of each statement as it is sent."""

    def __init__(self, pool: asyncpg.Pool, dsn: str, clock: Clock) -> None:
        self._pool = pool
        self._dsn = dsn
        self._clock = clock
        self.links = Links(self._write)
        self.attempts = Attempts(self._write)
        self.address_lists = AddressLists(self._write)
        self.api_keys = ApiKeys(self._write)
        self.sessions = Sessions(self._write)
        self.recorder = Recorder(self._write)
        self.resets = Resets(self._write)
        self.members = Members(self._write)
        self.roles = Roles(self._write)
        self.invitations = Invitations(self._write)
        self.peers = Peers(self._write)
        self.documents = Documents(self._write, clock)
        self._listeners: list[Listener] = []
        self.observer: Callable[[str], None] | None = None

    @classmethod
    async def open(cls, dsn: str, size: int = 4, clock: Clock = utc_now) -> "Directory":
        """Connects once now, so that a wrong address shows at the start, and up to ``size`` times later."""
        pool = await asyncpg.create_pool(
            dsn, min_size=1, max_size=size, timeout=10, init=set_codecs, reset=_keep_as_is, server_settings=_SETTINGS
        )
        return cls(pool, dsn, clock)

    async def close(self) -> None:
        for listener in self._listeners:
            await listener.stop()
        await self._pool.close()

    # ── users, tenants, memberships ─────────────────────────────────────────────────────────────────────────────────

    async def user_by_email(self, email: str) -> Row | None:
        """``email`` in lower case."""
        return await self._one(identity.USER_BY_EMAIL, email=email)

    async def user_by_id(self, user_id: str) -> Row | None:
        return await self._one(identity.USER_BY_ID, user_id=user_id)

    async def users_by_id(self, user_ids: Sequence[str]) -> list[Row]:
        return await self._fetch(identity.USERS_BY_ID, user_ids=list(user_ids))

    async def tenant_by_slug(self, slug: str) -> Row | None:
        return await self._one(identity.TENANT_BY_SLUG, slug=slug)

    async def memberships_of(self, user_id: str) -> list[Row]:
        """The user's tenants by slug: ``tenant_id slug name roles permissions since``."""
        return await self._fetch(identity.MEMBERSHIPS_OF, user_id=user_id)

    async def membership(self, user_id: str, *, tenant_id: str = "", tenant_slug: str | None = None) -> Row | None:
        """The user with its membership of the tenant of that slug, else of that id: None for no such user,
        ``membership_version`` None for no member.
        """
        if tenant_slug is not None:
            return await self._one(identity.MEMBER_OF_SLUG, user_id=user_id, slug=tenant_slug)
        return await self._one(identity.MEMBER_OF_ID, user_id=user_id, tenant_id=tenant_id)

    async def create_tenant(
        self,
        slug: str,
        name: str,
        roles: Mapping[str, Sequence[str]],
        elevatable: Mapping[str, Sequence[str]] = MappingProxyType({}),
        *,
        record: AuditRecord | None = None,
    ) -> str:
        """The new tenant's id (the record's tenant), with ``roles`` as its system roles (name → permissions), some of
        them ``elevatable`` to more. Raises Duplicate.
        """
        tenant_id = (record and record.tenant_id) or new_id()
        grants = [" ".join(each) for each in roles.values()]
        more = [" ".join(elevatable.get(each, ())) for each in roles]
        given = {"role_names": list(roles), "role_grants": grants, "role_elevatable": more}
        create = identity.CREATE_TENANT
        await self._write(create, lock=None, record=record, id=tenant_id, slug=slug, name=name, **given)
        return tenant_id

    async def create_user(
        self,
        email: str,
        name: str,
        password_hash: str | None = None,
        member_of: tuple[str, str] | None = None,
        *,
        record: AuditRecord | None = None,
    ) -> str:
        """The new user's id (``whose`` the record is), a member of the tenant (id) with the role of ``member_of``.
        ``email`` in lower case.

        Raises Duplicate, and BadValue when the tenant has no such role: then there is no user either.
        """
        user_id = (record and record.whose) or new_id()
        tenant_id, role = member_of or (None, None)
        create = memberships.CREATE_USER if member_of is None else memberships.CREATE_MEMBER
        user = {"user_id": user_id, "email": email, "name": name, "password_hash": password_hash}
        await self._write(create, lock=None, record=record, **user, tenant_id=tenant_id, role=role)
        return user_id

    async def put_membership(
        self, tenant_id: str, user_id: str, role: str, *, record: AuditRecord | None = None
    ) -> None:
        """Make the user a member with that role, or let that be the only one it has. Raises BadValue when the tenant
        has no such role.
        """
        put = memberships.PUT_MEMBERSHIP
        await self._write(put, record=record, tenant_id=tenant_id, user_id=user_id, role=role)

    async def put_spaces(
        self, tenant_id: str, user_id: str, spaces: Sequence[str], *, record: AuditRecord | None = None
    ) -> bool:
        """Let the membership allow these spaces, the first of them where its sessions go that are in none of them.
        Whether there is such a membership. Raises BadValue for none, and for others than there are.
        """
        put, allowed = identity.PUT_SPACES, list(spaces)
        return bool(await self._write(put, record=record, tenant_id=tenant_id, user_id=user_id, spaces=allowed))

    async def set_password(self, user_id: str, password_hash: str, *, record: AuditRecord | None = None) -> None:
        """Set it, revoke every session of the user, and end every bearer token issued before."""
        await self._write(identity.SET_PASSWORD, record=record, user_id=user_id, password_hash=password_hash)

    async def refresh_password(self, user_id: str, old_hash: str, password_hash: str) -> None:
        """The same password hashed anew; nothing happens when it was changed meanwhile."""
        await self._fetch(identity.REFRESH_PASSWORD, user_id=user_id, old_hash=old_hash, password_hash=password_hash)

    # ── many callers at once ────────────────────────────────────────────────────────────────────────────────────────

    async def callers_by_token(self, asked: Sequence[tuple[str, str, str | None]]) -> dict[int, Row]:
        """Where the bearers of tokens stand: each asked about by user, tenant and the slug of the tenant it chose.
        Rows as of ``membership``, by place (from 0); who is gone is missing.
        """
        users, tenants, slugs = (list(values) for values in zip(*asked, strict=True))
        rows = await self._fetch(callers.CALLERS_BY_TOKEN, user_ids=users, tenant_ids=tenants, slugs=slugs)
        return {row["n"] - 1: row for row in rows}

    async def identity_number(self) -> int:
        """How many changes of who-may-what were committed."""
        row = (await self._fetch(callers.IDENTITY_NUMBER))[0]
        return int(row["number"])

    # ── the logs' heads and the wake-ups ────────────────────────────────────────────────────────────────────────────

    async def heads(self, tenant_ids: Sequence[str]) -> dict[str, tuple[int, datetime]]:
        """How far each tenant's log reaches: its newest number and time. A tenant without any event is missing."""
        rows = await self._fetch(identity.HEADS, tenant_ids=list(tenant_ids))
        return {row["tenant_id"]: (row["seq"], row["ts"]) for row in rows}

    async def listen(
        self, channel: str, told: Callable[[str], None], on_reconnect: Callable[[], None] | None = None
    ) -> Listener:
        """Call ``told`` with each payload on a connection of its own, until the listener or the directory is closed."""
        listener = Listener(self._connect, channel, told, on_reconnect)
        self._listeners.append(listener)
        await listener.start()
        return listener

    async def notify(self, channel: str, payload: str) -> None:
        """Raises ValueError for more than ``LONGEST_PAYLOAD`` bytes."""
        if len(payload.encode()) > LONGEST_PAYLOAD:
            raise ValueError(f"a notification carries at most {LONGEST_PAYLOAD} bytes")
        await self._fetch(identity.NOTIFY, channel=channel, payload=payload)

    async def schema_revision(self) -> str | None:
        """The revision that the database's tables stand at."""
        row = await self._one(identity.REVISION)
        return None if row is None else str(row["version_num"])

    async def epoch(self) -> int:
        """32 bits that name this cluster and its timeline (``db/event_cursors.py``)."""
        row = (await self._fetch(identity.CLUSTER))[0]
        return epoch_of(row["system_identifier"], row["timeline_id"])

    async def _connect(self) -> asyncpg.Connection:
        return await asyncpg.connect(self._dsn, timeout=10, server_settings=_SETTINGS)

    async def _write(
        self,
        statement: Statement,
        *,
        lock: Statement | None = None,
        record: Recorded = None,
        **values: object,
    ) -> list[Row]:
        """The statement, with ``now``. ``lock`` comes before it: what it sees is committed by whoever held that before.
        ``record`` goes with it, if it answers any row; by then this process has heard of it.
        """
        rows = await self._send(statement, {**values, "now": self._clock()}, lock, record)
        if record and rows:  # whoever asked for the change may ask this process next
            await asyncio.gather(*(listener.catch_up() for listener in self._listeners))
        return rows

    async def _one(self, statement: Statement, **values: object) -> Row | None:
        rows = await self._fetch(statement, **values)
        return rows[0] if rows else None

    async def _fetch(self, statement: Statement, **values: object) -> list[Row]:
        return await self._send(statement, values)

    async def _send(
        self,
        statement: Statement,
        values: Mapping[str, object],
        lock: Statement | None = None,
        record: Recorded = None,
    ) -> list[Row]:
        try:
            connection = await self._pool.acquire(timeout=WAIT_SECONDS)
        except TimeoutError:
            raise PoolExhausted(f"no directory connection came free within {WAIT_SECONDS:g} s") from None
        except AWAY as error:
            raise DatabaseAway(AWAY_TEXT) from error
        try:
            if lock is None and not record:
                return await run(connection, statement, values, self.observer)
            return await run_together(connection, statement, values, self.observer, lock, record)
        except MALFORMED as error:
            raise BadValue("a value is malformed, or names what does not exist") from error
        except asyncpg.UniqueViolationError as error:
            raise Duplicate(error.constraint_name) from error
        except asyncpg.QueryCanceledError as error:
            raise QueryTimeout("the statement ran past its deadline") from error
        except AWAY as error:
            raise DatabaseAway(AWAY_TEXT) from error
        except asyncio.CancelledError:
            # The driver asks the server to cancel, on its own time: what came next here would be struck instead.
            connection.terminate()
            raise
        finally:
            await self._pool.release(connection)
