"""Who follows what: those that lag most first, and an end that is on record before it happens."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from resolvers.context import WriteContext
from resolvers.errors import InvalidInput, NotFound
from resolvers.open_streams import OpenStream, list_open_streams, terminate_stream
from tests.support.world import USER, World

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ID = "str_" + "7" * 32


class OneBook:
    """The streams of one tenant; it looks at the audit trail when one is ended."""

    def __init__(self, world: World, tenant: str, *streams: OpenStream) -> None:
        self._world = world
        self._tenant = tenant
        self._streams = streams
        self.ended: list[tuple[str, int]] = []

    async def of_tenant(self, tenant: str) -> tuple[list[OpenStream], bool]:
        return (list(self._streams) if tenant == self._tenant else []), False

    async def end(self, tenant: str, stream_id: str) -> bool:
        self.ended.append((stream_id, await self._world.count("audit_log")))
        return True


def stream(id_: str, lag: int = 0) -> OpenStream:
    return OpenStream(id_, "Notes", USER, "a@b.example", "A", False, NOON, lag, lag * 10, 0, 1, "here")


def context(world: World, book: OneBook, tenant: str = "acme") -> WriteContext:
    ctx = world.write_context(world.principal("admin", tenant))
    return replace(ctx, book=book)


async def test_those_that_lag_most_come_first_and_all_are_counted(fresh_world: World) -> None:
    streams = [stream(f"str_{lag}", lag) for lag in (0, 3, 1, 2)]
    book = OneBook(fresh_world, fresh_world.tenants["acme"].hex, *streams)
    found = await list_open_streams(context(fresh_world, book), 2)
    assert ([each.lag_events for each in found.nodes], found.total_count, found.complete) == ([3, 2], 4, False)
    elsewhere = await list_open_streams(context(fresh_world, book, "globex"), 2)
    assert (elsewhere.nodes, elsewhere.total_count) == ([], 0)


@pytest.mark.parametrize("first", [0, -5, 501])
async def test_a_list_has_a_measure(fresh_world: World, first: int) -> None:
    with pytest.raises(InvalidInput):
        await list_open_streams(context(fresh_world, OneBook(fresh_world, fresh_world.tenants["acme"].hex)), first)


async def test_an_end_is_on_record_before_it_happens(fresh_world: World) -> None:
    book = OneBook(fresh_world, fresh_world.tenants["acme"].hex, stream(ID))
    before = await fresh_world.count("audit_log")
    assert (await terminate_stream(context(fresh_world, book), ID)).id == ID
    assert book.ended == [(ID, before + 1)]


@pytest.mark.parametrize(("tenant", "stream_id"), [("acme", "str_unknown"), ("globex", ID)])
async def test_what_is_not_there_is_not_ended_and_leaves_no_record(
    fresh_world: World, tenant: str, stream_id: str
) -> None:
    book = OneBook(fresh_world, fresh_world.tenants["acme"].hex, stream(ID))
    before = await fresh_world.count("audit_log", tenant)
    with pytest.raises(NotFound):
        await terminate_stream(context(fresh_world, book, tenant), stream_id)
    assert (book.ended, await fresh_world.count("audit_log", tenant)) == ([], before)
