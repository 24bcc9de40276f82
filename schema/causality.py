"""That a caller reads what it wrote and what it was shown, where queries are read at a replica that is behind.

A mutation's answer tells its position in the tenant's log. It is remembered for the caller; who comes back at a place
that cannot know says it (``extensions.position``, or a header field in ``web/positions.py``). A stream's events are
positions too: a query waits for what the streams of its worker have told, and takes any event's id.
"""

from auth.principal import Principal
from db.audit_records import Actor
from db.engine import Database
from db.errors import BadCursor, CursorExpired
from db.event_cursors import EventCursorCodec
from db.events import Position
from db.hub import Hub
from db.recent_writes import FAR, later
from schema.answers import POSITION
from schema.requests import OperationRequest

AT_PRIMARY = "primary"
"""Said as a position: read where all of it is."""


def seen_by(request: OperationRequest, caller: Principal, hub: Hub, cursors: EventCursorCodec) -> Position | None:
    """How far the caller may have seen its tenant's log, writes aside. What the client says and cannot be read here, as
    another tenant's, is further than any replica reaches: the primary is never wrong.
    """
    told = hub.told(caller.tenant)
    said = request.position or (request.extensions or {}).get(POSITION)
    if said is None:
        return told
    try:
        position = cursors.decode(caller.tenant, str(said))
    except (BadCursor, CursorExpired):
        return FAR
    return position if told is None else later(position, told)


async def remember_write(
    database: Database, caller: Principal, actor: Actor | None, cursors: EventCursorCodec
) -> str | None:
    """That the caller wrote, if it did: known to all workers when this returns. The position, for the answer; None
    where nothing was written, or nobody knows how far.
    """
    if database.replica is None or actor is None or not actor.wrote:
        return None
    await database.replica.writes.add(caller.tenant.hex, caller.user_id, actor.position)
    return None if actor.position is None else cursors.encode(caller.tenant, actor.position)
