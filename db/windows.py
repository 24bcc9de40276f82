"""Windows: the first rows of a list as they stand at one position of the log, and what becomes of them.

A window holds keys, no rows. What an event makes of it is told from the event alone, unless a row comes in or may come
in from beyond its end: then it has to be read again. The difference of two windows is what has happened in between.
Whether a list is read or judged, it is the same list: the judge of filters and the ranks of keys are proven equal to
SQL.
"""

import enum
from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from db.events import Event, Image
from db.filters import judge
from db.keyset import rank_of
from db.pages import Key, PageRequest, key_in


class Op(enum.Enum):
    """What happened to a row of a window."""

    LEAVE = "LEAVE"
    ENTER = "ENTER"
    MOVE = "MOVE"
    UPDATE = "UPDATE"


@dataclass(frozen=True, slots=True)
class Change:
    """One step from a window to a later one. ``index`` counts in the window as the steps before this one have left it:
    where the row stood (LEAVE), or where it stands after the step.
    """

    op: Op
    id: str
    index: int


@dataclass(frozen=True, slots=True)
class Window:
    """The first ``request.limit`` rows of a list, by their keys."""

    request: PageRequest
    keys: Sequence[Key]
    places: dict[str, int] = field(init=False, compare=False, repr=False)
    """Where each id stands."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", {key[-1]: place for place, key in enumerate(self.keys)})

    def after(self, event: Event) -> "Window | None":
        """The window after an event of the list's noun, with typed images; None when it has to be read again."""
        place, after = self.places.get(event.entity_id), event.after
        key = key_in(self.request.order, after) if after is not None and self._holds(after) else None
        if place is None:
            return None if key is not None and self._reaches(key) else self
        if key == self.keys[place]:
            return self
        if len(self.keys) == self.request.limit and (key is None or not self._reaches(key)):
            return None  # it makes room for a row from beyond the end
        kept = [*self.keys[:place], *self.keys[place + 1 :]]
        if key is not None:
            insort(kept, key, key=lambda each: rank_of(self.request.order, each))
        return Window(self.request, kept)

    def changes_to(self, later: "Window") -> list[Change]:
        """The steps from here to a later window of the same list: first what leaves, the last one first; then what
        enters or moves, the first one first. A row that stays in its place is in none of them.
        """
        now = [key[-1] for key in self.keys]
        left = [Change(Op.LEAVE, id_, place) for place, id_ in enumerate(now) if id_ not in later.places]
        now = [id_ for id_ in now if id_ in later.places]
        return [*reversed(left), *_placed(now, [key[-1] for key in later.keys], self._staying(now, later))]

    def _staying(self, now: Sequence[str], later: "Window") -> set[str]:
        """The rows that need not move: all whose key is the same, and as many of the others as still stand in their
        order between the same of those.
        """
        fixed = {id_ for id_ in now if self.keys[self.places[id_]] == later.keys[later.places[id_]]}
        gaps = _gaps(now, fixed), _gaps([key[-1] for key in later.keys], fixed)
        return _longest_rising([(later.places[id_], id_) for id_ in now if gaps[0][id_] == gaps[1][id_]])

    def _holds(self, image: Image) -> bool:
        where = self.request.where
        return where is None or judge(where, image) is True

    def _reaches(self, key: Key) -> bool:
        """Whether a row of this key would stand in the window."""
        if len(self.keys) < self.request.limit:
            return True
        order = self.request.order
        return bool(self.keys) and rank_of(order, key) < rank_of(order, self.keys[-1])


@dataclass(slots=True)
class Touched:
    """A row that was changed, perhaps more than once: by all that changed, not by what is left of it."""

    columns: set[str]
    image: Image
    """As it is now."""
    before: Image | None
    """As it was before the first of the changes; None when it was not there."""


def touch(touched: dict[str, Touched], event: Event) -> None:
    """Add what an event changed of its row. A row that is removed is not told here: it leaves."""
    before, after = event.before or {}, event.after
    if after is None:
        return
    columns = {name for name, value in after.items() if name not in before or before[name] != value}
    found = touched.get(event.entity_id)
    if found is not None:
        columns |= found.columns
    touched[event.entity_id] = Touched(columns, after, event.before if found is None else found.before)


def _placed(now: list[Any], later: list[Any], staying: set[Any]) -> Iterator[Change]:  # Any: ids
    """Put each row that does not stay right behind the one that it follows at last."""
    known = set(now)
    for place, id_ in enumerate(later):
        if id_ in staying:
            continue
        if id_ in known:
            now.remove(id_)
        index = now.index(later[place - 1]) + 1 if place else 0
        now.insert(index, id_)
        yield Change(Op.MOVE if id_ in known else Op.ENTER, id_, index)


def _gaps(ids: Sequence[str], fixed: set[str]) -> dict[str, int]:
    """How many of the fixed rows stand before each."""
    counts = accumulate((id_ in fixed for id_ in ids), initial=0)
    return dict(zip(ids, counts, strict=False))


def _longest_rising(places: Sequence[tuple[int, str]]) -> set[str]:
    """The ids of a longest sequence whose places rise: the rows that need not move."""
    ends: list[int] = []  # the least last place of a rising sequence of each length
    chains: list[tuple[str, Any]] = []  # the sequence itself, linked backwards
    for place, id_ in places:
        length = bisect_left(ends, place)
        chain = (id_, chains[length - 1] if length else None)
        ends[length : length + 1], chains[length : length + 1] = [place], [chain]
    found: set[str] = set()
    link: Any = chains[-1] if chains else None  # Any: a chain
    while link is not None:
        found.add(link[0])
        link = link[1]
    return found
