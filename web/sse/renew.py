"""`POST /graphql/stream/renew`: a new credential for an open stream, which goes on over the end of the old one.

The stream is named by ``X-Tidegate-Stream``, as its answer was, or by its reservation's token. The credential is the
request's own. It must be the same user's for the same tenant; for everybody else there is no such stream. Where the
stream is another worker's that one is asked, with what the credential says and not with the credential.
"""

from datetime import datetime

from starlette.types import Receive, Scope, Send

from auth.authenticate import Authenticator
from auth.claims import Claim, claim_from_json, claim_to_json
from auth.errors import AuthError
from db.errors import NoSuchReservation
from db.reservations import key_of
from schema.scalars import write_time
from web.admission import credentials_in, identify
from web.body import Fields, fields_of
from web.negotiation import STATUS_HEADERS, Media, status_of
from web.refusals import Refusal
from web.responses import error_body, send_json
from web.sse.callers import STREAM_NAME, Callers
from web.sse.relay import Body, Relay

VERB = "renew"
_TOKEN = b"x-graphql-event-stream-token"
_UNKNOWN = "There is no such stream."
"""The same for what never was, what is over, and what is somebody else's."""


class RenewEndpoint:
    """An ASGI application; it finds authenticator, callers and relay on the application's state."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            ends_at = await _renew(scope)
        except Refusal as refusal:
            status = refusal.status or status_of(refusal.code, Media.GRAPHQL)
            body = error_body(refusal.code, refusal.message, scope["state"]["request_id"])
            await send_json(send, status, body, (*STATUS_HEADERS.get(status, ()), *refusal.headers))
            return
        await send_json(send, 200, {"expiresAt": write_time(ends_at)})


async def _renew(scope: Scope) -> datetime:
    """Until when the stream goes on now. Raises Refusal."""
    if scope["method"] != "POST":
        raise Refusal("BAD_REQUEST", "Send a POST.", 405, ((b"allow", b"POST"),))
    state = scope["app"].state
    principal = await identify(scope)
    if principal is None:
        raise Refusal("UNAUTHENTICATED", "Sign in, or send a valid token.")
    name = _name_in(fields_of(scope))
    try:
        claim = state.authenticator.claim(credentials_in(scope))
    except AuthError as error:  # it ended just now
        raise Refusal(error.code, error.message) from None
    here = state.callers.renew(name, claim, principal)
    return here or await _renew_elsewhere(state.single_streams.relay, name, claim)


def _name_in(fields: Fields) -> str:
    token, name = fields.get(_TOKEN), fields.get(STREAM_NAME)
    if token is None and name is None:
        raise Refusal("BAD_REQUEST", "Name the stream: X-Tidegate-Stream, or the token of its reservation.")
    if token is None:
        return (name or b"").decode("latin-1")
    try:
        return key_of(token.decode("latin-1").strip())
    except NoSuchReservation:
        raise Refusal("NOT_FOUND", _UNKNOWN) from None


async def _renew_elsewhere(relay: Relay | None, name: str, claim: Claim) -> datetime:
    """Raises Refusal."""
    if relay is not None and len(name) <= 64:
        question = {"verb": VERB, "name": name, "claim": claim_to_json(claim)}
        answers, all_of_them = await relay.ask_all(question)
        found = next((each["ends_at"] for each in answers if each.get("ends_at")), None)
        if found is not None:
            return datetime.fromisoformat(found)
        if not all_of_them:
            raise Refusal("OVERLOADED", "The worker that may have the stream does not answer. Try again.")
    raise Refusal("NOT_FOUND", _UNKNOWN)


def serve_renewal(authenticator: Authenticator, callers: Callers, relay: Relay) -> None:
    """Answer other workers that ask for streams of this one."""

    async def serve(question: Body) -> Body:
        if question["name"] not in callers:
            return {}
        claim = claim_from_json(question["claim"])
        (outcome,) = await authenticator.judge([claim])
        if isinstance(outcome, AuthError):
            return {}
        ends_at = callers.renew(question["name"], claim, outcome.principal)
        return {} if ends_at is None else {"ends_at": ends_at.isoformat()}

    relay.answer(VERB, serve)
