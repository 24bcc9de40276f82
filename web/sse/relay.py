"""Questions from one worker to another, over the bus: a request that landed here and belongs to a stream over there.

Theory of operation
- Every worker listens on a channel of its own name, and on one for all of them. A question carries an id; the answer
  carries the same one back. No answer in time means that the other worker cannot be reached, and is said so.
- Whoever can write to the bus could speak for us. So every message is signed with a key of the deployment, names its
  receiver, is dated, and counts once: what is forged, changed, old or repeated is not heard.
- A question is worked on in a task of its own, so many at a time; one too many is answered by nobody.
"""

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
import structlog

from db.bus import Bus
from db.errors import RedisAway, Unavailable
from db.tasks import end
from web.sse.seal import Seal

ANSWER_SECONDS = 5.0
ALL_SECONDS = 1.0
"""How long the answers of all workers are waited for."""
EVERYBODY = "*"
OLDEST_SECONDS = 60.0
"""Messages dated further from now than this are not heard: clocks of machines may differ by less."""
AT_ONCE = 200
_log = structlog.get_logger()

Body = Mapping[str, Any]  # Any: JSON
Serve = Callable[[Body], Awaitable[Body]]
"""Answers a question; called for those of other workers alone."""


class Relay:
    """One a worker: ``start`` before the first ``ask``. ``name`` is the worker's. ``serve`` answers the questions whose
    ``verb`` nobody took over by ``answer``.
    """

    def __init__(self, bus: Bus, seal: Seal, serve: Serve) -> None:
        self.name = secrets.token_hex(16)
        self._bus = bus
        self._seal = seal
        self._serve = serve
        self._verbs: dict[str, Serve] = {}
        self._asked: dict[str, asyncio.Queue[Body]] = {}
        self._heard: OrderedDict[str, float] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, on_reconnect: Callable[[], None] = lambda: None) -> None:
        """``on_reconnect`` is called each time that questions can be heard again."""
        await self._bus.listen(_channel(self.name), self._hear, on_reconnect)
        await self._bus.listen(_channel(EVERYBODY), self._hear, lambda: None)

    def answer(self, verb: str, serve: Serve) -> None:
        """Let ``serve`` answer the questions with that ``verb``."""
        self._verbs[verb] = serve

    async def stop(self) -> None:
        await end(*self._tasks)

    async def ask(self, worker: str, question: Body) -> Body:
        """The other worker's answer. Raises Unavailable when there is none in time."""
        if not self._bus.live:
            raise RedisAway("an answer would not be heard")
        number = secrets.token_hex(16)
        answers = self._asked[number] = asyncio.Queue(1)
        try:
            heard = await self._send(worker, number, "question", question)
            if heard == 0:
                raise RedisAway("the worker that has the stream does not listen")
            return await asyncio.wait_for(answers.get(), ANSWER_SECONDS)
        except TimeoutError:
            raise RedisAway("the worker that has the stream does not answer") from None
        finally:
            del self._asked[number]

    async def ask_all(self, question: Body) -> tuple[list[Body], bool]:
        """What the other workers answer, and whether that is all of them. Raises nothing: nobody may answer."""
        if not self._bus.live:
            return [], False
        number = secrets.token_hex(16)
        answers = self._asked[number] = asyncio.Queue(AT_ONCE)
        told: list[Body] = []
        try:
            heard = await self._send(EVERYBODY, number, "question", question)
            async with asyncio.timeout(ALL_SECONDS):
                while heard is None or len(told) < heard - 1:  # one of those who hear it is this one
                    told.append(await answers.get())
        except (TimeoutError, Unavailable):
            return told, False
        finally:
            del self._asked[number]
        return told, True

    async def _send(self, worker: str, number: str, kind: str, body: Body) -> int | None:
        message = {"to": worker, "from": self.name, "id": number, "at": time.time(), "kind": kind, "body": body}
        return await self._bus.publish(_channel(worker), self._seal.close(orjson.dumps(message)))

    def _hear(self, said: str) -> None:
        message = self._opened(said)
        if message is not None and message["from"] == self.name:
            return  # said to everybody, and so to itself
        if message is None:
            _log.warning("relay_message_refused")
            return
        if message["kind"] == "answer":
            waiting = self._asked.get(message["id"])
            if waiting is not None and not waiting.full():
                waiting.put_nowait(message["body"])
        elif len(self._tasks) < AT_ONCE:
            task = asyncio.create_task(self._answer(message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, message: Mapping[str, Any]) -> None:  # Any: JSON
        question = message["body"]
        serve = self._verbs.get(question.get("verb"), self._serve)
        try:
            await self._send(message["from"], message["id"], "answer", await serve(question))
        except Exception as error:  # whoever asked is told by the time that passes
            _log.warning("relay_answer_failed", error=type(error).__name__, exc_info=error)

    def _opened(self, said: str) -> Mapping[str, Any] | None:  # Any: JSON
        """The message, if it is ours, for us, fresh and new."""
        text = self._seal.open(said)
        if text is None:
            return None
        message: Mapping[str, Any] = orjson.loads(text)
        if message["to"] not in {self.name, EVERYBODY} or abs(time.time() - message["at"]) > OLDEST_SECONDS:
            return None
        return message if self._is_new(f"{message['kind']} {message['from']} {message['id']}") else None

    def _is_new(self, number: str) -> bool:
        now = time.monotonic()
        while self._heard and now - next(iter(self._heard.values())) > 2 * OLDEST_SECONDS:
            self._heard.popitem(last=False)
        if number in self._heard:
            return False
        self._heard[number] = now
        return True


def _channel(worker: str) -> str:
    return f"tidegate:worker:{worker}"
