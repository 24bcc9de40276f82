"""A server that goes down, byte for byte: each stream is sent away and knows when, and from where, to go on."""

import asyncio
import json
import re

from tests.support.server import Front, serving
from tests.support.shop import Shop
from tests.support.single import PATH, code_of, put, reserved
from tests.web.sse.test_slow_readers import body_of, head

WATCH = "subscription { orderEvents { id } }"
LAST = re.compile(rb"\nretry: (\d+)\nid: (\S+)\n\n$")


async def test_every_stream_is_sent_away_by_itself_with_a_retry_and_a_place_of_its_own(front: Front) -> None:
    async with serving(front.app.state.settings.model_copy(update={"drain_seconds": 0.6})) as stopping:
        who = await stopping.bearer("viewer")
        request = head("POST /graphql HTTP/1.1", who, json.dumps({"query": WATCH}).encode())
        single = await reserved(stopping, who)
        connections = [await asyncio.open_connection("127.0.0.1", stopping.port) for _ in range(5)]
        readers = [reader for reader, _ in connections]
        for number, (reader, writer) in enumerate(connections):
            writer.write(request if number else head(f"GET {PATH} HTTP/1.1", single.fields))
            await reader.readuntil(b"\r\n\r\n")
        assert (await single.post("mine", WATCH)).status_code == 202
        order = await (await Shop.open(stopping.client, await stopping.bearer())).create("before it stops")
        told = [await reader.readuntil(f'"{order}"'.encode()) for reader in readers]
        ending = [asyncio.create_task(reader.readuntil(b"\r\n0\r\n\r\n")) for reader in readers]
        stopping.server.should_exit = True
        await asyncio.wait(ending, return_when=asyncio.FIRST_COMPLETED)
        assert not all(task.done() for task in ending), "one after the other"
        refused, ready = await put(stopping, who), await stopping.client.get("/health/ready")
        assert (refused.status_code, code_of(refused), refused.headers["retry-after"]) == (503, "DRAINING", "1")
        assert ready.status_code == 503
        told = [begun + await task for begun, task in zip(told, ending, strict=True)]
        for _, writer in connections:
            writer.close()
    bodies = [body_of(each) for each in told]
    lasts = [LAST.search(body) for body in bodies]
    assert all(each.endswith(b"\r\n0\r\n\r\n") for each in told), "to the last chunk"
    assert [body.count(b"event: ") for body in bodies] == [1] * len(bodies), "no complete"
    assert len({last.group(1) for last in lasts if last}) > 1, "each comes back at a moment of its own"
    cursors = {body.split(b"\nid: ")[2].split(b"\n")[0] for body in bodies}
    assert [last and last.group(2) for last in lasts] == [*cursors] * len(bodies)
