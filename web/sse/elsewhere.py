"""The open streams of the other workers: asked over the relay, and answered for this one."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from resolvers.open_streams import OpenStream
from schema.live.book import Book
from web.sse.relay import Body, Relay

LIST, END = "streams", "terminate"
MOST = 2_000
"""Streams of a tenant that one worker tells of."""


class Elsewhere:
    """See ``Others`` (``schema/live/book.py``)."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    async def of_tenant(self, tenant: str) -> tuple[list[OpenStream], bool]:
        answers, all_answered = await self._relay.ask_all({"verb": LIST, "tenant": tenant})
        whole = all_answered and not any(answer.get("more") for answer in answers)
        return [_from_json(each) for answer in answers for each in answer["streams"]], whole

    async def end(self, tenant: str, stream_id: str) -> bool:
        answers, _ = await self._relay.ask_all({"verb": END, "tenant": tenant, "id": stream_id})
        return any(answer["ended"] for answer in answers)


def share(book: Book, relay: Relay) -> None:
    """Let this worker's book answer the others, and the others' complete it."""

    async def list_here(question: Body) -> Body:
        here = book.here(question["tenant"])
        return {"streams": [_to_json(each) for each in here[:MOST]], "more": len(here) > MOST}

    async def end_here(question: Body) -> Body:
        return {"ended": book.end_here(question["tenant"], question["id"])}

    relay.answer(LIST, list_here)
    relay.answer(END, end_here)
    book.others = Elsewhere(relay)


def _to_json(stream: OpenStream) -> Mapping[str, Any]:  # Any: JSON
    return {**asdict(stream), "since": stream.since.isoformat()}


def _from_json(told: Mapping[str, Any]) -> OpenStream:  # Any: JSON
    return OpenStream(**{**told, "since": datetime.fromisoformat(told["since"])})
