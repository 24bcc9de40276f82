"""What streams need of the process, opened before the first request."""

import asyncio
from contextlib import AsyncExitStack

from starlette.datastructures import State

from db.redis_places import open_places
from db.redis_reservations import open_reservations
from schema.execute import Gateway
from web.settings import Settings
from web.sse.elsewhere import share
from web.sse.entrance import Entrance, StreamLimits
from web.sse.renew import serve_renewal
from web.sse.seal import Seal
from web.sse.single_streams import SingleStreams
from web.sse.streams import Streams


async def open_streams(state: State, closing: AsyncExitStack) -> None:
    """Who watches over open streams, and who lets new ones in."""
    settings: Settings = state.settings
    limits = StreamLimits(
        settings.streams_per_user, settings.streams_per_tenant, settings.streams, settings.stream_rate
    )
    state.entrance = Entrance(limits, state.draining, open_places(state.bus), state.workers)
    await state.entrance.start()
    closing.push_async_callback(state.entrance.stop)
    state.streams = Streams(
        ping_seconds=settings.ping_seconds,
        draining=state.draining,
        gauge=state.metrics.streams_open,
        drain_seconds=settings.drain_seconds,
    )
    turning = asyncio.create_task(state.streams.run())
    closing.callback(turning.cancel)


async def open_single_streams(state: State, closing: AsyncExitStack) -> None:
    """Single connection mode, and what workers ask each other by its relay."""
    gateway: Gateway = state.gateway
    shared = state.bus if state.settings.redis_url is not None else None
    seal = Seal(state.keyring.keys("messages between workers"))
    single = state.single_streams = SingleStreams(gateway, state.entrance, open_reservations(state.bus), shared, seal)
    await single.start()
    closing.push_async_callback(single.stop)
    if single.relay is not None:
        serve_renewal(state.authenticator, state.callers, single.relay)
        share(gateway.book, single.relay)
