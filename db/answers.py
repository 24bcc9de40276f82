"""Answers that are kept in memory, until others need the room.

Whose they are counts for the room: when there is none left, whoever has most gives up what they have not used for
longest. So who asks ever new questions pushes out nobody who has less.
"""

from collections import Counter, OrderedDict
from dataclasses import dataclass

ENTRY = 600
"""Bytes that an entry takes beside its body: measured, rounded up."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, and as of when it is one."""

    body: bytes
    made_at: float
    """Seconds since 1970."""
    read_at: int
    """How far the tenant's log was read before any of it was: all that happened up to there is in it."""
    mark: int = 0
    """The same of changes of rights; counted by each process for itself."""


@dataclass(slots=True)
class _Place:
    kept: Kept
    owner: str
    weight: int


class MemoryAnswers:
    """One a process; ``size`` in bytes. An answer that would fill an eighth of it is not kept."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._places: dict[bytes, _Place] = {}
        self._owned: dict[str, OrderedDict[bytes, None]] = {}
        """Keys by owner, the least recently used first."""
        self._weights: Counter[str] = Counter()
        self.weight = 0

    def __len__(self) -> int:
        return len(self._places)

    def get(self, key: bytes) -> Kept | None:
        place = self._places.get(key)
        if place is None:
            return None
        self._owned[place.owner].move_to_end(key)
        return place.kept

    def put(self, key: bytes, kept: Kept, owner: str) -> None:
        """``owner``: on whose account."""
        self._drop(key)
        weight = ENTRY + len(kept.body)
        if weight > self._size // 8:
            return
        self._places[key] = _Place(kept, owner, weight)
        self._owned.setdefault(owner, OrderedDict())[key] = None
        self._weights[owner] += weight
        self.weight += weight
        while self.weight > self._size:
            heaviest = max(self._weights, key=self._weights.__getitem__)
            self._drop(next(iter(self._owned[heaviest])))

    def weight_of(self, owner: str) -> int:
        """What is kept on an account."""
        return self._weights[owner]

    def _drop(self, key: bytes) -> None:
        place = self._places.pop(key, None)
        if place is None:
            return
        self.weight -= place.weight
        self._weights[place.owner] -= place.weight
        del self._owned[place.owner][key]
        if not self._owned[place.owner]:
            del self._owned[place.owner], self._weights[place.owner]
