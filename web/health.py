"""What machines ask before they send traffic: alive, ready, which version."""

import asyncio
from importlib.metadata import PackageNotFoundError, version

from starlette.types import Receive, Scope, Send

from db.engine import Database
from web.isolation import Isolation
from web.responses import send_json

READY_SECONDS = 2.0


async def serve_live(scope: Scope, receive: Receive, send: Send) -> None:
    """`GET /health/live`: the process answers, which is all it says."""
    await send_json(send, 200, {"status": "live"})


async def serve_ready(scope: Scope, receive: Receive, send: Send) -> None:
    """`GET /health/ready`: 200 when traffic should come here, else 503; the checks say why.

    Without Redis, where there should be one, streams go on by polling, and an audit trail that is behind goes on in the
    log; without a replica that is fresh enough queries go to the primary. All of it is told and turns no traffic away.
    """
    state = scope["app"].state
    checks = {**await _database_checks(state.database, state.isolation), "accepting": not state.draining.is_set()}
    beside = {"audit": state.audit.healthy}
    if state.settings.redis_url is not None:
        beside["redis"] = state.bus.live
    if state.database.replica is not None:
        beside["replica"] = state.database.replica.serves
    if not all(checks.values()):
        status, word = 503, "not ready"
    else:
        status, word = 200, "ready" if all(beside.values()) else "degraded"
    checks |= beside
    retry = () if status == 200 else ((b"retry-after", b"1"),)
    await send_json(send, status, {"status": word, "checks": checks}, retry)


async def serve_version(scope: Scope, receive: Receive, send: Send) -> None:
    """`GET /version`."""
    await send_json(send, 200, {"name": "tidegate", "version": installed_version()})


def installed_version() -> str:
    """The installed distribution's; "0" when the rooms run from a folder that was never installed."""
    try:
        return version("tidegate")
    except PackageNotFoundError:
        return "0"


async def _database_checks(database: Database, isolation: Isolation) -> dict[str, bool]:
    try:
        async with asyncio.timeout(READY_SECONDS):
            return {**await database.ready(), "isolation": await isolation.is_sound()}
    except TimeoutError:
        return {"database": False, "migrations": False, "isolation": False}
