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
from web.admission import claim_in, identify
from web.answering import answer
from web.body import Fields, fields_of
from web.refusals import Refusal
from web.sse.callers import STREAM_NAME, Callers
from web.sse.relay import Body, Relay

VERB = "renew"
_TOKEN = b"x-graphql-event-stream-token"
_UNKNOWN = "There is no such stream."
"""The same for what never was, what is over, and what is somebody else's."""


class RenewEndpoint:
    """An ASGI application; it finds authenticator, callers and relay on the application's state."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await answer(scope, send, _renewed(scope))


async def _renewed(scope: Scope) -> dict[str, object]:
    return {"expiresAt": write_time(await _renew(scope))}


async def _renew(scope: Scope) -> datetime:
    """Until when the stream goes on now. Raises Refusal."""
    if scope["method"] != "POST":
        raise Refusal("BAD_REQUEST", "Send a POST.", 405, ((b"allow", b"POST"),))
    state = scope["app"].state
    principal = await identify(scope)
    if principal is None:
        raise Refusal("UNAUTHENTICATED", "Sign in, or send a valid token.")
    name = _name_in(fields_of(scope))
    claim = claim_in(scope)
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
