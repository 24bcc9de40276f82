"""Announcements, spoken: a tenant's bell, rung by those who may, heard by everybody in the tenant."""

import enum
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime
from typing import Any

import strawberry
from graphql import GraphQLResolveInfo

from db.events import Position
from db.filters import Test
from resolvers.announcements import (
    announce,
    announcements_by_id,
    count_announcements,
    has_announcements,
    list_announcements,
    watch_announcements,
)
from schema.changes import ChangePayload
from schema.connections import Connection, ListSpec, listing
from schema.fields import Info, column, computed, given, held, root_field
from schema.filters import DateTimeFilter, IDFilter, filter_on, operator
from schema.live.delivery import keep, live_field
from schema.node import Node, NodeKind, any_row_is, node_id
from schema.operation import Operation
from schema.page_arguments import NullsOrder, SortDirection
from schema.user_errors import payload_of

ANNOUNCE = "admin:announce"


@strawberry.enum(description="What the bell says.")
class AnnouncementKind(enum.Enum):
    """The kinds of ``db.tables.ANNOUNCEMENT_KINDS``."""

    START_DAY = "START_DAY"
    END_DAY = "END_DAY"
    NOTICE = "NOTICE"


@strawberry.type(description="What was announced to everybody in the tenant; it is never changed.")
class Announcement(Node):
    """A row of announcements."""

    id: strawberry.ID = node_id("ann")
    kind: AnnouncementKind = computed(AnnouncementKind, "kind")
    text: str | None = column("text", description="Always there for a NOTICE.")
    version: int = column("version")
    created_at: datetime = column("created_at", description="When the bell was rung.")
    updated_at: datetime = column("updated_at")

    @classmethod
    def is_type_of(cls, obj: Any, info: GraphQLResolveInfo[Operation]) -> bool:  # Any: a row
        return any_row_is(cls, obj, info)


@strawberry.input(description="How a kind may be matched.")
class AnnouncementKindFilter:
    """Kinds are compared for equality."""

    eq: AnnouncementKind | None = operator()
    in_: list[AnnouncementKind] | None = strawberry.field(default=strawberry.UNSET, name="in")


@strawberry.input
class AnnouncementWhere:
    """Conditions on an announcement; several fields must all hold."""

    and_: list["AnnouncementWhere"] | None = strawberry.field(default=strawberry.UNSET, name="and")
    or_: list["AnnouncementWhere"] | None = strawberry.field(default=strawberry.UNSET, name="or")
    not_: "AnnouncementWhere | None" = strawberry.field(default=strawberry.UNSET, name="not")
    id: IDFilter | None = filter_on("id", prefix="ann")
    kind: AnnouncementKindFilter | None = filter_on("kind")
    created_at: DateTimeFilter | None = filter_on("created_at")


@strawberry.enum(description="What announcements can be sorted by.")
class AnnouncementSortField(enum.Enum):
    """Values are columns."""

    CREATED_AT = "created_at"


@strawberry.input
class AnnouncementSort:
    """One field of an order."""

    field: AnnouncementSortField
    direction: SortDirection = SortDirection.ASC
    nulls: NullsOrder | None = operator()


@strawberry.input
class AnnounceInput:
    """A NOTICE needs a text; the beginning and the end of a day may have one."""

    kind: AnnouncementKind
    text: str | None = strawberry.UNSET


@strawberry.type
class AnnouncePayload(ChangePayload):
    """Answers announce."""

    announcement: Announcement | None = held("row")


NODE = NodeKind("Announcement", announcements_by_id, None)
LIST = ListSpec("announcement", list_announcements, count_announcements, has_announcements, {"text": None})


async def _announce(info: Info, input: AnnounceInput) -> Any:  # Any: a Payload
    return await payload_of(NODE, announce(info.context.write, input.kind.value, given(input.text)))


async def _announcements(
    info: Info,
    kinds: list[AnnouncementKind] | None = strawberry.UNSET,
    after: str | None = strawberry.UNSET,
) -> AsyncIterator[Any]:  # Any: a row, as the log keeps it
    operation = info.context
    condition = None if given(kinds) is None else Test("kind", "in", [kind.value for kind in kinds or ()])
    heard = watch_announcements(operation.read, condition, None, operation.resume_after, operation.moved)
    async with aclosing(heard) as events:
        async for event in events:
            position = Position(event.seq, event.ts)
            cursor = operation.event_cursors.encode(operation.read.principal.tenant, position)
            yield {**(event.after or {}), "entity_id": event.entity_id, "position": position, "cursor": cursor}


@strawberry.type
class AnnouncementQueries:
    """The root fields of announcements."""

    announcements: Connection[Announcement] = listing(
        LIST,
        where=AnnouncementWhere,
        sort=AnnouncementSort,
        gate=None,
        description="What was announced, the newest first: whoever comes late reads here what day it is.",
    )


@strawberry.type
class AnnouncementMutations:
    """The mutation of announcements."""

    announce: AnnouncePayload = root_field(
        _announce, gate=ANNOUNCE, description="Ring the bell: everybody in the tenant who listens hears it."
    )


@strawberry.type
class AnnouncementSubscriptions:
    """The subscription of announcements."""

    announcements: Announcement = live_field(
        _announcements,
        gate=None,
        delivery=keep(),
        description="The tenant's bell, from now on or after a cursor: none lost, none twice.",
    )
