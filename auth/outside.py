"""Calls to other people's servers: bounded in time and size, never redirected, never to plain HTTP elsewhere, each
server behind a breaker of its own. What only reads is asked again; what may have been done is not.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import cache, partial
from ssl import SSLContext
from typing import Any
from urllib.parse import urlsplit

import httpx2
import orjson
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client

from auth.errors import ProviderFailed
from auth.providers import Provider, is_safe_address
from auth.repeats import Repeats, Sleep, repeat, retry_after
from db.breaker import Breaker, Tolerance, Unwell
from db.clock import utc_now
from db.errors import CircuitOpen
from db.upstreams import Upstreams

TRY_SECONDS = 3.0
"""Of one try, where there may be another."""
CALL_SECONDS = 8.0
"""How long a caller waits at most, all tries and pauses together."""
REPEATS = Repeats(tries=3, within=CALL_SECONDS - TRY_SECONDS)
TOLERANCE = Tolerance(failures=5, window=30.0, first=1.0, longest=30.0)
LOST = (OSError, httpx2.TransportError)
"""What is thrown when a server cannot be reached, or hangs up."""
LARGEST = 262_144
"""Bytes of one answer."""


@cache
def _trust() -> SSLContext:
    """Whose certificates are believed: read once, because it takes longer than all else in a sign-in."""
    return httpx2.create_ssl_context()


class _Bounded(httpx2.AsyncByteStream):
    """A body that may not grow beyond ``LARGEST``."""

    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._inner:
            size += len(chunk)
            if size > LARGEST:
                raise ProviderFailed("answer too large")
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Careful(httpx2.AsyncHTTPTransport):
    """Refuses an unsafe address before it connects, and an endless answer while it comes."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if not is_safe_address(str(request.url)):
            raise ProviderFailed("unsafe address")
        response = await super().handle_async_request(request)
        if isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = _Bounded(response.stream)
        return response


class Outside:
    """One a process; a connection pool underneath. ``close`` it. Every server that it asks is one of ``upstreams``, by
    its host.
    """

    def __init__(self, upstreams: Upstreams | None = None, sleep: Sleep = asyncio.sleep) -> None:
        self._upstreams = upstreams or Upstreams()
        self._sleep = sleep
        self._client = httpx2.AsyncClient(
            transport=_Careful(verify=_trust(), limits=httpx2.Limits(max_connections=20)),
            timeout=CALL_SECONDS,
            follow_redirects=False,
            event_hooks={"response": [_expect_well]},
        )

    async def close(self) -> None:
        await self._client.aclose()

    def upstream(self, url: str) -> Breaker:
        """The breaker of the server at an address."""
        parts = urlsplit(url)
        name = f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
        return self._upstreams.of(name, TOLERANCE, LOST)

    async def json(self, url: str) -> dict[str, Any]:  # Any: JSON
        """The JSON object at an address, asked for again where that may help. Raises ProviderFailed for anything else,
        at once while the breaker is open.
        """
        with _as_failure("unreachable"):
            response = await repeat(
                partial(self._get, url),
                REPEATS,
                (Unwell, *LOST),
                clock=self._upstreams.clock,
                sleep=self._sleep,
                chance=self._upstreams.chance,
            )
        if response.status_code != 200:
            raise ProviderFailed(f"status {response.status_code}")
        try:
            found = orjson.loads(response.content)
        except orjson.JSONDecodeError as error:
            raise ProviderFailed("not JSON") from error
        if not isinstance(found, dict):
            raise ProviderFailed("no JSON object")
        return found

    async def _get(self, url: str) -> httpx2.Response:
        async with self.upstream(url).call(TRY_SECONDS):
            return await self._client.get(url, headers={"Accept": "application/json"})

    async def exchange(  # what a token endpoint wants, by name
        self, provider: Provider, endpoint: str, *, code: str, verifier: str, redirect_uri: str
    ) -> dict[str, Any]:  # Any: JSON
        """An authorization code for tokens (RFC 6749, 4.1.3; RFC 7636). Tried once: a code whose answer was lost may
        be used up, and one that comes twice ends what came of it (4.1.2). Raises ProviderFailed.
        """
        client = AsyncOAuth2Client(
            provider.client_id,
            provider.client_secret,
            transport=_Careful(verify=_trust()),
            timeout=CALL_SECONDS,
            follow_redirects=False,
            event_hooks={"response": [_expect_well]},
        )
        with _as_failure("token endpoint"):
            async with client, self.upstream(endpoint).call(CALL_SECONDS):
                token = await client.fetch_token(
                    endpoint,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=verifier,
                    redirect_uri=redirect_uri,
                )
        return dict(token)


@contextmanager
def _as_failure(what: str) -> Iterator[None]:
    """Raises ProviderFailed for whatever goes wrong; its word for the log begins with ``what``."""
    try:
        yield
    except CircuitOpen as error:
        raise ProviderFailed(f"{what}: left alone", math.ceil(error.seconds)) from None
    except Unwell as error:
        raise ProviderFailed(f"{what}: {error}", math.ceil(min(error.seconds, TOLERANCE.asked))) from None
    except AuthlibBaseError as error:
        raise ProviderFailed(f"code refused: {str(error.error)[:60]}") from None
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError, TypeError, KeyError) as error:
        raise ProviderFailed(f"{what}: {type(error).__name__}") from None


async def _expect_well(response: httpx2.Response) -> None:
    """Raises Unwell for an answer that says nothing but that there is none."""
    if response.status_code == 429 or response.status_code >= 500:
        raise Unwell(f"status {response.status_code}", retry_after(response.headers.get("Retry-After"), utc_now()))
