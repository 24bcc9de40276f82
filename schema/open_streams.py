"""Open streams, spoken: what an operator of a tenant sees of them, and the end that one can be put to."""

import enum
from datetime import datetime
from typing import Any

import strawberry

from db.ids import public_id
from resolvers.errors import Problem
from resolvers.open_streams import OpenStream as Entry
from resolvers.open_streams import list_open_streams, terminate_stream
from schema.changes import ChangePayload
from schema.fields import Info, held, root_field
from schema.user_errors import Payload, refused
from schema.viewer import Tenant, User, own_tenant
from schema.weights import ListSize

READ, TERMINATE = "streams:read", "admin:streams"
_SHOWN = 100


@strawberry.enum(description="How a stream is carried (graphql-sse).")
class StreamMode(enum.Enum):
    """The protocol's modes."""

    DISTINCT = strawberry.enum_value("DISTINCT", description="On a connection of its own.")
    SINGLE = strawberry.enum_value("SINGLE", description="On a reserved connection, beside other operations.")


@strawberry.type(description="A subscription that is open now.")
class OpenStream:
    """Made of what ``resolvers/open_streams.py`` answers."""

    id: strawberry.ID = strawberry.field(description="What X-Tidegate-Stream said.")
    operation: str | None = strawberry.field(description="The operation's name in its document.")
    tenant: Tenant = strawberry.field(description="Whose stream it is: your own tenant's.")
    user: User = strawberry.field(description="Who follows it.")
    mode: StreamMode
    since: datetime
    lag_events: int = strawberry.field(description="Events of the tenant's log that it is not done with.")
    lag_milliseconds: int = strawberry.field(
        description="How long ago the oldest frame that waits for the client was committed; 0 when none waits."
    )
    queued_bytes: int = strawberry.field(description="Written, and not yet taken by the client.")
    shared_by: int = strawberry.field(description="Streams that one execution serves, this one among them.")
    worker: str = strawberry.field(description="The process that serves it.")


@strawberry.type(description="The tenant's open streams, those that lag most first.")
class OpenStreamList:
    """Bounded by the argument ``first``."""

    nodes: list[OpenStream]
    total_count: int
    complete: bool = strawberry.field(description="Whether every worker answered, and told of all that it has.")


@strawberry.input
class TerminateStreamInput:
    """Which stream."""

    id: strawberry.ID


@strawberry.type
class TerminateStreamPayload(ChangePayload):
    """Answers terminateStream."""

    stream: OpenStream | None = held("row", description="The stream as it was.")


def _shown(entry: Entry, tenant: Tenant) -> OpenStream:
    return OpenStream(
        id=strawberry.ID(entry.id),
        operation=entry.operation,
        tenant=tenant,
        user=User(id=strawberry.ID(public_id("usr", entry.user_id)), email=entry.email, name=entry.user_name),
        mode=StreamMode.SINGLE if entry.single else StreamMode.DISTINCT,
        since=entry.since,
        lag_events=entry.lag_events,
        lag_milliseconds=entry.lag_milliseconds,
        queued_bytes=entry.queued_bytes,
        shared_by=entry.shared_by,
        worker=entry.worker,
    )


async def _streams(info: Info, first: int = _SHOWN) -> OpenStreamList:
    operation = info.context
    found = await list_open_streams(operation.read, first)
    nodes = [_shown(entry, own_tenant(operation)) for entry in found.nodes]
    return OpenStreamList(nodes=nodes, total_count=found.total_count, complete=found.complete)


async def _terminate(info: Info, input: TerminateStreamInput) -> Any:  # Any: a Payload
    try:
        ended = await terminate_stream(info.context.write, input.id)
    except Problem as problem:
        return refused(problem)
    return Payload(row=_shown(ended, own_tenant(info.context)))


@strawberry.type
class OpenStreamQueries:
    """The root field of open streams."""

    streams: OpenStreamList = root_field(
        _streams,
        gate=READ,
        size=[ListSize(slicing_arguments=["first"], sized_fields=["nodes"])],
        description="The open subscriptions of your tenant, on every worker: at most 500.",
    )


@strawberry.type
class OpenStreamMutations:
    """The mutation of open streams."""

    terminate_stream: TerminateStreamPayload = root_field(
        _terminate,
        gate=TERMINATE,
        description="End an open subscription of your tenant; its client is told, and does not come back by itself.",
    )
