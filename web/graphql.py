"""GraphQL over HTTP: a request in, one operation for the schema, an answer or a stream out.

What is refused here is HTTP's business: method, media types, sizes, shapes, and requests that a browser was tricked
into sending. Everything else is the schema's.
"""

import hashlib
from collections.abc import Sequence
from contextlib import nullcontext

from starlette.types import Receive, Scope, Send

from auth.principal import Principal
from schema.answers import Answer
from schema.execute import Gateway
from schema.live.feed import Feed
from schema.requests import OperationRequest
from web.admission import (
    ACTING,
    DOCUMENT_ID,
    admit,
    check_stream_token,
    cost_asked,
    last_event_id_of,
)
from web.body import Fields, fields_of
from web.budgets import budget_fields
from web.caching import kept_fields
from web.deprecation import deprecation_fields
from web.entry import address_of
from web.hang_up import LEFT, HangUp, hang_up_of, let_go
from web.metrics import Metrics
from web.negotiation import CONTENT_TYPES, STATUS_HEADERS, TOLD_IN_STREAM, Accepted, Media, negotiate, status_of
from web.parameters import Parameters
from web.refusals import Header, Refusal
from web.replica import FIELD as POSITION_FIELD
from web.replica import position_fields, position_in
from web.responses import send_bytes
from web.session_cookie import Slot, cookie_field
from web.sse.carried import carried_by, carry
from web.sse.entrance import Entrance
from web.sse.messages import COMPLETE, OPENING, next_event
from web.sse.multipart import MultipartResponse
from web.sse.stream import HEADERS as STREAM_HEADERS
from web.sse.stream import LATER, StreamResponse, send_later

_VARY: Header = (b"vary", b"Accept, Authorization, Cookie, X-Tenant")
_FIELDS: tuple[Header, ...] = ((b"cache-control", b"no-store"), _VARY)
_FIELDS_OF_DOCUMENT: tuple[Header, ...] = ((b"cache-control", b"private, no-cache"), _VARY)
_ALLOW_POST: Header = (b"allow", b"POST")
_SELDOM = frozenset({b"last-event-id", b"graphql-cost", POSITION_FIELD})
"""Header fields of which most requests have none."""


class GraphQLEndpoint:
    """An ASGI application. ``only_streams``: every answer is an event stream (graphql-sse, at a path of its own)."""

    def __init__(self, *, only_streams: bool = False) -> None:
        self._only_streams = only_streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gateway: Gateway = scope["app"].state.gateway
        fields = fields_of(scope)
        accepted = self._accept(fields)
        media = accepted.media or Media.JSON
        slot, hang_up = Slot(), hang_up_of(scope)
        # Streams have a bound of their own, and an entrance (web/sse/entrance.py).
        load = nullcontext() if media is Media.STREAM else scope["app"].state.load
        try:
            with load:
                outcome = await self._answer(scope, receive, fields, accepted, slot, hang_up)
            carried = None if isinstance(outcome, Answer) else await carried_by(scope, outcome, _response_to(accepted))
        except LEFT as error:
            let_go(error, hang_up)
            return
        except Refusal as refusal:
            if _comes_back(scope, media, refusal.code):
                await send_later(send, refusal)
                return
            state = scope["state"]
            answer = gateway.refuse(refusal.code, refusal.message, state["request_id"], state.get(ACTING))
            await _send(scope, send, media, answer, refusal.status, refusal.headers)
            return
        if isinstance(outcome, Answer) and outcome.operation is None and _comes_back(scope, media, outcome.code):
            await send_later(send, Refusal(outcome.code or "", "", headers=budget_fields(outcome.charge)))
        elif isinstance(outcome, Answer):
            await _send(scope, send, media, outcome, outcome.status, _fields_with(outcome, scope, slot))
        elif carried is not None:
            await carry(scope, receive, send, carried)

    def _accept(self, fields: Fields) -> Accepted:
        accepted = negotiate(fields.get(b"accept"))
        if not self._only_streams:
            return accepted
        return Accepted(Media.STREAM if accepted.takes_stream else None, accepted.takes_stream, accepted.takes_stream)

    async def _answer(
        self, scope: Scope, receive: Receive, fields: Fields, accepted: Accepted, slot: Slot, hang_up: HangUp | None
    ) -> Answer | Feed:
        gateway: Gateway = scope["app"].state.gateway
        if accepted.media is None:
            served = [Media.STREAM] if self._only_streams else Media
            raise Refusal("BAD_REQUEST", f"Accept {' or '.join(media.value for media in served)}.", 406)
        let_in = _let_in if accepted.media is Media.STREAM else admit
        parameters, caller = await let_in(scope, receive, fields)
        if not (parameters.document or parameters.document_id) and accepted.media is Media.GRAPHQL:
            newest = scope["app"].state.settings.newest_statuses
            raise Refusal("BAD_REQUEST", "The request has no query.", 422 if newest else None)
        if parameters.token is not None:
            raise Refusal("BAD_REQUEST", "A reservation's token belongs to /graphql/stream.")
        request = OperationRequest(
            document=parameters.document,
            variables=parameters.variables,
            operation_name=parameters.operation_name,
            extensions=parameters.extensions,
            request_id=scope["state"]["request_id"],
            allow_mutation=scope["method"] == "POST",  # a QUERY changes nothing
            allow_stream=accepted.names_stream or accepted.names_multipart,
            last_event_id=parameters.last_event_id,
            last_event_id_first=scope["method"] == "GET",
            address=address_of(scope),
            session_slot=slot,
            document_id=parameters.document_id,
            by_hash=parameters.by_hash,
            listen=None if hang_up is None else hang_up.listen,
        )
        if not _SELDOM.isdisjoint(fields):
            request.last_event_id = last_event_id_of(fields, parameters)
            request.cost, request.position = cost_asked(fields), position_in(fields)
        admitted = await gateway.admit(request, caller)
        if isinstance(admitted, Answer):
            return admitted
        request = admitted
        check_stream_token(scope, gateway, request, caller)
        if caller is not None and caller.by_peer and gateway.judge(request, caller) == "subscription":
            raise Refusal("FORBIDDEN", "A signed request opens no stream: its signature is good for a minute.")
        return await gateway.answer(request, caller)


def _comes_back(scope: Scope, media: Media, code: str | None) -> bool:
    """Whether that is told to an EventSource, and passes: it shall come back by itself."""
    return scope["method"] == "GET" and media is Media.STREAM and code in LATER


def _response_to(accepted: Accepted) -> type[StreamResponse]:
    """How a stream is written."""
    return MultipartResponse if accepted.names_multipart and not accepted.names_stream else StreamResponse


async def _let_in(scope: Scope, receive: Receive, fields: Fields) -> tuple[Parameters, Principal | None]:
    """``admit`` for those who come to stay. Raises Refusal, ClientGone."""
    entrance: Entrance = scope["app"].state.entrance
    await entrance.pass_through()
    try:
        return await admit(scope, receive, fields)
    except Refusal:
        entrance.give_back()
        raise


def _fields_with(answer: Answer, scope: Scope, slot: Slot) -> tuple[Header, ...]:
    """What an answer says beside its body: most say how the caller's budgets stand, and no more."""
    more = (_ALLOW_POST,) if answer.status == 405 else () if slot.secret is None else cookie_field(scope, slot)
    if answer.deprecation is not None:
        more += deprecation_fields(answer.deprecation)
    if answer.charge is not None:
        more += budget_fields(answer.charge)
    if answer.given is not None:
        more += kept_fields(answer.given)
    return more if answer.position is None else more + position_fields(answer.position)


async def _send(
    scope: Scope, send: Send, media: Media, answer: Answer, status: int | None, headers: tuple[Header, ...]
) -> None:
    """A whole answer; where a stream is wanted, as its only result (validation errors are results there)."""
    metrics: Metrics = scope["app"].state.metrics
    metrics.count_answer(answer.code, answer.codes)
    if media is Media.STREAM and status is None and (answer.code is None or answer.code in TOLD_IN_STREAM):
        body = OPENING + next_event(answer.body) + COMPLETE
        await send({"type": "http.response.start", "status": 200, "headers": [*STREAM_HEADERS, *headers]})
        await send({"type": "http.response.body", "body": body})
        return
    if DOCUMENT_ID in scope.get("path_params", {}):
        if answer.code is None and not answer.has_errors:
            await _send_document(scope, send, media, answer, headers)
            return
        if answer.code is not None:
            status = status or status_of(answer.code, Media.GRAPHQL)  # of an address, whatever it is read as
    content_type = CONTENT_TYPES[Media.JSON if media is Media.STREAM else media]
    if answer.code is None and not answer.has_errors and status is None:
        await send_bytes(send, 200, content_type, answer.body, _FIELDS + headers)
        return
    newest = scope["app"].state.settings.newest_statuses
    status = status or status_of(answer.code, media, newest=newest, partial=answer.code is None and answer.has_errors)
    usual: Sequence[Header] = STATUS_HEADERS.get(status, ())
    if usual:
        given = {name for name, _ in headers}
        usual = [field for field in usual if field[0] not in given]
    await send_bytes(send, status, content_type, answer.body, (*_FIELDS, *usual, *headers))


async def _send_document(scope: Scope, send: Send, media: Media, answer: Answer, headers: tuple[Header, ...]) -> None:
    """What the path of a registered document answers: a client that has it already is told so (RFC 9110, 13.1.2)."""
    tag = b'"%s"' % hashlib.blake2b(answer.body + media.value.encode(), digest_size=16).hexdigest().encode()
    known = [each.strip().removeprefix(b"W/") for each in fields_of(scope).get(b"if-none-match", b"").split(b",")]
    fields = (*_FIELDS_OF_DOCUMENT, (b"etag", tag), *headers)
    if tag in known or known == [b"*"]:
        await send({"type": "http.response.start", "status": 304, "headers": [*fields]})
        await send({"type": "http.response.body", "body": b""})
        return
    await send_bytes(send, 200, CONTENT_TYPES[media], answer.body, fields)
