"""A stream's operations while they begin, while nobody reads, and when the stream is over."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

import pytest

from auth.authenticate import Credentials
from db.reservations import Holder
from schema.requests import OperationRequest
from tests.support.server import Front
from tests.support.waiting import until
from web.sse.posted import Posted
from web.sse.single_stream import SingleStream

WATCH = "subscription { orderEvents { id } }"
WHO = "{ viewer { tenant { slug } } }"


class Tape:
    """A wire that keeps what is written; while ``full`` it has room for nothing more."""

    def __init__(self) -> None:
        self.written = b""
        self.full = False
        self._room: Callable[[], None] = lambda: None

    def open(self, room: Callable[[], None], gone: Callable[[], None]) -> None:
        self._room = room

    def write(self, data: bytes) -> bool:
        self.written += data
        return not self.full

    def queued(self) -> int:
        return 0

    def abort(self) -> None: ...

    async def drain(self) -> None: ...

    async def aclose(self) -> None: ...

    def make_room(self) -> None:
        self.full = False
        self._room()

    def told(self) -> list[tuple[str, str]]:
        """Each event with the operation that it is of."""
        blocks = [block.split("\n") for block in self.written.decode().split("\n\n") if block.startswith("event: ")]
        return [(lines[0].removeprefix("event: "), _id_in(lines[-1])) for lines in blocks]


def _id_in(line: str) -> str:
    return str(json.loads(line.removeprefix("data: "))["id"])


@pytest.fixture
async def stream(front: Front) -> AsyncIterator[SingleStream]:
    """An open stream of acme's viewer."""
    state = front.app.state
    caller = await state.authenticator.authenticate(Credentials(await front.token("viewer"), None, None))
    holder = Holder(caller.user_id, caller.tenant.hex, None)
    stream = SingleStream(state.gateway, state.entrance, "key", holder, caller, None)
    yield stream
    await stream.aclose()
    await stream.settle()


@pytest.fixture
def tape(stream: SingleStream) -> Tape:
    tape = Tape()
    stream.outlet.attach(tape)
    return tape


def posted(name: str, document: str) -> Posted:
    return Posted(name, OperationRequest(document, None, None, None, "a request", allow_stream=True))


async def test_one_that_is_stopped_while_it_begins_tells_its_end_alone(
    front: Front, stream: SingleStream, tape: Tape
) -> None:
    starting = asyncio.create_task(stream.start(posted("1", WATCH)))
    await asyncio.sleep(0)
    assert (await stream.stop("1")).status == 200
    assert (await starting).status == 202
    await stream.settle()
    assert tape.told() == [("complete", "1")]
    assert stream.outlet.names == []
    await until(lambda: not front.app.state.hub.followers)
    assert (await stream.start(posted("1", WHO))).status == 202
    await stream.settle()
    assert tape.told()[1:] == [("next", "1"), ("complete", "1")]


async def test_one_that_is_stopped_twice_ends_once(stream: SingleStream, tape: Tape) -> None:
    await stream.start(posted("1", WATCH))
    stops = await asyncio.gather(stream.stop("1"), stream.stop("1"), stream.stop("1"))
    assert [each.status for each in stops] == [200] * 3
    assert tape.told() == [("complete", "1")]


async def test_an_id_stays_in_use_until_its_end_was_written(stream: SingleStream, tape: Tape) -> None:
    await stream.start(posted("1", WATCH))
    tape.full = True
    stream.outlet.ping()
    await stream.stop("1")
    assert tape.told() == []
    assert (await stream.start(posted("1", WATCH))).status == 409
    assert (await stream.stop("1")).status == 200
    tape.make_room()
    assert tape.told() == [("complete", "1")]
    assert (await stream.start(posted("1", WATCH))).status == 202


async def test_results_wait_for_a_client_that_does_not_read(stream: SingleStream, tape: Tape) -> None:
    tape.full = True
    stream.outlet.ping()
    for number in range(5):
        assert (await stream.start(posted(str(number), WHO))).status == 202
    await stream.settle()
    assert tape.told() == []
    tape.make_room()
    assert sorted(tape.told()) == sorted((event, str(number)) for number in range(5) for event in ("next", "complete"))


async def test_what_was_accepted_before_the_stream_and_is_refused_by_now_is_told_on_it(
    stream: SingleStream, tape: Tape
) -> None:
    stream.start_kept(posted("bad", "{ nonsense }"))
    stream.start_kept(posted("good", WHO))
    await stream.settle()
    assert tape.told() == [("next", "bad"), ("complete", "bad"), ("next", "good"), ("complete", "good")]
    assert b'"code":"GRAPHQL_VALIDATION_FAILED"' in tape.written


async def test_one_that_was_kept_twice_runs_once(stream: SingleStream, tape: Tape) -> None:
    stream.start_kept(posted("1", WHO))
    stream.start_kept(posted("1", "{ nonsense }"))
    await stream.settle()
    assert tape.told() == [("next", "1"), ("complete", "1")]


async def test_a_stream_that_is_over_starts_nothing_and_tells_nothing_more(
    front: Front, stream: SingleStream, tape: Tape
) -> None:
    await stream.start(posted("running", WATCH))
    beginning = [asyncio.create_task(stream.start(posted(str(number), WATCH))) for number in range(3)]
    await asyncio.sleep(0)
    await stream.aclose()
    assert (await stream.start(posted("late", WHO))).status == 404
    assert (await stream.stop("running")).status == 200
    assert [(await each).status for each in beginning] == [202] * 3
    await stream.settle()
    assert tape.told() == []
    await until(lambda: not front.app.state.hub.followers)
