"""How far a connection of many operations tells in one write.

All its durable operations are told in the order of the log, event by event. So a write ends at an event: the newest
that all of them are done with, or before, where that would be much at once for a client that came back late or reads
slowly: whatever is written is the connection's own to keep until the client has taken it.
"""

from collections.abc import Collection

from schema.live.feed import LOT_BYTES, LOT_FRAMES, Feed

NOTHING_YET = -1


def end_of_lot(feeds: Collection[Feed]) -> int | None:
    """The number of the event with which the next write ends; ``NOTHING_YET`` while one of the feeds does not know its
    place, None where none has one.
    """
    positions = [feed.done for feed in feeds if feed.durable and feed.ending is None]
    known = [position.seq for position in positions if position is not None]
    if len(known) < len(positions):
        return NOTHING_YET
    end = min(known, default=None)
    if end is None:
        return None
    frames, size = max(1, LOT_FRAMES // len(feeds)), LOT_BYTES // len(feeds)
    return min([end, *(lot for feed in feeds if (lot := feed.end_of(frames, size)) is not None)])
