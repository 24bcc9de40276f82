"""What is told of a frame and of an operation's end, as bytes. No I/O."""

from collections.abc import Callable
from dataclasses import dataclass

from schema.answers import end_frame
from schema.live.feed import Feed
from schema.live.frames import SILENT, Ending, Frame, whole
from web.sse.messages import COMPLETE, named, next_event


def event_of(frame: Frame) -> bytes:
    """A frame of a connection's one operation, made once for all connections that carry it."""
    if frame.wire is None:
        frame.wire = next_event(whole(frame, frame.cursor), frame.cursor)
    return frame.wire


def named_event_of(operation: str, frame: Frame, cursor: str | None, last_id: str | None) -> bytes:
    """A frame of one operation among many, with the cursor and the id that it carries, if it does."""
    return next_event(named(operation, whole(frame, cursor)), last_id)


def last_event_of(ending: Ending, feed: Feed, operation: str | None) -> bytes:
    """What an operation says last of itself, by its name where it is one among many; nothing where all was said."""
    frame = ending.frame
    if frame is None:
        if ending.reason in SILENT:
            return b""
        frame = end_frame(ending, feed.cursor, feed.note)
    if operation is not None:
        return named_event_of(operation, frame, frame.cursor, frame.cursor)
    return next_event(whole(frame, frame.cursor), frame.cursor)


@dataclass(frozen=True, slots=True)
class Words:
    """How a connection's operations speak: an event, what one says last, and that it is complete."""

    event: Callable[[Frame], bytes]
    last: Callable[[Ending, Feed, str | None], bytes]
    complete: bytes


GRAPHQL_SSE = Words(event_of, last_event_of, COMPLETE)
