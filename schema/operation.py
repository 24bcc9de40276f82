"""What one operation (or one event of a stream) carries through the executor, and dies with it."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from graphql.pyutils import Path

from db.event_cursors import EventCursorCodec
from db.events import Position
from db.pages import CursorCodec
from resolvers.context import ReadContext, WriteContext
from resolvers.newcomers import Newcomers
from schema.denials import Denial
from schema.loading import Loaders, Reads, Unanswered
from schema.masks import Mask, Masker, MaskKeys
from schema.reach import Reach
from schema.tracing import Tracing


@dataclass(slots=True)
class Operation:
    """The executor's context value. ``ctx`` is None for a caller who is not signed in."""

    ctx: ReadContext | WriteContext | None
    cursors: CursorCodec
    event_cursors: EventCursorCodec
    denied: Mapping[str, str] = field(default_factory=dict)
    """Coordinates that this operation may not read, with the permission that is missing."""
    masked: AbstractSet[str] = frozenset()
    """Coordinates of which it may read only the mask."""
    mask_keys: MaskKeys | None = None
    nulls: list[Denial] = field(default_factory=list)
    """The denied nulls that were written, one by one."""
    resume_after: Position | None = None
    """Where a live operation begins; None: now."""
    moved: Callable[[Position], None] = lambda position: None
    """Told where a live operation begins, and how far its log is done with."""
    newcomers: Newcomers | None = None
    """Who waits to be told how things stand, for a live operation that opens."""
    reach: Reach | None = None
    """What callers can get to in the schema."""
    variables: Any = None
    """The coerced variables, for arguments that are read below the root."""
    judged: dict[object, Any] = field(default_factory=dict)  # Any: what arguments below the root ask for
    """By what reads those arguments."""
    marked: list[Any] = field(default_factory=list)
    """Denied parts that a plan met while it ran (``schema/engine/nulls.py``)."""
    unanswered: Unanswered = field(default_factory=Unanswered)
    tracing: Tracing | None = None
    """Who keeps traces, if anybody does."""
    _loaders: Loaders | None = None
    _reads: Reads | None = None

    def deny(self, selection: int, coordinate: str, permission: str, path: Path) -> None:
        """Remember a denied null."""
        self.nulls.append(Denial(selection, permission, coordinate, path.as_list()))

    @property
    def read(self) -> ReadContext:
        """The context to read with; every field that is not public may count on it."""
        if self.ctx is None:
            raise RuntimeError("a field without a gate was reached by an anonymous caller")
        return self.ctx

    @property
    def write(self) -> WriteContext:
        """The context of a mutation."""
        if not isinstance(self.ctx, WriteContext):
            raise RuntimeError("only a mutation may write")
        return self.ctx

    @property
    def loaders(self) -> Loaders:
        if self._loaders is None:
            self._loaders = Loaders(self.read, self.unanswered)
        return self._loaders

    @property
    def reads(self) -> Reads:
        """How a plan reads."""
        if self._reads is None:
            self._reads = Reads(self.read, self.unanswered)
        return self._reads

    def read_by(self, kind: type[Reads]) -> None:
        """Let a plan read this way, afresh."""
        self._reads = kind(self.read, self.unanswered)

    def give_up(self) -> None:
        """Nobody waits for what is loaded now."""
        if self._loaders is not None:
            self._loaders.give_up()

    def forget_loaded(self) -> None:
        """What is loaded from now on is read afresh."""
        self._loaders = None

    def masker(self, mask: Mask) -> Masker:
        """What puts the mask on the values of the caller's tenant."""
        if self.mask_keys is None:
            raise RuntimeError("this operation has no keys to mask values with")
        return mask.masker(self.mask_keys.of(self.read.principal.tenant.hex))

    def allows(self, permission: str | None) -> bool:
        return permission is None or (self.ctx is not None and self.ctx.principal.permissions.allows(permission))
