"""Live pages of any noun: one declaration makes the subscription of a list's first rows and their changes.

A noun names its two types: what is told (a ``LivePage`` with its connection and its changes) and a change (a
``PageChange`` with its row).
"""

import enum
from collections.abc import AsyncIterator, Container, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import strawberry
from strawberry.scalars import JSON

from db.ids import public_id
from db.windows import Op
from resolvers.live_pages import FollowPage, RowChange, Told
from schema.connections import Listed, ListSpec
from schema.fields import Info, column, resolved
from schema.live.delivery import keep, live_field
from schema.operation import Operation
from schema.page_arguments import PageArguments
from schema.patches import PatchField, patch_fields, patch_of_columns
from schema.selections import selected_below
from schema.weights import PAGED, paged

BEHIND = 1_000
"""Frames that a client may fall behind; past them it is closed and begins anew."""


@strawberry.enum(description="What happened to a row of a live page.")
class LiveOp(enum.Enum):
    """The names are the values: ``db.windows.Op``."""

    ENTER = "ENTER"
    LEAVE = "LEAVE"
    UPDATE = "UPDATE"
    MOVE = "MOVE"


@strawberry.type
class PageChange:
    """One step; a noun adds its ``node``."""

    op: LiveOp = column("op", description="What happened.")
    id: strawberry.ID = column("id", description="To which row.")
    index: int | None = column(
        "index",
        description="Counted in the page as the changes before this one have left it: where the row stood (LEAVE), or "
        "where it stands after this change.",
    )
    patch: JSON | None = column(
        "patch",
        description="UPDATE and MOVE: the changed fields that you may read and selected, in the keys and shapes of "
        "the row's type.",
    )


@strawberry.type
class LivePage:
    """What is told at one position of the log; a noun adds its ``snapshot`` and ``changes``."""

    cursor: str = column("cursor", description="The position in the log that all of this is as of.")


def opening_page() -> Any:  # Any: a field specifier, typed as the noun's connection
    """A noun's ``snapshot``."""

    def listed(operation: Operation, snapshot: Any) -> Listed | None:  # Any: a list, its page and its binding, or None
        if snapshot is None:
            return None
        spec, page, binding = snapshot
        return Listed(spec, page, binding, operation)

    return resolved(
        listed,
        "snapshot",
        description="The page to begin with: first of all, and whenever everybody begins anew. Null beside changes.",
    )


@dataclass(frozen=True)
class LiveList:
    """A list whose first rows can be followed: its declaration, its rows' type, the prefix of their ids."""

    spec: ListSpec
    noun: type
    prefix: str
    follow: FollowPage

    @cached_property
    def patch(self) -> list[PatchField]:
        """The keys that a patch of a row can have."""
        return patch_fields(self.noun)


def live_page(live: LiveList, *, where: type, sort: type, gate: str, description: str) -> Any:  # Any: a field specifier
    """A noun's subscription: ``orders_live: OrdersLive = live_page(…)``."""

    async def resolve(
        info: Info,
        first: int | None = strawberry.UNSET,
        where: Any = strawberry.UNSET,  # Any: replaced below by the noun's own input
        order_by: Any = strawberry.UNSET,  # Any: as above
    ) -> AsyncIterator[Any]:  # Any: a position's source
        operation = info.context
        arguments = PageArguments.of({"first": first, "where": where, "order_by": order_by})
        request, binding = arguments.request(live.spec, operation)
        selected, newcomers = _selected(info), operation.newcomers
        if newcomers is None:
            raise RuntimeError("a live page is followed by a group, which knows its newcomers")
        async with aclosing(live.follow(operation.read, request, newcomers, operation.moved)) as following:
            async for told in following:
                source = _source(live, operation, told, binding, selected)
                if source is not None:
                    yield source
                    told.lost = source["lost"]

    resolve.__annotations__.update({"where": where | None, "order_by": list[sort] | None})  # type: ignore[valid-type]
    size = paged(by=["first"], lists=["changes", *(f"snapshot.{name}" for name in PAGED)])
    return live_field(resolve, gate=gate, delivery=keep(BEHIND), description=description, opens=True, size=size)


def _selected(info: Info) -> frozenset[str] | None:
    """The fields of the row that are selected anywhere; None for none, which means all."""
    places = (("snapshot", "nodes"), ("snapshot", "edges", "node"), ("changes", "node"))
    found = [selected for path in places if (selected := selected_below(info, *path)) is not None]
    return frozenset().union(*found) if found else None


def _source(
    live: LiveList, operation: Operation, told: Told, binding: bytes, selected: Container[str] | None
) -> dict[str, Any] | None:  # Any: one value per field
    """What is told at a position; None where nothing of it is visible."""
    changes = list(_changes(live, operation, told.changes, selected))
    if told.page is None and not changes:
        return None
    return {
        "snapshot": None if told.page is None else (live.spec, told.page, binding),
        "changes": changes,
        "position": told.position,
        "cursor": operation.event_cursors.encode(operation.read.principal.tenant, told.position),
        "reader": told.reader,
        "newcomers": told.newcomers,
        "lost": False,
    }


def _changes(
    live: LiveList, operation: Operation, changes: Sequence[RowChange], selected: Container[str] | None
) -> Iterator[dict[str, Any]]:  # Any: one value per field
    for change in changes:
        patch = None
        if change.image is not None:
            before, after = change.before, change.image
            patch = patch_of_columns(live.patch, change.columns, before, after, operation, selected) or None
        if patch is not None or change.op is not Op.UPDATE:
            yield {
                "op": LiveOp[change.op.value],
                "id": public_id(live.prefix, change.id),
                "index": change.index,
                "patch": patch,
                "node": change.row,
            }
