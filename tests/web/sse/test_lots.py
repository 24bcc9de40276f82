"""How much goes out in one write: whole events, and not all of what waits for a client that reads slowly."""

from schema.live.feed import LOT_FRAMES, Feed, Told
from tests.support.given import Given, Line
from tests.web.sse.test_outlet import blocks
from web.sse.lots import NOTHING_YET, end_of_lot
from web.sse.outlet import Outlet


def waiting(count: int, begin: int = 0) -> Given:
    """A feed with so many frames that nobody took yet."""
    feed = Given(begin)
    feed.give(*[b'{"data":1}'] * count)
    return feed


def test_it_ends_where_the_last_of_the_operations_is() -> None:
    assert end_of_lot([Given(7), Given(5), Told()]) == 5


def test_nothing_is_told_while_one_does_not_know_its_place() -> None:
    assert end_of_lot([Given(7), Given()]) == NOTHING_YET


def test_what_is_no_part_of_the_log_has_no_end() -> None:
    assert end_of_lot([]) is None
    assert end_of_lot([Told(), Told()]) is None


def test_much_is_told_in_parts_that_are_smaller_the_more_operations_there_are() -> None:
    assert end_of_lot([waiting(1_000)]) == LOT_FRAMES
    assert end_of_lot([waiting(1_000), waiting(1_000), Given(1_000), Given(1_000)]) == LOT_FRAMES // 4
    many: list[Feed] = [waiting(1_000) for _ in range(2 * LOT_FRAMES)]
    assert end_of_lot(many) == 1


async def test_a_client_that_came_back_late_is_told_all_in_order_in_many_writes() -> None:
    outlet, line = Outlet(single=True), Line()
    feeds = {"a": waiting(500), "b": waiting(300, begin=200)}
    for name, feed in feeds.items():
        outlet.add(feed, name)
    outlet.attach(line)
    told = [block for block in blocks(line.body) if block.event == "next"]
    assert [int((block.id or "c0")[1:]) for block in told if block.id] == list(range(1, 501))
    assert [block.payload["id"] for block in told].count("b") == 300
    assert max(write.count(b"event: next") for write in line.writes) <= LOT_FRAMES
    assert len(line.writes) >= 800 // LOT_FRAMES


async def test_a_client_that_takes_nothing_is_written_one_lot() -> None:
    outlet, line = Outlet(single=True), Line()
    for name in "abcd":
        outlet.add(waiting(1_000), name)
    line.has_room = False
    outlet.attach(line)
    for _ in range(3):
        outlet.flush()
        outlet.ping()
    line.room()
    assert line.body.count(b"event: next") <= LOT_FRAMES
