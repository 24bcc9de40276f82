"""The last event id of one connection's client: the one that it knows, and where it may be moved to.

Theory of operation
- A connection that carries many operations is resumed by one id. So the id never stands past what any of them is still
  to be told: not one that is here (the outlet takes the least of their places), and not one that is only about to be
  here. For the latter the id is *held*: while an operation is being started that resumes by an id, and on a connection
  that was resumed by one for as long as more may be posted to go on from there (``web/sse/resumption.py``).
- Moving back is always safe: a cut repeats then, and loses nothing.
"""

from collections.abc import Iterable

from schema.live.feed import Feed


class LastId:
    """``text`` is None while the client was told none on this connection."""

    __slots__ = ("_held", "seq", "text")

    def __init__(self) -> None:
        self.text: str | None = None
        self.seq = -1
        self._held = 0

    def hold(self) -> None:
        """Move it no further until ``free`` was called as often."""
        self._held += 1

    def free(self) -> bool:
        """Whether nothing holds it any more."""
        self._held -= 1
        return self._held == 0

    def move(self, seq: int, text: str | None) -> str | None:
        """The id to tell, which counts as told; None when it is known already or may not be told now."""
        if text == self.text or (self._held and seq >= self.seq):
            return None
        self.seq, self.text = seq, text
        return text


def least_done(feeds: Iterable[Feed]) -> tuple[int, str | None]:
    """The least place that the durable ones are done with, and its text; None while one of them does not know its own,
    and where there is none.
    """
    least: Feed | None = None
    seq = -1
    for feed in feeds:
        if feed.durable:
            done = feed.done
            if done is None:
                return -1, None
            if least is None or done.seq < seq:
                least, seq = feed, done.seq
    return seq, None if least is None else least.cursor
