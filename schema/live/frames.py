"""What a live operation tells: frames, and why it is over."""

import enum
from dataclasses import dataclass

from db.events import Position


@dataclass(slots=True, eq=False)
class Frame:
    """One result, made once and shared by every member of a group."""

    payload: bytes
    """An execution result as JSON on one line, without ``extensions``: ``whole`` puts them in."""
    cursor: str | None = None
    """Resumes after this frame; None when it is no event of the log."""
    position: Position | None = None
    """The event's place in the log; None as above."""
    entity: str | None = None
    """What the event is about: under COALESCE the newest frame of an entity replaces the ones before it."""
    note: bytes | None = None
    """Members of ``extensions`` beside the cursor, as JSON: ``b'"stream":{…}'``."""
    left: bool = False
    """Whether it was taken by anybody yet."""
    wire: bytes | None = None
    """For the writer to keep what it made of the frame, so that it is made once for all connections."""
    plain: bytes | None = None
    """The same for a writer of plain events."""
    cost: int = 0
    """What each whom it is told is charged."""


class EndReason(enum.Enum):
    """Every reason for which an operation's stream can be over: also the labels of the metric."""

    COMPLETE = "COMPLETE"
    CLIENT_GONE = "CLIENT_GONE"
    STALLED = "STALLED"
    SLOW = "SLOW"
    DRAINING = "DRAINING"
    SESSION_REVOKED = "SESSION_REVOKED"
    TOKEN_EXPIRED = "TOKEN_EXPIRED"  # noqa: S105  a reason
    FORBIDDEN = "FORBIDDEN"
    TENANT_SWITCHED = "TENANT_SWITCHED"
    SESSION_ROTATED = "SESSION_ROTATED"
    TERMINATED = "TERMINATED"
    RATE_LIMITED = "RATE_LIMITED"
    FAILED = "FAILED"


RESUMABLE = frozenset(
    {
        EndReason.STALLED,
        EndReason.SLOW,
        EndReason.DRAINING,
        EndReason.CLIENT_GONE,
        EndReason.SESSION_ROTATED,
        EndReason.RATE_LIMITED,
    }
)
"""After these a client shall come back: no ``complete`` is sent, for after one it never does."""
SILENT = frozenset({EndReason.COMPLETE, EndReason.CLIENT_GONE, EndReason.STALLED, EndReason.DRAINING, EndReason.FAILED})
"""These need no ``extensions.stream.end``: the operation said all itself, nobody listens, or a new connection is all
that it takes.
"""


NO_LONGER = "You may no longer follow this."


@dataclass(frozen=True, slots=True)
class Ending:
    """Why an operation's stream is over. ``code`` is of the table in ``schema/errors.py``; the client is told its text,
    or the ``message`` if there is one; ``frame`` is the last thing to tell, None for nothing.
    """

    reason: EndReason
    code: str | None = None
    frame: Frame | None = None
    message: str | None = None

    @property
    def completes(self) -> bool:
        """Whether ``complete`` is sent, after which the client does not come back."""
        return self.reason not in RESUMABLE


COMPLETED = Ending(EndReason.COMPLETE)
GONE = Ending(EndReason.CLIENT_GONE)


def joined(*notes: bytes | None) -> bytes | None:
    """Notes as one; None for none."""
    return b",".join(note for note in notes if note) or None


def whole(frame: Frame, cursor: str | None) -> bytes:
    """The frame's result with its extensions, the cursor (URL-safe text) among them unless it is None."""
    members = [] if cursor is None else [b'"cursor":"%s"' % cursor.encode()]
    if frame.note is not None:
        members.append(frame.note)
    return b'%s,"extensions":{%s}}' % (frame.payload[:-1], b",".join(members)) if members else frame.payload
