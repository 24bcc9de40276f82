"""What is made of a document and kept with it."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any


class Kept:
    """One value that is kept. Whoever holds on to its place asks nobody for it, and sets ``used``."""

    __slots__ = ("used", "value", "weight")

    def __init__(self, value: Any, weight: int) -> None:  # Any: anything but None
        self.value: Any = value  # Any: as above; None as soon as it has gone
        self.weight = weight
        self.used = False
        """Whether anybody asked for it since it was last its turn to go."""


class Variants:
    """Few values that were made of a document, by what they depend on. Who was asked for since its last turn waits for
    another; of the others the oldest goes first.
    """

    __slots__ = ("_kept", "_most", "grown")

    def __init__(self, most: int) -> None:
        self._kept: OrderedDict[object, Kept] = OrderedDict()
        self._most = most
        self.grown: Callable[[int], None] = unheard
        """Told by how much the weight of all has grown."""

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: object) -> Kept | None:
        """The place of what is kept."""
        found = self._kept.get(key)
        if found is not None:
            found.used = True
        return found

    def get(self, key: object) -> Any:  # Any: as it was kept; None when it was not
        found = self.find(key)
        return None if found is None else found.value

    def keep(self, key: object, value: Any, weight: int) -> Kept:  # Any: anything but None
        if len(self._kept) >= self._most:
            self._make_room()
        kept = self._kept[key] = Kept(value, weight)
        self.grown(weight)
        return kept

    def _make_room(self) -> None:
        while (first := next(iter(self._kept.values()))).used:
            first.used = False
            self._kept.move_to_end(next(iter(self._kept)))
        self._kept.popitem(last=False)
        first.value = None
        self.grown(-first.weight)


class Found:
    """Where a caller's kind of request has its place in the document's variants, once it was looked for."""

    __slots__ = ("measure", "plan")

    def __init__(self) -> None:
        self.measure: Kept | None = None
        self.plan: Kept | None = None


def unheard(_: int) -> None:
    """Of a document that nobody keeps."""
