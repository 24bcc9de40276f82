"""Waiting for what nobody announces: a gauge that falls, a server that is up."""

import asyncio
from collections.abc import Awaitable, Callable

PATIENCE = 60.0
"""Seconds until what is waited for counts as missing."""


async def until(condition: Callable[[], object]) -> None:
    """Look again and again. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110  # there is no event behind it
            await asyncio.sleep(0.01)


async def until_answered(ask: Callable[[], Awaitable[object]]) -> None:
    """The same for what somebody else has to be asked about. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE):
        while not await ask():  # noqa: ASYNC110  # there is no event behind it
            await asyncio.sleep(0.01)
