"""Endpoints beside GraphQL that answer one JSON object, or say in the same shape why they do not."""

from collections.abc import Awaitable, Mapping

from starlette.types import Scope, Send

from web.negotiation import STATUS_HEADERS, Media, status_of
from web.refusals import Refusal
from web.responses import error_body, send_json


async def answer(scope: Scope, send: Send, made: Awaitable[Mapping[str, object]]) -> None:
    """Send what is made; a Refusal with its code and status."""
    try:
        found = await made
    except Refusal as refusal:
        status = refusal.status or status_of(refusal.code, Media.GRAPHQL)
        body = error_body(refusal.code, refusal.message, scope["state"]["request_id"])
        await send_json(send, status, body, (*STATUS_HEADERS.get(status, ()), *refusal.headers))
        return
    await send_json(send, 200, found)
