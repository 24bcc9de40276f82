"""`tidegate tail`: a tenant's log in the terminal, as it grows."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from web.cli.database import operating, runtime_dsn
from web.cli.failures import Failure
from web.cli.output import print_plain, remark
from web.settings import Settings

if TYPE_CHECKING:
    from db.engine import Database
    from db.event_cursors import EventCursorCodec
    from db.events import Event, Position
    from db.tenancy import TenantId

PREFIXES = {"order": "ord", "customer": "cus", "product": "prd", "announcement": "ann"}
"""How the public ids of an entity begin."""
RIDERS = frozenset({"version", "updated_at", "name_key"})
"""Columns that change with others and say nothing more."""
NAMES = ("number", "sku", "name", "title")
"""Columns that a new row is told by; the first that it has."""
LONGEST_VALUE = 40
_STYLES = {"created": "green", "updated": "cyan", "removed": "red"}


def command(
    tenant: Annotated[str, typer.Option(help="The tenant's slug.")],
    types: Annotated[str | None, typer.Option(help="Only these types: order.created,order.updated")] = None,
    after: Annotated[str | None, typer.Option(help="Begin after this cursor; without it, from now on.")] = None,
    count: Annotated[int | None, typer.Option(min=1, help="Stop after so many events; else at Ctrl-C.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON for each event.")] = False,
) -> None:
    """Follow a tenant's events: who changed what, in commit order, none missed."""
    from web.logs import configure

    wanted = None if types is None else frozenset(filter(None, map(str.strip, types.split(","))))
    with operating(Settings.load()) as settings, suppress(KeyboardInterrupt):
        configure(settings.log_format, settings.log_level)
        asyncio.run(_tail(settings, tenant, wanted, after, count, as_json))


async def _tail(
    settings: Settings, slug: str, types: frozenset[str] | None, after: str | None, count: int | None, as_json: bool
) -> None:
    from auth.authenticate import tenant_of_operator
    from auth.errors import OperatorError
    from db.engine import Database
    from db.errors import BadCursor, CursorExpired

    database = await Database.open(runtime_dsn(settings), size=2, directory_size=2)
    try:
        tenant = await tenant_of_operator(database.directory, slug)
        cursors = await _cursors(settings, database)
        start = None if after is None else _position(cursors, tenant, after)
        await _follow(settings, database, tenant, cursors, start, types, count, as_json)
    except OperatorError as error:
        raise Failure(str(error)) from error
    except BadCursor as error:
        raise typer.BadParameter(str(error), param_hint="--after") from error
    except CursorExpired as error:
        raise Failure(f"{error} Leave --after out, and begin with what comes now.") from error
    finally:
        await database.close()


async def _follow(  # a command's options, each of which counts here
    settings: Settings,
    database: "Database",
    tenant: "TenantId",
    cursors: "EventCursorCodec | None",
    start: "Position | None",
    types: frozenset[str] | None,
    count: int | None,
    as_json: bool,
) -> None:
    """Raises CursorExpired."""
    from db.bus import open_bus
    from db.events import Position
    from db.hub import Hub

    console, left = Console(highlight=False, soft_wrap=True), count
    bus = open_bus(database.directory, settings.redis_url)
    hub = Hub(database, bus=bus)
    await hub.start()
    try:
        begin = start or await hub.head(tenant)
        remark(f"Following the log after event {begin.seq}; Ctrl-C stops.")
        async with aclosing(hub.follow(tenant, begin)) as batches:
            async for batch in batches:
                for event in batch:
                    if types is not None and event.type not in types:
                        continue
                    cursor = None if cursors is None else cursors.encode(tenant, Position(event.seq, event.ts))
                    print_plain(json_of(event, cursor)) if as_json else console.print(line_of(event))
                    left = None if left is None else left - 1
                    if left == 0:
                        return
    finally:
        await hub.stop()
        await bus.close()


async def _cursors(settings: Settings, database: "Database") -> "EventCursorCodec | None":
    """None without the server's secrets, which sign the cursors."""
    from auth.keyring import Keyring
    from db.event_cursors import EventCursorCodec

    if not settings.secrets:
        return None
    return EventCursorCodec(Keyring(settings.secrets).keys("event cursor"), await database.directory.epoch())


def _position(cursors: "EventCursorCodec | None", tenant: "TenantId", after: str) -> "Position":
    """Raises Failure, BadCursor, CursorExpired."""
    if cursors is None:
        raise Failure("TIDEGATE_SECRETS is missing: a cursor is read with the server's.")
    return cursors.decode(tenant, after)


def line_of(event: "Event") -> Text:
    """The event on one line. Nothing that it holds can reach the terminal as a command."""
    style = _STYLES.get(event.type.rpartition(".")[2], "yellow")
    line = Text(f"{event.ts:%H:%M:%S}.{event.ts.microsecond // 1000:03}  ", style="dim")
    line.append(f"{event.type:<22} ", style=style)
    line.append(f"{id_of(event)}  v{event.version:<3} ", style="bold")
    line.append(", ".join(_told(event)))
    return line.append(f"  #{event.seq}", style="dim")


def json_of(event: "Event", cursor: str | None) -> str:
    """The event as one line of JSON in ASCII: what changed as ``{column: [before, after]}``."""
    told = {
        "seq": event.seq,
        "cursor": cursor,
        "ts": event.ts.isoformat(),
        "type": event.type,
        "entity": event.entity,
        "id": id_of(event),
        "version": event.version,
        "changes": {name: list(pair) for name, pair in changes_of(event).items()},
    }
    return json.dumps(told, default=str)


def id_of(event: "Event") -> str:
    """The public id of what the event is about."""
    prefix = PREFIXES.get(event.entity)
    return event.entity_id if prefix is None else f"{prefix}_{event.entity_id}"


def changes_of(event: "Event") -> dict[str, tuple[Any, Any]]:  # Any: JSON
    """Each column that differs, with its values before and after."""
    before, after = event.before or {}, event.after or {}
    names = [*after, *(name for name in before if name not in after)]
    return {name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)}


def _told(event: "Event") -> Iterator[str]:
    if event.before is None or event.after is None:
        yield _name_of(event.after or event.before or {})
        return
    for name, (old, new) in changes_of(event).items():
        if name not in RIDERS:
            yield f"{name} {_short(old)} → {_short(new)}"


def _name_of(image: Mapping[str, Any]) -> str:  # Any: JSON
    return next((_short(image[name]) for name in NAMES if image.get(name) is not None), "")


def _short(value: Any) -> str:  # Any: JSON
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
