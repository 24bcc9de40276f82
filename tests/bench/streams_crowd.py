"""The subscribers: thousands of event streams on bare sockets, read by one selector in one process.

A client library would need more processor than the server that is measured. A stream is taken at its word: every
event carries a number in an order's notes, which the reader keeps with the moment it came.
"""

import errno
import heapq
import re
import selectors
import socket
import time
from array import array
from collections import Counter, deque
from collections.abc import Callable, Iterable
from itertools import count

MARK = re.compile(rb'"notes":"(\d+)"')
AT_ONCE = 100
"""Streams that are being opened at a time, unless all are to come at once."""
_CHUNK = 262_144
_HEAD_END = b"\r\n\r\n"
_RETRY = re.compile(rb"\r\nretry-after: (\d+)", re.IGNORECASE)
Ready = Callable[[], None]


class Stream:
    """One subscriber: ``request`` opens it, ``wants`` tells the numbers that concern it from others, ``marks`` are
    those that came, in their order.
    """

    __slots__ = ("answered", "begun", "carry", "last_id", "marks", "request", "sock", "wants")

    def __init__(self, request: Callable[[bytes | None], bytes], wants: Callable[[int], bool]) -> None:
        self.request = request
        self.wants = wants
        self.marks = array("L")
        self.last_id: bytes | None = None
        self.answered = self.begun = False
        self.carry = b""
        self.sock: socket.socket | None = None


class Crowd:
    """All subscribers of a run. ``arrivals`` pairs each number with when it came (``time.perf_counter``)."""

    def __init__(self, port: int, at_once: int = AT_ONCE) -> None:
        self.port = port
        self.at_once = at_once
        self.streams: list[Stream] = []
        self.numbers, self.times = array("L"), array("d")
        self.sample = b""
        """One frame as it came, with a number in it."""
        self.refused: Counter[bytes] = Counter()
        self.ended = 0
        self.live = 0
        """Streams that were told where they are."""
        self._opening = 0
        self._to_open: deque[Stream] = deque()
        self._later: list[tuple[float, int, Stream]] = []
        self._turns = count()
        self._selector = selectors.DefaultSelector()

    def open(self, streams: Iterable[Stream]) -> None:
        """Begin to open them; they are open when ``live`` says so."""
        for stream in streams:
            self.streams.append(stream)
            self._to_open.append(stream)

    def drop(self) -> None:
        """Hang up on all of them; each keeps what it was told."""
        for stream in self.streams:
            self._close(stream)
        self._later.clear()
        self._to_open.clear()
        self._opening = self.live = 0

    def come_back(self, port: int) -> None:
        """All at once, each after the last id it was told."""
        self.port, self.at_once = port, len(self.streams)
        self._to_open.extend(self.streams)

    def watch(self, file: int, ready: Ready) -> None:
        """Call ``ready`` whenever that file can be read."""
        self._selector.register(file, selectors.EVENT_READ, ready)

    def forget(self, file: int) -> None:
        self._selector.unregister(file)

    def close(self) -> None:
        self.drop()
        self._selector.close()

    def run(self, until: Callable[[], bool], patience: float, *, now_and_then: Ready = lambda: None) -> bool:
        """Read until that holds (looked at every 20 ms); whether it did within ``patience`` seconds."""
        deadline = time.perf_counter() + patience
        while not until():
            if time.perf_counter() > deadline:
                return False
            now_and_then()
            self.turn_for(0.02)
        return True

    def turn_for(self, seconds: float) -> None:
        """Read for that long."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self._open_more()
            for key, mask in self._selector.select(left):
                if not isinstance(key.data, Stream):
                    key.data()
                elif mask & selectors.EVENT_READ:
                    self._read(key.data)
                else:
                    self._ask(key.data)

    def _open_more(self) -> None:
        now = time.perf_counter()
        while self._later and self._later[0][0] <= now:
            self._to_open.append(heapq.heappop(self._later)[2])
        while self._to_open and self._opening < self.at_once:
            self._connect(self._to_open.popleft())

    def _connect(self, stream: Stream) -> None:
        self._opening += 1
        stream.sock = sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        if sock.connect_ex(("127.0.0.1", self.port)) not in {0, errno.EINPROGRESS}:
            self._again(stream, 0.1)
            return
        self._selector.register(sock, selectors.EVENT_WRITE, stream)

    def _ask(self, stream: Stream) -> None:
        assert stream.sock is not None
        if stream.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._again(stream, 0.1)
            return
        stream.sock.send(stream.request(stream.last_id))
        self._selector.modify(stream.sock, selectors.EVENT_READ, stream)

    def _read(self, stream: Stream) -> None:
        assert stream.sock is not None
        try:
            data = stream.sock.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.ended += 1
            self._again(stream, 0.1)
            return
        body = stream.carry + data
        if not stream.answered:
            body = self._answer(stream, body)
        end = body.rfind(b"\n\n") + 2
        if end > 1:
            self._take(stream, body[:end])
            body = body[end:]
        stream.carry = body

    def _answer(self, stream: Stream, data: bytes) -> bytes:
        """Reads the head; the body's beginning, or what is no whole head yet. Another answer than 200 is asked for
        again when it says, or a second later.
        """
        head, whole, body = data.partition(_HEAD_END)
        if not whole:
            return data
        if (status := head[9:12]) != b"200":
            self.refused[status] += 1
            retry = _RETRY.search(head)
            self._again(stream, float(retry[1]) if retry else 1.0)
            return b""
        stream.answered = True
        return body

    def _take(self, stream: Stream, data: bytes) -> None:
        now = time.perf_counter()
        for mark in MARK.findall(data):
            stream.marks.append(int(mark))
            self.numbers.append(int(mark))
            self.times.append(now)
        place = data.rfind(b"\nid: ")
        if place >= 0:
            stream.last_id = data[place + 5 : data.find(b"\n", place + 5)]
            if not stream.begun:
                stream.begun = True
                self._opening -= 1
                self.live += 1
        if stream.marks and not self.sample:
            self.sample = _frame_of(data)

    def _again(self, stream: Stream, seconds: float) -> None:
        """Open it once more, that much later."""
        if stream.begun:
            self.live -= 1
        else:
            self._opening -= 1
        self._close(stream)
        heapq.heappush(self._later, (time.perf_counter() + seconds, next(self._turns), stream))

    def _close(self, stream: Stream) -> None:
        if stream.sock is not None:
            if stream.sock.fileno() in self._selector.get_map():
                self._selector.unregister(stream.sock)
            stream.sock.close()
            stream.sock, stream.carry = None, b""
            stream.answered = stream.begun = False


def _frame_of(data: bytes) -> bytes:
    """The last frame in the data, without what frames a chunk."""
    frame = data.rstrip(b"\n").rpartition(b"\n\n")[2] + b"\n\n"
    return frame[frame.find(b"id: ") :]
