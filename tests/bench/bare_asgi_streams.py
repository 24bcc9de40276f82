"""The same as ``bare_streams`` as an ASGI program behind uvicorn: a task and a ``send`` for each stream."""

import asyncio
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Receive, Scope, Send

from tests.bench.bare_streams import OPENING

_HEADERS = [(b"content-type", b"text/event-stream")]


@dataclass(slots=True)
class _Told:
    """What was told last, once it is; each leads to the one after it, so that nobody who is late misses any."""

    bytes: "asyncio.Future[bytes]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    after: "_Told | None" = None


def create_app(_: str) -> ASGIApp:
    """``/graphql…`` is a stream; what is posted to ``/tick`` goes to all of them."""
    newest: list[_Told] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            newest.append(_Told())
            await _live_as_long_as_the_server(receive, send)
        elif scope["path"].startswith("/graphql"):
            await _stream(newest[0], send)
        else:
            if scope["path"] == "/tick":
                told = newest[0]
                newest[0] = told.after = _Told()
                told.bytes.set_result((await receive())["body"])
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body"})

    return app


async def _live_as_long_as_the_server(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def _stream(told: _Told | None, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": OPENING, "more_body": True})
    while told is not None:
        await send({"type": "http.response.body", "body": await told.bytes, "more_body": True})
        told = told.after
