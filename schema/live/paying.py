"""A member whose frames are charged to budgets (``auth/budgets.py``): what it took goes out, whatever it costs; should
that be more than there is, it ends there, and its client is told so and goes on from there another time.
"""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

from auth.budgets import Spending
from auth.principal import Principal
from db.events import Position
from schema.live.feed import LOT_FRAMES
from schema.live.frames import Ending, EndReason, Frame
from schema.live.member import Member
from schema.requests import OperationRequest

if TYPE_CHECKING:
    from schema.live.group import Group

USED_UP = Ending(EndReason.RATE_LIMITED, "RATE_LIMITED")


class PayingMember(Member):
    """See ``Member``."""

    def __init__(  # one member's facts, by name
        self,
        group: "Group",
        principal: Principal,
        request: OperationRequest,
        since: datetime,
        wanted: Position | None,
        spending: Spending,
    ) -> None:
        super().__init__(group, principal, request, since, wanted)
        self._spending = spending

    def take(self, upto: int | None = None, limit: int = LOT_FRAMES) -> list[Frame]:
        taken = super().take(upto, limit)
        if taken and self._spending.spend(sum(frame.cost for frame in taken)) is not None:
            asyncio.get_running_loop().call_soon(self.finish, USED_UP)  # whoever takes is not to be disturbed
        return taken

    async def aclose(self, ending: Ending) -> None:
        self._spending.settle()
        await super().aclose(ending)
