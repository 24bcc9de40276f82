"""What can go wrong below the resolvers.

DatabaseError
├── BadValue        a value that no column can hold (NUL, lone surrogate, out of range): the caller's fault
├── Duplicate       a unique key is taken
├── BadCursor       a cursor that is forged, foreign, or made for another order or filter: the caller's fault
├── CursorExpired   a good cursor that the log no longer reaches: read afresh
├── NoSuchReservation  never made, over, or somebody else's: which of them is not told
├── ReservationTaken   a stream has the reservation already
├── TooMany         a bound on what is kept for a caller was reached
├── Unavailable     nobody's fault: try again later
│   ├── DatabaseAway    PostgreSQL cannot be reached, or hung up
│   ├── RedisAway       Redis cannot be reached, or hung up
│   ├── CircuitOpen     it failed too often lately to be asked now
│   └── PoolExhausted   no connection came free in time
└── QueryTimeout    the statement ran past its deadline and was cancelled
"""


class DatabaseError(Exception):
    """The root of this floor's errors."""


class BadValue(DatabaseError):
    """A value that no column can hold."""


class Duplicate(DatabaseError):
    """A unique key is taken."""


class BadCursor(DatabaseError):
    """A cursor that was not made here, for this tenant, order and filter."""


class CursorExpired(DatabaseError):
    """A cursor older than the log, or of another epoch."""


class NoSuchReservation(DatabaseError):
    """Never made, over, or somebody else's."""


class ReservationTaken(DatabaseError):
    """A stream has it already."""


class TooMany(DatabaseError):
    """A bound on what is kept for a caller was reached."""


class Unavailable(DatabaseError):
    """Nobody's fault: try again later."""


class DatabaseAway(Unavailable):
    """The database cannot be reached, or hung up."""


class RedisAway(Unavailable):
    """Redis cannot be reached, or hung up. ``seconds``: it was not even asked, and will not be for so long."""

    def __init__(self, message: str, seconds: float = 0.0) -> None:
        super().__init__(message)
        self.seconds = seconds


class CircuitOpen(Unavailable):
    """The upstream failed too often lately: it is not asked for so many ``seconds``."""

    def __init__(self, upstream: str, seconds: float) -> None:
        super().__init__(f"{upstream} is away. Try again in a moment.")
        self.seconds = seconds


class PoolExhausted(Unavailable):
    """No connection came free within the wait."""


class QueryTimeout(DatabaseError):
    """The statement was cancelled at its deadline."""
