"""`POST /auth/stream-token`: a token by which an EventSource, which can send no header, opens streams of the caller's.

It goes into the address, as ``?streamToken=``: addresses are not logged here, and elsewhere it is worth nothing after a
minute, and nothing but a stream before.
"""

from starlette.types import Receive, Scope, Send

from auth.authenticate import Authenticator
from auth.errors import AuthError
from auth.stream_tokens import seal_stream_token
from schema.scalars import write_time
from web.admission import credentials_in, identify
from web.negotiation import STATUS_HEADERS, Media, status_of
from web.refusals import Refusal
from web.responses import error_body, send_json


class StreamTokenEndpoint:
    """An ASGI application; it finds authenticator and keyring on the application's state."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            made = await _make(scope)
        except Refusal as refusal:
            status = refusal.status or status_of(refusal.code, Media.GRAPHQL)
            body = error_body(refusal.code, refusal.message, scope["state"]["request_id"])
            await send_json(send, status, body, (*STATUS_HEADERS.get(status, ()), *refusal.headers))
            return
        await send_json(send, 200, made)


async def _make(scope: Scope) -> dict[str, str]:
    """Raises Refusal."""
    if scope["method"] != "POST":
        raise Refusal("BAD_REQUEST", "Send a POST.", 405, ((b"allow", b"POST"),))
    if await identify(scope) is None:
        raise Refusal("UNAUTHENTICATED", "Sign in, or send a valid token.")
    state = scope["app"].state
    authenticator: Authenticator = state.authenticator
    try:
        claim = authenticator.claim(credentials_in(scope))
    except AuthError as error:  # it ended just now
        raise Refusal(error.code, error.message) from None
    token, until = seal_stream_token(state.keyring, claim, authenticator.clock())
    return {"token": token, "expiresAt": write_time(until)}
