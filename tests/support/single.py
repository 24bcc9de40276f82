"""A client of graphql-sse's single connection mode that sends every request by hand."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx2

from tests.support.server import STREAM, Front
from tests.support.streams import Block, StreamClient

PATH = "/graphql/stream"
TOKEN = "X-GraphQL-Event-Stream-Token"


@dataclass(frozen=True, slots=True)
class Single:
    """A reservation and who made it. ``at`` another front it is the same reservation at another worker."""

    front: Front
    headers: Mapping[str, str]
    token: str

    def at(self, front: Front) -> "Single":
        return replace(self, front=front)

    def by(self, headers: Mapping[str, str]) -> "Single":
        """The same token in somebody else's hands."""
        return replace(self, headers=headers)

    @property
    def fields(self) -> dict[str, str]:
        return {**self.headers, TOKEN: self.token}

    @asynccontextmanager
    async def open(self, method: str = "GET", also: Mapping[str, str] | None = None) -> AsyncIterator[StreamClient]:
        """The stream."""
        fields = {**self.fields, "Accept": STREAM, **(also or {})}
        async with self.front.client.stream(method, PATH, headers=fields) as response:
            assert response.status_code == 200, await response.aread()
            stream = StreamClient(response)
            try:
                yield stream
            finally:
                await stream.dispose()

    async def post(
        self,
        operation_id: object,
        query: str,
        variables: Mapping[str, Any] | None = None,  # Any: JSON
        also: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """An operation by POST."""
        body = {"query": query, "variables": variables, "extensions": {"operationId": operation_id}}
        return await self.front.client.post(PATH, json=body, headers={**self.fields, **(also or {})})

    async def get(self, params: Mapping[str, str], also: Mapping[str, str] | None = None) -> httpx2.Response:
        """An operation by GET."""
        return await self.front.client.get(PATH, params=params, headers={**self.fields, **(also or {})})

    async def delete(self, operation_id: str | None) -> httpx2.Response:
        params = {} if operation_id is None else {"operationId": operation_id}
        return await self.front.client.delete(PATH, params=params, headers=self.fields)


async def put(front: Front, headers: Mapping[str, str]) -> httpx2.Response:
    return await front.client.put(PATH, headers=dict(headers))


async def reserved(
    front: Front, headers: Mapping[str, str] | None = None, also: Mapping[str, str] | None = None
) -> Single:
    """A new reservation of the caller's, by default the viewer of acme; ``also`` goes with the PUT alone."""
    who = headers if headers is not None else await front.bearer("viewer")
    answer = await put(front, {**who, **(also or {})})
    assert answer.status_code == 201, answer.text
    return Single(front, who, answer.text)


def told(block: Block) -> tuple[str, Any]:  # Any: JSON
    """The operation that a frame is of, and its payload."""
    return block.payload["id"], block.payload.get("payload")


def code_of(answer: httpx2.Response) -> str:
    """The code of a refusal."""
    return str(answer.json()["errors"][0]["extensions"]["code"])
