"""`GET /schema.graphql`: the schema's text, for those who may introspect it."""

import hashlib
from functools import lru_cache

from starlette.types import Receive, Scope, Send

from schema.execute import Gateway
from web.admission import caller_of
from web.body import fields_of
from web.negotiation import STATUS_HEADERS, Media, status_of
from web.refusals import Header, Refusal
from web.responses import TEXT, error_body, send_bytes, send_json

_KEEPING: tuple[Header, ...] = ((b"cache-control", b"private, no-cache"), (b"vary", b"Authorization, Cookie, X-Tenant"))


async def serve_sdl(scope: Scope, receive: Receive, send: Send) -> None:
    """The SDL with an ETag; 401 or 403 like introspection."""
    gateway: Gateway = scope["app"].state.gateway
    try:
        await _check(gateway, scope)
    except Refusal as refusal:
        status = status_of(refusal.code, Media.GRAPHQL)
        body = error_body(refusal.code, refusal.message, scope["state"]["request_id"])
        await send_json(send, status, body, STATUS_HEADERS.get(status, ()))
        return
    text = gateway.sdl.encode()
    tag = _tag(text)
    if tag in fields_of(scope).get(b"if-none-match", b""):
        headers = [(b"etag", tag), *_KEEPING]
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
    else:
        await send_bytes(send, 200, TEXT, text, ((b"etag", tag), *_KEEPING))


async def _check(gateway: Gateway, scope: Scope) -> None:
    caller = await caller_of(scope)
    if gateway.may_introspect(caller):
        return
    if caller is None:
        raise Refusal("UNAUTHENTICATED", "Sign in, or send a valid token.")
    raise Refusal("FORBIDDEN", "Introspection is switched off.")


@lru_cache(1)
def _tag(text: bytes) -> bytes:
    return b'"%s"' % hashlib.sha256(text).hexdigest()[:32].encode()
