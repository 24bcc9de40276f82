"""Calls to other people's servers: bounded in time and size, never redirected, never to plain HTTP elsewhere."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import orjson
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client

from auth.errors import ProviderFailed
from auth.providers import Provider, is_safe_address

SECONDS = 5.0
LARGEST = 262_144
"""Bytes of one answer."""


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
    """One a process; a connection pool underneath. ``close`` it."""

    def __init__(self) -> None:
        self._transport = _Careful(limits=httpx2.Limits(max_connections=20))
        self._client = httpx2.AsyncClient(transport=self._transport, timeout=SECONDS, follow_redirects=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def json(self, url: str) -> dict[str, Any]:  # Any: JSON
        """The JSON object at an address. Raises ProviderFailed for anything else."""
        try:
            response = await self._client.get(url, headers={"Accept": "application/json"})
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise ProviderFailed(f"unreachable: {type(error).__name__}") from error
        if response.status_code != 200:
            raise ProviderFailed(f"status {response.status_code}")
        try:
            found = orjson.loads(response.content)
        except orjson.JSONDecodeError as error:
            raise ProviderFailed("not JSON") from error
        if not isinstance(found, dict):
            raise ProviderFailed("no JSON object")
        return found

    async def exchange(  # what a token endpoint wants, by name
        self, provider: Provider, endpoint: str, *, code: str, verifier: str, redirect_uri: str
    ) -> dict[str, Any]:  # Any: JSON
        """An authorization code for tokens (RFC 6749, 4.1.3; RFC 7636). Raises ProviderFailed."""
        client = AsyncOAuth2Client(
            provider.client_id,
            provider.client_secret,
            transport=_Careful(),
            timeout=SECONDS,
            follow_redirects=False,
        )
        async with client:
            try:
                token = await client.fetch_token(
                    endpoint,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=verifier,
                    redirect_uri=redirect_uri,
                )
            except AuthlibBaseError as error:
                raise ProviderFailed(f"code refused: {str(error.error)[:60]}") from None
            except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError, TypeError, KeyError) as error:
                raise ProviderFailed(f"token endpoint: {type(error).__name__}") from None
        return dict(token)
