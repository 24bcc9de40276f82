"""Sessions, spoken: where the caller is signed in, and how it ends that."""

from datetime import datetime
from typing import Any

import strawberry

from auth.session_desk import OwnSession
from db.ids import public_id
from resolvers.errors import Problem
from resolvers.sessions import list_sessions, revoke_other_sessions, revoke_session
from schema.changes import ChangePayload, id_in
from schema.fields import Info, held, root_field
from schema.operation import Operation
from schema.user_errors import Payload, refused

PREFIX = "ses"


@strawberry.type(description="A browser in which the caller is signed in.")
class Session:
    """Made of what ``auth/session_desk.py`` answers."""

    id: strawberry.ID
    device: str = strawberry.field(
        description="In plain words, as far as the browser told them: anybody can claim anything."
    )
    address: str | None = strawberry.field(description="Where it signed in from.")
    created_at: datetime
    last_seen_at: datetime = strawberry.field(description="To the minute.")
    expires_at: datetime = strawberry.field(description="When it ends, however much it is used.")
    current: bool = strawberry.field(description="Whether this request came by it.")


@strawberry.input
class RevokeSessionInput:
    """Which session."""

    id: strawberry.ID


@strawberry.type
class RevokeSessionPayload(ChangePayload):
    """Answers revokeSession."""

    session: Session | None = held("row", description="The session as it was.")


@strawberry.type
class RevokeOtherSessionsPayload(ChangePayload):
    """Answers revokeOtherSessions."""

    count: int | None = held("row", description="How many ended.")


async def own_sessions(operation: Operation) -> list[Session]:
    """The caller's, used last first."""
    return [_shown(each) for each in await list_sessions(operation.read)]


def _shown(session: OwnSession) -> Session:
    return Session(
        id=strawberry.ID(public_id(PREFIX, session.id)),
        device=session.device,
        address=session.address,
        created_at=session.created_at,
        last_seen_at=session.last_seen_at,
        expires_at=session.expires_at,
        current=session.current,
    )


async def _revoke(info: Info, input: RevokeSessionInput) -> Any:  # Any: a Payload
    problems: list[Problem] = []
    session_id = id_in(input.id, PREFIX, problems, "id")
    if problems:
        return refused(*problems)
    try:
        return Payload(row=_shown(await revoke_session(info.context.write, session_id)))
    except Problem as problem:
        return refused(problem)


async def _revoke_others(info: Info) -> Any:  # Any: a Payload
    try:
        return Payload(row=await revoke_other_sessions(info.context.write))
    except Problem as problem:
        return refused(problem)


@strawberry.type
class SessionMutations:
    """The mutations of sessions."""

    revoke_session: RevokeSessionPayload = root_field(
        _revoke,
        gate=None,
        in_person=True,
        description="End one of your sessions, at once and with its streams; this one signs you out.",
    )
    revoke_other_sessions: RevokeOtherSessionsPayload = root_field(
        _revoke_others, gate=None, in_person=True, description="End all of your sessions but this one."
    )
