"""Live pages as clients were told them, and as a judge who reads nothing but the log says that they were."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import orjson

from db.ids import public_id
from tests.faults.diary import Faults, data_of, seq_of
from tests.faults.nouns import PAGE_DOCUMENT, PAGE_FIELDS, Image, PageKind

Row = dict[str, Any]
"""An order of a page. Any: JSON."""
SPOILT = b"cannot be changed as it was told"


@dataclass(slots=True)
class Album:
    """The pages that an operation was told. ``pages`` has what each looked like, by the number of its cursor;
    ``backwards`` counts changes that came with an older cursor than what they change.
    """

    tenant: str
    kind: PageKind
    cursor: str | None = None
    count: int = 0
    document: str = PAGE_DOCUMENT
    pages: list[tuple[int, bytes]] = field(default_factory=list)
    backwards: int = 0
    _rows: list[Row] | None = None

    @property
    def variables(self) -> Mapping[str, Any]:  # Any: JSON
        return self.kind.variables

    def turn(self) -> None:
        """What a page was before is nothing to build on."""
        self._rows = None

    def note(self, result: Any) -> str:  # Any: JSON
        told = data_of(result)["ordersLive"]
        seq = seq_of(told["cursor"])
        if told["snapshot"] is not None:
            self._rows = told["snapshot"]["nodes"]
        elif self.pages:
            self.backwards += seq <= self.pages[-1][0]
        self.pages.append((seq, self._changed(told["changes"])))
        self.count += 1
        return f"page at {seq}"

    def compare(self, judged: Mapping[int, bytes], last: bytes) -> Faults:
        """With what the page was at each number, and at the end of the log."""
        differing = sum(page != judged[seq] for seq, page in self.pages)
        lost = bool(self.pages) and self.pages[-1][1] != last
        return Faults(lost=lost, misplaced=self.backwards, differing=differing)

    def _changed(self, changes: Sequence[Any]) -> bytes:  # Any: JSON
        """As ``docs/protocol.md`` says."""
        rows = self._rows
        try:
            if rows is None:
                return SPOILT
            for change in changes:
                _apply(rows, change)
        except LookupError:
            return SPOILT
        return self.look(rows)

    @staticmethod
    def look(rows: Iterable[Row]) -> bytes:
        """What a page looks like, in a few bytes."""
        seen = [[row["id"], *(row[name] for name in PAGE_FIELDS)] for row in rows]
        return blake2b(orjson.dumps(seen), digest_size=8).digest()


def _apply(rows: list[Row], change: Mapping[str, Any]) -> None:  # Any: JSON
    """Raises LookupError for a change that does not fit."""
    place = next((at for at, row in enumerate(rows) if row["id"] == change["id"]), None)
    if change["op"] == "ENTER":
        if place is not None or change["index"] > len(rows):
            raise LookupError(change["id"])
        rows.insert(change["index"], change["node"])
        return
    if place is None or (change["op"] != "MOVE" and place != change["index"]):
        raise LookupError(change["id"])
    row = rows.pop(place)
    if change["op"] != "LEAVE":
        rows.insert(change["index"], {**row, **(change["patch"] or {})})


@dataclass(frozen=True, slots=True)
class Past:
    """A tenant's orders: as they stood when nothing had happened yet, and what has become of one at each number."""

    orders: Mapping[str, Image]
    events: Sequence[tuple[int, Image]]

    def pages(self, kind: PageKind, numbers: Iterable[int]) -> tuple[dict[int, bytes], bytes]:
        """What the page looked like at these numbers, and at last."""
        orders = dict(self.orders)
        places = sorted(_place(kind, order) for order in orders.values() if kind.holds(order))
        found: dict[int, bytes] = {}
        waiting, at = sorted(set(numbers)), 0
        for seq, order in self.events:
            while at < len(waiting) and waiting[at] < seq:
                found[waiting[at]] = Album.look(_first(kind, places, orders))
                at += 1
            _replace(kind, places, orders, order)
        last = Album.look(_first(kind, places, orders))
        return {**found, **dict.fromkeys(waiting[at:], last)}, last


Place = tuple[Any, str]
"""Any: of the sort column's type."""


def _place(kind: PageKind, order: Image) -> Place:
    return order[kind.sort], order["id"]


def _replace(kind: PageKind, places: list[Place], orders: dict[str, Image], order: Image) -> None:
    before = orders.get(order["id"])
    if before is not None and kind.holds(before):
        del places[bisect_left(places, _place(kind, before))]
    if kind.holds(order):
        insort(places, _place(kind, order))
    orders[order["id"]] = order


def _first(kind: PageKind, places: Sequence[Place], orders: Mapping[str, Image]) -> Iterator[Row]:
    first = places[: -kind.first - 1 : -1] if kind.descending else places[: kind.first]
    for _, id_ in first:
        order = orders[id_]
        yield {"id": public_id("ord", id_), **{name: order[name] for name in PAGE_FIELDS}}
