"""The doctor's canary: a pair of tenants of its own in this database, which must not see each other."""

import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auth.keyring import Keyring
    from auth.principal import Principal
    from db.directory import Directory
    from db.doctor import Finding
    from db.engine import Database

CHECK = "Two tenants do not see each other, whatever they ask"
SLUGS = ("canary-port", "canary-starboard")
"""Tenants and marks at once: texts that stand nowhere else."""
MEND = "Serve nobody until this is mended: a tenant is shown what is another's."


async def examine_canary(dsn: str) -> "Finding":
    """Make the pair, if it is not there, and ask everything as either of it. Writes a few events of its own tenants."""
    from db.doctor import NOT_REACHED, Finding
    from db.engine import Database
    from db.errors import DatabaseError
    from schema.canary import CanaryFailed

    try:
        database = await Database.open(dsn, size=4, directory_size=2)
    except NOT_REACHED as error:
        return Finding(CHECK, False, f"{type(error).__name__}: {error}", "Check DATABASE_URL.")
    try:
        asked, leaks = await _sing(database)
    except (CanaryFailed, DatabaseError, *NOT_REACHED) as error:
        return Finding(
            CHECK, False, f"not examined: {type(error).__name__}: {error}", "Mend what is wrong above first."
        )
    finally:
        await database.close()
    if leaks:
        return Finding(CHECK, False, ", ".join(leaks), MEND)
    return Finding(CHECK, True, f"{asked} questions, nothing shared")


async def _sing(database: "Database") -> tuple[int, list[str]]:
    """How many questions were asked, and what was shown that should not have been."""
    from auth.keyring import Keyring
    from db.event_cursors import EventCursorCodec
    from db.hub import Hub
    from db.pages import CursorCodec
    from schema.canary import Canary, Side
    from schema.canary_questions import LIMITS
    from schema.execute import Gateway

    keyring = Keyring((secrets.token_hex(32),))  # of this examination alone: nothing that it signs is good elsewhere
    epoch = await database.directory.epoch()
    hub = Hub(database)
    await hub.start()
    try:
        gateway = Gateway(
            database,
            hub,
            CursorCodec(keyring.keys("page cursor")),
            EventCursorCodec(keyring.keys("event cursor"), epoch),
            introspection="everyone",
            limits=LIMITS,
        )
        left, right = [Side(await _caller(database.directory, keyring, slug), slug) for slug in SLUGS]
        canary = Canary(gateway, hub, left, right)
        leaks = await canary.sing()
        return canary.asked, leaks
    finally:
        await hub.stop()


async def _caller(directory: "Directory", keyring: "Keyring", slug: str) -> "Principal":
    """An admin of the tenant, who comes in by a token as everybody does."""
    from auth.authenticate import Authenticator, Credentials
    from auth.operators import issue_token, put_canary

    email = await put_canary(directory, slug)
    token = await issue_token(directory, keyring, email, slug, minutes=5)
    caller = await Authenticator(directory, keyring).authenticate(Credentials(token, None, None))
    if caller is None:
        raise LookupError("a token names nobody")
    return caller
