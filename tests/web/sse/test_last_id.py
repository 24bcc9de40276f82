"""A client that comes back by its last id alone is told everything, however its posts, the events and the cuts fall."""

import json
import random
from dataclasses import dataclass, field

import pytest

from schema.requests import OperationRequest
from tests.support.given import Given, Line
from tests.support.streams import Block
from web.sse.last_id import LastId
from web.sse.outlet import Outlet
from web.sse.posted import Posted
from web.sse.resumption import Resumption

NAMES = "abc"
STEPS = {"happen": 4, "post": 6, "begin": 6, "move": 12, "read": 4, "cut": 1, "ping": 1, "wait": 1, "hold_up": 1}
"""How often each is done."""


@dataclass
class Connection:
    """Both of its ends. ``starting`` says where each operation will begin, and whether by an id; ``begun`` where it
    did; ``heard`` what the client was told of it here.
    """

    outlet: Outlet
    line: Line
    resumption: Resumption
    starting: dict[str, tuple[int, bool]] = field(default_factory=dict)
    feeds: dict[str, Given] = field(default_factory=dict)
    begun: dict[str, int] = field(default_factory=dict)
    heard: dict[str, list[int]] = field(default_factory=lambda: {name: [] for name in NAMES})
    read: int = 0
    """Bytes, to the end of a block."""


class Client:
    """It comes back with its last id: with the connection, or with ``each`` of its operations. All of them are posted
    before the ten seconds are over. ``due`` is after what it must have been told of an operation.
    """

    def __init__(self, chance: random.Random, each: bool) -> None:
        self.chance = chance
        self.each = each
        self.log: list[set[str]] = []
        self.last: int | None = None
        self.due: dict[str, int] = {}
        self.told: dict[str, set[int]] = {name: set() for name in NAMES}
        self.now = self.connect()

    def connect(self) -> Connection:
        outlet, line = Outlet(single=True), Line()
        header = None if self.last is None or self.each else f"c{self.last}"
        outlet.attach(line)
        return Connection(outlet, line, Resumption(header, outlet.last_id.hold, outlet.free_id))

    def happen(self) -> None:
        """An event, which concerns some of them."""
        self.log.append({name for name in NAMES if self.chance.random() < 0.5})

    def post(self, name: str | None = None) -> None:
        """The server has the operation, and asks where it begins."""
        now, name = self.now, name or self.chance.choice(NAMES)
        if name in now.starting or name in now.feeds:
            return
        own = None if self.last is None or not self.each else f"c{self.last}"
        asked = OperationRequest("subscription { x }", None, None, None, "a request", last_event_id=own)
        after = now.resumption.resume(Posted(name, asked)).request.last_event_id
        if after is not None:
            now.outlet.last_id.hold()
        now.starting[name] = (len(self.log) if after is None else number(after), after is not None)

    def begin(self, name: str | None = None) -> None:
        """It is there. A new one may have been posted with an id that is no longer the client's by the time that it
        learns of that, and one that goes on from nowhere has missed nothing yet.
        """
        now, name = self.now, name or self.chance.choice(NAMES)
        if name not in now.starting:
            return
        place, resumed = now.starting.pop(name)
        ids = [number(block.id) for block in blocks_of(now.line.body) if block.id]
        self.due.setdefault(name, max(place, *ids, 0) if resumed else len(self.log))
        now.begun[name], now.feeds[name] = place, Given(place)
        now.outlet.add(now.feeds[name], name)
        if resumed:
            now.outlet.free_id()

    def move(self, name: str | None = None) -> None:
        """The server has found out whether the next event concerns the operation."""
        name = name or self.chance.choice(NAMES)
        feed = self.now.feeds.get(name)
        if feed is not None and feed.at is not None and feed.at < len(self.log):
            payload = json.dumps({"seq": feed.at + 1}).encode() if name in self.log[feed.at] else None
            feed.move(feed.at + 1, payload)

    def ping(self) -> None:
        self.now.outlet.ping()

    def hold_up(self) -> None:
        """The connection is full for a while, or has room again."""
        line = self.now.line
        line.has_room = not line.has_room
        if line.has_room:
            line.room()

    def wait(self) -> None:
        """Until the ten seconds are over."""
        if {*self.now.starting, *self.now.feeds} == set(NAMES):
            self.now.resumption.end()

    def read(self, share: float | None = None) -> None:
        """That much of what is on its way, at whatever byte it ends."""
        now, share = self.now, share or self.chance.choice((0.5, 0.9, 1.0))
        left = now.line.body[now.read :]
        for block in blocks_of(left[: round(share * len(left))]):
            now.read += len(block.raw)
            self._take(block)

    def cut(self) -> None:
        """Come back. Without an id there is nothing to go on from: everything begins anew."""
        self.read()
        self.now.resumption.close()
        if self.last is None:
            self.due.clear()
        self.now = self.connect()

    def catch_up(self) -> None:
        for name in NAMES:
            self.post(name)
            self.begin(name)
        self.wait()
        for _ in self.log:
            for name in NAMES:
                self.move(name)
        self.ping()
        self.read(1.0)

    def _take(self, block: Block) -> None:
        now = self.now
        if block.event == "next":
            name, seq = block.payload["id"], block.payload["payload"]["seq"]
            now.heard[name].append(seq)
            self.told[name].add(seq)
            due = [at for at, names in enumerate(self.log, 1) if name in names and at > now.begun[name]]
            assert now.heard[name] == due[: len(now.heard[name])], "on one connection: in order, once, none left out"
            assert self.last is not None, "who was told an event knows from where to go on"
        self.last = self.last if block.id is None else number(block.id)


def number(cursor: str) -> int:
    return int(cursor.removeprefix("c"))


def blocks_of(body: bytes) -> list[Block]:
    """The whole ones."""
    return [Block(raw + b"\n\n") for raw in body.split(b"\n\n")[:-1]]


async def live(seed: int, each: bool) -> None:
    chance = random.Random(seed)
    client = Client(chance, each)
    for name in chance.choices(list(STEPS), list(STEPS.values()), k=200):
        getattr(client, name)()
    client.cut()
    client.catch_up()
    for name, after in client.due.items():
        due = {at for at, names in enumerate(client.log, 1) if name in names and at > after}
        assert due <= client.told[name], f"lost by {name} in {seed}"
    assert client.last == len(client.log), "once all is told, nothing of it is told again"
    client.now.resumption.close()


@pytest.mark.parametrize("each", [False, True], ids=["by the connection", "by each operation"])
async def test_a_client_of_one_id_loses_nothing(each: bool) -> None:
    for seed in range(100):
        await live(seed, each)


async def test_an_operation_that_comes_in_behind_the_id_moves_it_back_before_anything_is_told_of_it() -> None:
    outlet, line = Outlet(single=True), Line()
    outlet.attach(line)
    outlet.add(Given(9), "ahead")
    behind = Given(3)
    behind.move(5, b'{"data":5}')
    behind.move(9, b'{"data":9}')
    outlet.add(behind, "behind")
    told = [(block.event, block.id) for block in blocks_of(line.body)]
    assert [each for each in told if each[1]] == [(None, "c9"), (None, "c3"), ("next", "c5"), ("next", "c9")]


def test_an_id_that_is_held_moves_back_and_not_on() -> None:
    last = LastId()
    assert last.move(5, "c5") == "c5"
    last.hold()
    last.hold()
    assert last.move(6, "c6") is None
    assert last.move(3, "c3") == "c3"
    assert last.move(4, "c4") is None
    assert (last.free(), last.free()) == (False, True)
    assert last.move(4, "c4") == "c4"
    assert last.move(4, "c4") is None
