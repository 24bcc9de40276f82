"""What one connection is told, by one operation or by many: in order, together, and never past what was written."""

import json
import random
from dataclasses import dataclass
from typing import Any

import pytest

from schema.live.feed import Told
from schema.live.frames import GONE, Ending, EndReason, Frame
from tests.support.given import Given, Line
from tests.support.streams import Block
from tests.support.waiting import until
from web.sse.messages import COMPLETE, OPENING
from web.sse.outlet import Outlet

REVOKED = Ending(EndReason.SESSION_REVOKED, "SESSION_REVOKED")
SLOW = Ending(EndReason.SLOW, "OVERLOADED")


def blocks(body: bytes) -> list[Block]:
    """The whole blocks; what was cut off in the middle never reached the client."""
    return [Block(raw + b"\n\n") for raw in body.split(b"\n\n")[:-1]]


def attached(outlet: Outlet) -> Line:
    line = Line()
    outlet.attach(line)
    return line


def one(feed: Given) -> tuple[Outlet, Line]:
    outlet = Outlet()
    outlet.add(feed)
    return outlet, attached(outlet)


def number(cursor: str | None) -> int:
    return int((cursor or "c0").removeprefix("c"))


async def test_the_bytes_of_a_frame_are_the_same_object_on_every_connection() -> None:
    frame = Frame(b"{}")
    lines = [attached(outlet) for outlet in (Outlet(), Outlet())]
    for line in lines:
        outlet = Outlet()
        outlet.add(Told(frame))
        outlet.attach(line)
    assert lines[0].writes[-2] is lines[1].writes[-2]


async def test_while_the_wire_is_full_nothing_is_taken_and_no_id_moves() -> None:
    feed = Given(1)
    outlet, line = one(feed)
    line.has_room = False
    feed.give(b"{}")
    feed.give(b"{}")
    outlet.ping()
    assert len(feed.frames) == 1
    assert blocks(line.body)[-1].id == "c2"
    line.has_room = True
    line.room()
    assert blocks(line.body)[-1].id == "c3"
    assert feed.frames == []


async def test_an_id_on_a_ping_never_goes_before_a_frame_that_is_ready() -> None:
    feed = Given(1)
    outlet, line = one(feed)
    feed.frames.append(Frame(b"{}", "c2"))
    feed.at = 3
    outlet.ping()
    outlet.ping()
    assert [block.id for block in blocks(line.body) if block.id] == ["c1", "c2", "c3"]
    assert [block.event for block in blocks(line.body) if block.id] == [None, "next", None]


class Moving(Given):
    """Finds when it is first taken from that it has to go on elsewhere, where frames are ready, and says so."""

    moved = False

    def take(self, upto: int | None = None, limit: int = 64) -> list[Frame]:
        if self.moved:
            return super().take(upto, limit)
        self.moved = True
        self.give(b"{}", b"{}")
        return []


@pytest.mark.parametrize(("single", "ids"), [(False, ["c2", "c3"]), (True, ["c1", "c2", "c3"])])
async def test_the_first_id_never_goes_past_frames_that_were_found_while_taking(single: bool, ids: list[str]) -> None:
    feed, outlet = Moving(1), Outlet(single=single)
    outlet.add(feed, "a")
    line = attached(outlet)
    assert [block.id for block in blocks(line.body) if block.id] == ids


@pytest.mark.parametrize(("ending", "completes"), [(REVOKED, True), (SLOW, False)])
async def test_an_operation_that_is_ended_says_why_and_where_it_stood(ending: Ending, completes: bool) -> None:
    feed = Given(7)
    outlet, line = one(feed)
    feed.give(last=ending)
    told = blocks(line.body)[2 + 1].payload
    end = {"reason": ending.reason.value, "code": ending.code, "cursor": "c7"}
    assert told["extensions"] == {"stream": {"end": end}}
    assert ("errors" in told) is completes
    assert line.body.endswith(COMPLETE) is completes
    assert outlet.over.result() is ending


async def test_a_drained_connection_is_told_when_to_come_back_and_from_where() -> None:
    feed = Given(7)
    outlet, line = one(feed)
    outlet.end(Ending(EndReason.DRAINING), outlet.farewell(1_234))
    assert line.writes[-1] == b"retry: 1234\nid: c7\n\n"
    feed.give(b"{}")
    assert line.writes[-1] == b"retry: 1234\nid: c7\n\n"


async def test_each_of_many_operations_ends_by_itself_and_the_connection_goes_on() -> None:
    ended: list[str] = []
    outlet = Outlet(single=True, ended=ended.append)
    line = attached(outlet)
    feed, other = Given(5), Given(5)
    outlet.add(feed, 'a\n\u2028"')
    outlet.add(other, "b")
    outlet.add(Told(Frame(b'{"data":1}')), "query")
    feed.give(b'{"data":2}', last=REVOKED)
    other.move(6)
    events = [(block.event, block.payload) for block in blocks(line.body) if block.event]
    assert events[:2] == [("next", {"id": "query", "payload": {"data": 1}}), ("complete", {"id": "query"})]
    assert [payload["id"] for _, payload in events[2:]] == ['a\n\u2028"'] * 3
    assert ended == ["query", 'a\n\u2028"']
    assert outlet.names == ["b"]
    await until(lambda: feed.closed is REVOKED)
    assert not outlet.over.done()
    with pytest.raises(ValueError, match="runs already"):
        outlet.add(Given(), "b")
    assert await outlet.remove("b")
    assert not await outlet.remove("b")
    assert other.closed is GONE
    await outlet.aclose()
    assert line.closed


async def test_an_operation_that_shall_be_resumed_ends_the_connection_without_complete() -> None:
    outlet = Outlet(single=True)
    line = attached(outlet)
    feed = Given(5)
    outlet.add(feed, "a")
    feed.give(last=SLOW)
    assert outlet.over.result() is SLOW
    assert b"complete" not in line.body


async def test_frames_of_one_event_go_out_in_one_write_and_the_last_carries_the_id() -> None:
    outlet = Outlet(single=True)
    line = attached(outlet)
    feeds = {name: Given(1) for name in "abc"}
    for name, feed in feeds.items():
        outlet.add(feed, name)
    before, lasts = len(line.writes), set()
    for at in range(2, 8):
        for feed in feeds.values():
            feed.move(at, b'{"data":1}')
        told = blocks(line.writes[-1])
        assert [block.id for block in told] == [None, None, f"c{at}"]
        assert [("extensions" in block.payload["payload"]) for block in told] == [False, False, True]
        lasts.add(told[-1].payload["id"])
    assert len(line.writes) == before + 6
    assert len(lasts) > 1, "each operation learns a cursor now and then"


@dataclass
class Log:
    """Which operations each event concerns, and what a client of them received before it was cut off."""

    concerns: dict[int, set[str]]
    body: bytes = b""

    def check_cut(self, at: int, begins: dict[str, int]) -> None:
        """Resuming all operations after the last id loses nothing."""
        received: dict[str, list[int]] = {name: [] for name in begins}
        last = 0
        for block in blocks(self.body[:at]):
            last = number(block.id) if block.id else last
            if block.event == "next":
                told: Any = block.payload  # Any: JSON
                received[told["id"]].append(told["payload"]["seq"])
        for name, seqs in received.items():
            expected = [seq for seq, names in self.concerns.items() if name in names and seq > begins[name]]
            assert seqs == expected[: len(seqs)], "in order, once"
            assert set(expected[len(seqs) :]) <= set(range(last + 1, 10_000)), "all up to the id was received"


@pytest.mark.parametrize("seed", range(8))
async def test_a_cut_at_any_byte_may_repeat_and_never_loses(seed: int) -> None:
    chance = random.Random(seed)
    names = "abcd"
    log = Log({seq: {name for name in names if chance.random() < 0.5} for seq in range(1, 30)})
    outlet, line = Outlet(single=True), Line()
    begins = {name: chance.randint(0, 5) for name in names}
    feeds = {name: Given() for name in names}
    for name, feed in feeds.items():
        outlet.add(feed, name)
    outlet.attach(line)
    for name, feed in feeds.items():
        feed.move(begins[name])
    while any(feed.at != 29 for feed in feeds.values()):
        name = chance.choice([name for name, feed in feeds.items() if feed.at != 29])
        at = (feeds[name].at or 0) + 1
        payload = json.dumps({"seq": at}).encode() if name in log.concerns[at] else None
        line.has_room = chance.random() < 0.8
        feeds[name].move(at, payload)
        if chance.random() < 0.2:
            outlet.ping()
        line.has_room = True
        line.room()
    log.body = line.body
    assert log.body.startswith(OPENING)
    for at in range(0, len(log.body) + 1, 23):
        log.check_cut(at, begins)
    log.check_cut(len(log.body), begins)
