"""The doctor: looks at a database as the serving login sees it, and says what is wrong and how to mend it.

Every check leaves the database as it is and needs no rights beyond those of the runtime login. Tables that
``DIRECTORY_TABLES`` does not name are taken for tenant tables, so one that was forgotten is reported and not trusted.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError

from db.clock import utc_now
from db.doctor_questions import (
    A_ROW_FOR,
    A_ROW_OF,
    DEFAULT_PARTITION,
    DIRECTORY_OVERREACH,
    FOREIGN_RIGHTS,
    LEAKY_OBJECTS,
    LOGIN,
    OPEN_POLICIES,
    OWNS,
    PARTITION_RIGHTS,
    PARTITIONS,
    TENANT_TABLES,
    UNFORCED,
    UNGUARDED,
    UNTOLD,
    WRITE_RIGHTS,
)
from db.ids import new_id
from db.migrations.head import head_revision, serves
from db.migrations.partitions import SERIES
from db.tables import DIRECTORY_ROLE, DIRECTORY_TABLES, RUNTIME_ROLE, SHARED_TABLES, TENANT_SETTING

OLDEST_POSTGRESQL = 15
NOT_REACHED = (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What a database that cannot be used throws."""
ANSWERS = "PostgreSQL answers"
"""The check that fails alone when the database cannot be reached."""
REDIS_SECONDS = 3
_APPEND_ONLY = ["announcements", "audit_log", "event_log"]
_TELLING = [
    *(
        f"{table}.{trigger}"
        for table in ("api_keys", "memberships", "roles", "sessions", "users")
        for trigger in ("number_delete", "number_update", "tell_delete", "tell_update")
    ),
    "tenants.number_update",
    "tenants.tell_update",
    *(f"member_roles.tell_{event}" for event in ("delete", "insert", "update")),
]
_WRITES = ["INSERT", "UPDATE", "DELETE", "TRUNCATE"]
_NO_TENANTS = sorted(DIRECTORY_TABLES | SHARED_TABLES)
_SESSION = {"application_name": "tidegate-doctor", "statement_timeout": "10s"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: ``detail`` says what was found, ``mend`` what to do about it (empty when ``ok``)."""

    check: str
    ok: bool
    detail: str
    mend: str = ""


async def examine_database(runtime_dsn: str) -> list[Finding]:
    """All checks of the database that the runtime login can make; one finding when it cannot be reached."""
    return await _examine(runtime_dsn, _CHECKS)


async def _examine(runtime_dsn: str, checks: "Mapping[str, Check]") -> list[Finding]:
    try:
        connection = await asyncpg.connect(runtime_dsn, timeout=10, server_settings=_SESSION)
    except NOT_REACHED as error:
        return [_unreachable(ANSWERS, error, "DATABASE_URL")]
    try:
        return [await _findings_of(name, check, connection) for name, check in checks.items()]
    finally:
        await connection.close()


async def examine_isolation(runtime_dsn: str) -> list[Finding]:
    """The checks of what keeps tenants apart that cost least; one finding when the database cannot be reached."""
    return await _examine(runtime_dsn, {name: check for name, check in _CHECKS.items() if check in _ISOLATION})


async def examine_redis(url: str) -> Finding:
    """Whether Redis answers a PING in time."""
    try:
        async with (
            asyncio.timeout(REDIS_SECONDS * 2),
            Redis.from_url(url, socket_connect_timeout=REDIS_SECONDS) as client,
        ):
            await client.ping()
    except (RedisError, OSError, TimeoutError, ValueError) as error:
        return _unreachable("Redis answers", error, "REDIS_URL")
    return Finding("Redis answers", True, "it does")


Outcome = tuple[bool, str, str]
"""Whether all is well, what was found, how to mend it."""
Check = Callable[[asyncpg.Connection], Awaitable[Outcome]]


async def _findings_of(name: str, check: Check, connection: asyncpg.Connection) -> Finding:
    """A check that fails to run is a finding too: on a database without our tables most do."""
    try:
        ok, detail, mend = await check(connection)
    except asyncpg.PostgresError as error:
        ok, detail, mend = False, f"{type(error).__name__}: {error}", "Run `tidegate migrate`, then examine again."
    return Finding(name, ok, detail, "" if ok else mend)


def _unreachable(name: str, error: Exception, setting: str) -> Finding:
    return Finding(name, False, f"{type(error).__name__}: {error}", f"Check {setting}, and that the server runs.")


async def _version(connection: asyncpg.Connection) -> Outcome:
    major = connection.get_server_version().major
    return major >= OLDEST_POSTGRESQL, f"version {major}", f"Use PostgreSQL {OLDEST_POSTGRESQL} or newer."


async def _migrations(connection: asyncpg.Connection) -> Outcome:
    async with _as_role(connection, DIRECTORY_ROLE):
        revision = await connection.fetchval("SELECT version_num FROM alembic_version")
    head, good = head_revision(), serves(revision)
    apart = f", a newer version's than {head}" if good else f", this version needs {head}"
    return good, f"revision {revision}" + ("" if revision == head else apart), "Run `tidegate migrate`."


async def _login(connection: asyncpg.Connection) -> Outcome:
    (login,) = await connection.fetch(LOGIN, RUNTIME_ROLE, DIRECTORY_ROLE)
    faults = [name for name in ("is a superuser", "bypasses row-level security", "inherits its roles") if login[name]]
    faults += [f"is no member of {role}" for role in (RUNTIME_ROLE, DIRECTORY_ROLE) if not login[role]]
    mend = f'ALTER ROLE "{login["name"]}" NOSUPERUSER NOBYPASSRLS NOINHERIT; `tidegate migrate` admits it to its roles.'
    return not faults, f"{login['name']} {', '.join(faults)}".strip(), mend


async def _owns_nothing(connection: asyncpg.Connection) -> Outcome:
    owned = await _names(connection, OWNS)
    return not owned, _list(owned), "Let one login own and migrate (DATABASE_OWNER_URL), another serve (DATABASE_URL)."


async def _forced(connection: asyncpg.Connection) -> Outcome:
    tables = await _names(connection, TENANT_TABLES, _NO_TENANTS)
    bare = await _names(connection, UNFORCED, _NO_TENANTS)
    detail = _list(bare) if bare else f"{len(tables)} tables"
    return bool(tables) and not bare, detail, "ALTER TABLE … ENABLE, FORCE ROW LEVEL SECURITY, in a migration."


async def _policies(connection: asyncpg.Connection) -> Outcome:
    bare = await _names(connection, UNGUARDED, _NO_TENANTS, TENANT_SETTING)
    return not bare, _list(bare), f"CREATE POLICY … USING and WITH CHECK on {TENANT_SETTING}, in a migration."


async def _no_open_policy(connection: asyncpg.Connection) -> Outcome:
    found = await _names(connection, OPEN_POLICIES, _NO_TENANTS, TENANT_SETTING, DIRECTORY_ROLE)
    return not found, _list(found), "DROP POLICY …: permissive policies add up."


async def _no_tenant_sees_nothing(connection: asyncpg.Connection) -> Outcome:
    async with _as_role(connection, RUNTIME_ROLE):
        tables = await _names(connection, TENANT_TABLES, _NO_TENANTS)
        seen = [table for table in tables if await connection.fetchval(A_ROW_OF.format(table=table))]
    return not seen, _list(seen), "Look at the policies of these tables: their rows show without a tenant."


async def _nobody_sees_nothing(connection: asyncpg.Connection) -> Outcome:
    async with _as_nobody(connection) as tables:
        seen = [table for table in tables if await connection.fetchval(A_ROW_OF.format(table=table))]
    return not seen, _list(seen), "Look at the policies of these tables: their rows show to another tenant."


async def _nobody_writes_for_others(connection: asyncpg.Connection) -> Outcome:
    """Policies are asked before constraints: a row without its values is refused for its tenant, or it is let in."""
    async with _as_nobody(connection) as tables:
        let_in = [table for table in tables if not await _is_refused(connection, table)]
    return not let_in, _list(let_in), "Look at the policies of these tables: WITH CHECK lets in another tenant's rows."


async def _rights(connection: asyncpg.Connection) -> Outcome:
    found = await _names(connection, DIRECTORY_OVERREACH, _NO_TENANTS, DIRECTORY_ROLE)
    found += await _names(connection, FOREIGN_RIGHTS, list(DIRECTORY_TABLES), RUNTIME_ROLE)
    found += await _names(connection, WRITE_RIGHTS, RUNTIME_ROLE, _APPEND_ONLY, ["UPDATE", "DELETE", "TRUNCATE"])
    found += await _names(connection, WRITE_RIGHTS, RUNTIME_ROLE, list(SHARED_TABLES), _WRITES)
    found += await _names(connection, PARTITION_RIGHTS, [RUNTIME_ROLE, DIRECTORY_ROLE])
    return not found, _list(found), "REVOKE what is named."


async def _told(connection: asyncpg.Connection) -> Outcome:
    async with _as_role(connection, DIRECTORY_ROLE):
        found = await _names(connection, UNTOLD, _TELLING)
    mend = "ALTER TABLE … ENABLE TRIGGER; without them streams go on after their rights have ended."
    return not found, _list(found), mend


async def _no_way_around(connection: asyncpg.Connection) -> Outcome:
    found = await _names(connection, LEAKY_OBJECTS)
    return not found, _list(found), "Make views WITH (security_invoker = true); drop the others."


async def _partitions(connection: asyncpg.Connection) -> Outcome:
    today, missing = utc_now().date(), []
    for series in SERIES:
        names = await _names(connection, PARTITIONS, series.table)
        missing += [series.name(today)] if series.name(today) not in names else []
        if not await connection.fetchval(DEFAULT_PARTITION, series.table):
            missing.append(f"the default one of {series.table}")
    detail = f"missing: {_list(missing)}" if missing else "all of them"
    return not missing, detail, "Run `tidegate migrate`: it makes the coming ones."


_CHECKS: dict[str, Check] = {
    "PostgreSQL is new enough": _version,
    "The schema stands at this version": _migrations,
    "Row-level security binds the serving login": _login,
    "The serving login owns nothing": _owns_nothing,
    "Every tenant table forces row-level security": _forced,
    "Every tenant table has a policy for reading and writing": _policies,
    "No policy opens a tenant table to everybody": _no_open_policy,
    "A connection without a tenant sees nothing": _no_tenant_sees_nothing,
    "A tenant that is nobody's sees nothing": _nobody_sees_nothing,
    "No tenant writes another's rows": _nobody_writes_for_others,
    "Each role has rights on its own tables only": _rights,
    "Changes of rights are told and numbered": _told,
    "No view or function goes around the policies": _no_way_around,
    "Both logs have today's partition and a default": _partitions,
}

_ISOLATION = (_login, _owns_nothing, _forced, _policies, _no_open_policy, _nobody_sees_nothing)
"""What keeps tenants apart, and can be asked every minute."""


@asynccontextmanager
async def _as_nobody(connection: asyncpg.Connection) -> AsyncIterator[list[str]]:
    """The tenants' tables, for a new tenant without a row: in a transaction of which nothing stays."""
    tables = await _names(connection, TENANT_TABLES, _NO_TENANTS)
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(f"SET LOCAL ROLE {RUNTIME_ROLE}")
        await connection.execute("SELECT set_config($1, $2, true)", TENANT_SETTING, new_id())
        yield tables
    finally:
        await transaction.rollback()


async def _is_refused(connection: asyncpg.Connection, table: str) -> bool:
    """Whether a row of somebody else's is refused for that, or because rows cannot be written there at all."""
    attempt = connection.transaction()
    await attempt.start()
    try:
        await connection.execute(A_ROW_FOR.format(table=table), new_id())
    except (asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError):
        return True
    except asyncpg.PostgresError:
        return False  # a constraint was asked: the policy had let it pass
    finally:
        await attempt.rollback()
    return False


@asynccontextmanager
async def _as_role(connection: asyncpg.Connection, role: str) -> AsyncIterator[None]:
    await connection.execute(f"SET ROLE {role}")
    try:
        yield
    finally:
        await connection.execute("RESET ROLE")


async def _names(connection: asyncpg.Connection, question: str, *values: object) -> list[str]:
    return [str(row[0]) for row in await connection.fetch(question, *values)]


def _list(names: list[str], most: int = 5) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) + rest) or "nothing found"
