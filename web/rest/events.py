"""`GET /v1/stream/events`: a subscription for clients that know nothing of GraphQL, an EventSource above all.

Each event is ``data: {"type", "id", "patch", "ts"}`` with an ``id:``, ``ts`` in whole seconds; ``Last-Event-ID`` (or
``?lastEventId=``) resumes. There is no other event: what else is to be told is a comment, and why a stream is over
shows in the answer to the next request.
"""

from datetime import datetime
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from schema.answers import Answer
from schema.execute import Gateway
from schema.live.feed import Feed
from schema.live.frames import SILENT, Ending, Frame
from schema.requests import OperationRequest
from schema.routes.table import PlainRoute
from web.admission import last_event_id_of
from web.body import fields_of
from web.budgets import budget_fields
from web.negotiation import negotiate
from web.parameters import from_query
from web.refusals import ClientGone, Refusal
from web.rest.endpoint import known, request_of, send_envelope
from web.rest.envelope import enveloped, refused
from web.sse.carried import carried_by, carry
from web.sse.entrance import Entrance
from web.sse.messages import next_event
from web.sse.stream import LATER, send_later
from web.sse.told import Words

_NEXT = b"event: next\n"


class PlainStream:
    """An ASGI application for one path."""

    def __init__(self, route: PlainRoute) -> None:
        self._route = route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            outcome = await self._opened(scope)
            carried = None if isinstance(outcome, Answer) else await carried_by(scope, outcome, words=PLAIN)
        except ClientGone:
            return
        except Refusal as refusal:
            if refusal.code in LATER:
                await send_later(send, refusal)
            else:
                envelope = refused(refusal.code, refusal.message, refusal.status)
                await send_envelope(scope, send, envelope, refusal.headers)
            return
        if isinstance(outcome, Answer) and outcome.code in LATER:
            await send_later(send, Refusal(outcome.code or "", "", headers=budget_fields(outcome.charge)))
        elif isinstance(outcome, Answer):
            await send_envelope(scope, send, enveloped(self._route, outcome, None))
        elif carried is not None:
            await carry(scope, receive, send, carried)

    async def _opened(self, scope: Scope) -> Answer | Feed:
        """Raises Refusal."""
        if scope["method"] != "GET":
            raise Refusal("BAD_REQUEST", "Send a GET.", 405, ((b"allow", b"GET"),))
        if not negotiate(fields_of(scope).get(b"accept")).takes_stream:
            raise Refusal("BAD_REQUEST", "Accept text/event-stream.", 406)
        entrance: Entrance = scope["app"].state.entrance
        await entrance.pass_through()
        try:
            caller = await known(scope)
            request = self._request(scope)
            gateway: Gateway = scope["app"].state.gateway
            admitted = await gateway.admit(request, caller)
        except Refusal:
            entrance.give_back()
            raise
        return admitted if isinstance(admitted, Answer) else await gateway.answer(admitted, caller)

    def _request(self, scope: Scope) -> OperationRequest:
        given = from_query(scope["query_string"])
        return request_of(self._route, scope, {}, last_event_id=last_event_id_of(fields_of(scope), given))


def event_of(frame: Frame) -> bytes:
    """A frame as a plain event, made once for all connections; what is no event of the log is a comment."""
    if frame.plain is None:
        frame.plain = _event_of(frame)
    return frame.plain


def _event_of(frame: Frame) -> bytes:
    told: dict[str, Any] = orjson.loads(frame.payload)  # Any: JSON
    found = next(iter((told.get("data") or {}).values()), None)
    if found is None:
        (error, *_) = told.get("errors") or [{"extensions": {"code": ""}}]
        return _comment(str(error["extensions"]["code"]))
    seconds = int(datetime.fromisoformat(found["ts"]).timestamp())
    return next_event(orjson.dumps({**found, "ts": seconds}), frame.cursor).replace(_NEXT, b"", 1)


def last_of(ending: Ending, _feed: Feed, _operation: str | None) -> bytes:
    """Why it is over, for whoever reads comments."""
    return b"" if ending.reason in SILENT else _comment(ending.code or ending.reason.value)


def _comment(text: str) -> bytes:
    return b": %s\n\n" % text.encode("ascii", "replace")


PLAIN = Words(event_of, last_of, b"")
