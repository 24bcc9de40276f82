"""A client that hangs up while it is answered: what is read for it is not read to the end."""

import asyncio
from collections.abc import Callable

from starlette.types import Scope

from web.refusals import ClientGone

HANG_UP = "tidegate.hang_up"
"""The server's extension that tells of it: ``scope["extensions"][HANG_UP]["call"]`` is the connection's ``HangUp``."""


class HangUp:
    """One connection's."""

    __slots__ = ("_then", "happened")

    def __init__(self) -> None:
        self.happened = False
        self._then: Callable[[], object] | None = None

    def listen(self, then: Callable[[], object] | None) -> None:
        """Call this when it happens; None: nothing."""
        self._then = then

    def happen(self) -> None:
        """The client has hung up."""
        then, self._then, self.happened = self._then, None, True
        if then is not None:
            then()


def hang_up_of(scope: Scope) -> HangUp | None:
    """None where the server does not tell."""
    extension = scope.get("extensions", {}).get(HANG_UP)
    return None if extension is None else extension["call"]


LEFT = (ClientGone, asyncio.CancelledError)
"""What is raised where a client has gone, the second not only there."""


def let_go(error: BaseException, hang_up: HangUp | None) -> None:
    """Nobody waits for the answer: that is all. A cancellation that is somebody else's doing is raised again."""
    if isinstance(error, asyncio.CancelledError) and not ended_by(hang_up):
        raise error


def ended_by(hang_up: HangUp | None) -> bool:
    """Whether a cancellation that just came is its doing: then it has done what it was for."""
    task = asyncio.current_task()
    if hang_up is None or not hang_up.happened or task is None:
        return False
    task.uncancel()
    return True
