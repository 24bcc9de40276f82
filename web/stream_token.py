"""`POST /auth/stream-token`: a token by which an EventSource, which can send no header, opens streams of the caller's.

It goes into the address, as ``?streamToken=``: addresses are not logged here, and elsewhere it is worth nothing after a
minute, and nothing but a stream before.
"""

from starlette.types import Receive, Scope, Send

from auth.stream_tokens import seal_stream_token
from schema.scalars import write_time
from web.admission import claim_in, identify
from web.answering import answer
from web.refusals import Refusal


class StreamTokenEndpoint:
    """An ASGI application; it finds authenticator and keyring on the application's state."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await answer(scope, send, _make(scope))


async def _make(scope: Scope) -> dict[str, str]:
    """Raises Refusal."""
    if scope["method"] != "POST":
        raise Refusal("BAD_REQUEST", "Send a POST.", 405, ((b"allow", b"POST"),))
    if await identify(scope) is None:
        raise Refusal("UNAUTHENTICATED", "Sign in, or send a valid token.")
    state = scope["app"].state
    token, until = seal_stream_token(state.keyring, claim_in(scope), state.authenticator.clock())
    return {"token": token, "expiresAt": write_time(until)}
