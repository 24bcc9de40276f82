"""What is made of a document and kept with it."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any


class Variants:
    """Few values that were made of a document, by what they depend on; the least recently used go first."""

    __slots__ = ("_kept", "_most", "grown")

    def __init__(self, most: int) -> None:
        self._kept: OrderedDict[object, tuple[Any, int]] = OrderedDict()
        self._most = most
        self.grown: Callable[[int], None] = unheard
        """Told by how much the weight of all has grown."""

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: object) -> Any:  # Any: as it was kept; None when it was not
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[0]

    def keep(self, key: object, value: Any, weight: int) -> None:  # Any: anything but None
        if len(self._kept) >= self._most:
            _, (_, gone) = self._kept.popitem(last=False)
            self.grown(-gone)
        self._kept[key] = value, weight
        self.grown(weight)


def unheard(_: int) -> None:
    """Of a document that nobody keeps."""
