"""When something about whom last changed, by one process's own count: what was found out before that is old."""

from collections import OrderedDict

EVERYBODY = "*"
SIZE = 20_000


class Marks:
    """Told of each change of a user, their memberships, roles or sessions. Of those who have not changed for longest it
    knows only the latest moment that it can have been.
    """

    def __init__(self, size: int = SIZE) -> None:
        self._size = size
        self._last: OrderedDict[str, int] = OrderedDict()
        self._least = 0
        self.now = 0
        """To be taken before anything is read."""

    def note(self, user_id: str) -> None:
        """Something about this user changed; ``*`` is everybody."""
        self.now += 1
        if user_id == EVERYBODY:
            self._last.clear()
            self._least = self.now
            return
        self._last[user_id] = self.now
        self._last.move_to_end(user_id)
        if len(self._last) > self._size:
            _, self._least = self._last.popitem(last=False)

    def of(self, user_id: str) -> int:
        """What was read of this user at this mark, or later, is true."""
        return max(self._last.get(user_id, 0), self._least)
