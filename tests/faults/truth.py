"""What really happened, read past every door, and how all that was told compares with it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from db.ids import public_id
from tests.faults.diary import Diary, Faults, Record, Told
from tests.faults.nouns import NOUNS, Image, PageKind
from tests.faults.pages import Album, Past

_LOG = "SELECT seq, entity, type, entity_id, after::text FROM event_log WHERE tenant_id = $1 ORDER BY seq"
_ORDERS = "SELECT id, number, status, notes, created_at, updated_at FROM orders WHERE tenant_id = $1"
_NOUNS = {noun.entity: noun for noun in NOUNS}


@dataclass(frozen=True, slots=True)
class Truth:
    """One tenant's: its log by entity, in order, and its orders at every moment."""

    log: Mapping[str, Sequence[Told]]
    past: Past


async def orders_of(connection: asyncpg.Connection, tenant: str) -> dict[str, Image]:
    """The tenant's orders as they stand now, by the digits of their ids."""
    rows = await connection.fetch(_ORDERS, tenant)
    return {row["id"].hex: {**row, "id": row["id"].hex} for row in rows}


async def truth_of(connection: asyncpg.Connection, tenant: str, orders: Mapping[str, Image]) -> Truth:
    """All that was logged; ``orders`` is from before anything was."""
    log: dict[str, list[Told]] = defaultdict(list)
    events: list[tuple[int, Image]] = []
    for row in await connection.fetch(_LOG, tenant):
        noun = _NOUNS[row["entity"]]
        log[noun.entity].append(Told.of(noun, row["seq"], row["type"], public_id(noun.prefix, row["entity_id"].hex)))
        if noun.entity == "order":
            events.append((row["seq"], _image(row["entity_id"].hex, orjson.loads(row["after"]))))
    return Truth(log, Past(orders, events))


def _image(id_: str, logged: Mapping[str, Any]) -> Image:  # Any: JSON
    times = {name: datetime.fromisoformat(logged[name]) for name in ("created_at", "updated_at")}
    return {**logged, **times, "id": id_}


class Judge:
    """Compares what clients were told with the truth of their tenants."""

    def __init__(self, truths: Mapping[str, Truth]) -> None:
        self._truths = truths
        self._last: dict[tuple[str, PageKind], bytes] = {}

    def is_behind(self, record: Record) -> bool:
        """Whether something is still to come, of an operation that was told anything."""
        if isinstance(record, Diary):
            log = self._log(record)
            return record.newest is not None and record.newest != log[-1]
        assert isinstance(record, Album)
        return bool(record.pages) and record.pages[-1][1] != self._last_page(record)

    def faults_of(self, records: Iterable[Record]) -> Iterable[tuple[Record, Faults, int]]:
        """Each with its faults, and how much was repeated to it as it may be."""
        albums: dict[tuple[str, PageKind], list[Album]] = defaultdict(list)
        for record in records:
            if isinstance(record, Diary):
                yield record, *record.compare(self._log(record))
            elif isinstance(record, Album):
                albums[record.tenant, record.kind].append(record)
        for (tenant, kind), pages in albums.items():
            judged, last = self._truths[tenant].past.pages(kind, {seq for each in pages for seq, _ in each.pages})
            for each in pages:
                yield each, each.compare(judged, last), 0

    def lost_after(self, record: Record) -> str | None:
        """What its client said of the last event before the first that it was not told; None when none is missing."""
        if not isinstance(record, Diary) or not (missing := record.missing(self._log(record))):
            return None
        log = self._log(record)
        return record.said(log[max(0, log.index(missing[0]) - 1)])

    def _log(self, diary: Diary) -> Sequence[Told]:
        return self._truths[diary.tenant].log[diary.noun.entity]

    def _last_page(self, album: Album) -> bytes:
        key = album.tenant, album.kind
        if key not in self._last:
            self._last[key] = self._truths[album.tenant].past.pages(album.kind, ())[1]
        return self._last[key]
