"""graphql-sse's single connection mode over HTTP: one reserved stream, and requests that say what runs on it.

| request | answer |
|---|---|
| ``PUT`` | 201 and the reservation's token as text |
| ``GET``, ``POST`` with the token, ``Accept: text/event-stream`` | the stream, once |
| ``GET``, ``POST`` with the token and an operation with ``extensions.operationId`` | 202; results are on the stream |
| ``DELETE ?operationId=`` with the token | 200; the operation is over |

Requests without a token are graphql-sse's distinct connections mode and go to the application given for it.
"""

from functools import partial
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Receive, Scope, Send

from auth.errors import AuthError
from auth.principal import Principal
from db.errors import Duplicate, NoSuchReservation, ReservationTaken, TooMany, Unavailable
from db.reservations import UNCLAIMED_SECONDS, Holder, key_of
from schema.answers import Answer
from schema.execute import Gateway
from schema.requests import OperationRequest
from web.admission import (
    ACTING,
    admit,
    check_stream_token,
    cost_asked,
    credentials_in,
    identify,
    last_event_id_of,
)
from web.body import Fields, check_length, fields_of
from web.deprecation import deprecation_fields
from web.entry import address_of
from web.negotiation import CONTENT_TYPES, STATUS_HEADERS, Media, negotiate, status_of, takes
from web.parameters import MAX_PARAMETERS, event_id
from web.refusals import ClientGone, Header, Refusal
from web.replica import position_in
from web.responses import NO_STORE, TEXT, send_bytes
from web.sse.callers import Callers
from web.sse.entrance import Entrance
from web.sse.posted import Outcome, Posted, fit_id
from web.sse.single_streams import SingleStreams
from web.sse.stream import LATER, OPEN_SECONDS, StreamResponse, send_later

_TOKEN = b"x-graphql-event-stream-token"
_VARY: Header = (b"vary", b"Accept, Authorization, Cookie, X-Tenant, X-GraphQL-Event-Stream-Token")
_METHODS = ("GET", "POST", "PUT", "DELETE")
_ALLOW: Header = (b"allow", ", ".join(_METHODS).encode())
_ALLOW_POST: Header = (b"allow", b"POST")
_UNKNOWN = "There is no such reservation: make one with PUT."
"""The same for what never was, what is over, and what is somebody else's."""


class StreamEndpoint:
    """An ASGI application for both modes; ``distinct`` serves the one without reservations."""

    def __init__(self, distinct: ASGIApp) -> None:
        self._distinct = distinct

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fields = fields_of(scope)
        token = _token_of(fields, scope["query_string"])
        if scope["method"] in {"GET", "POST", "QUERY"} and token is None:
            await self._distinct(scope, receive, send)
            return
        try:
            if scope["method"] not in _METHODS:
                raise Refusal("BAD_REQUEST", "Send a GET, a POST, a PUT or a DELETE.", 405, (_ALLOW,))
            await _serve(scope, receive, send, fields, token)
        except ClientGone:
            return
        except Refusal as refusal:
            if refusal.code in LATER and _is_event_source(scope, fields):
                await send_later(send, refusal)
            else:
                await _refuse(scope, send, fields, refusal)


async def _serve(scope: Scope, receive: Receive, send: Send, fields: Fields, token: str | None) -> None:
    """Raises Refusal, ClientGone."""
    check_length(fields)  # of bodies that nobody reads
    try:
        match scope["method"]:
            case "PUT":
                await _reserve(scope, send, fields)
            case "DELETE":
                await _stop(scope, send, fields, token or "")
            case _ if negotiate(fields.get(b"accept")).media is Media.STREAM:
                await _open(scope, receive, send, fields, token or "")
            case _:
                await _operate(scope, receive, send, fields, token or "")
    except NoSuchReservation:
        raise Refusal("NOT_FOUND", _UNKNOWN) from None
    except ReservationTaken:
        raise Refusal("CONFLICT", "The reservation has its stream already.") from None
    except Duplicate:
        raise Refusal("CONFLICT", "An operation of this id is waiting already.") from None
    except TooMany:
        after = b"%d" % UNCLAIMED_SECONDS
        raise Refusal("STREAM_LIMIT", "Too much waits for streams that nobody opened.", headers=_retry(after)) from None
    except Unavailable:
        raise Refusal("OVERLOADED", "Single connection mode is away for a moment. Try again.") from None


async def _reserve(scope: Scope, send: Send, fields: Fields) -> None:
    if not takes(fields.get(b"accept"), "text/plain"):
        raise Refusal("BAD_REQUEST", "Accept text/plain: a reservation's token is text.", 406)
    entrance: Entrance = scope["app"].state.entrance
    entrance.check_open()
    holder, _ = await _holder_of(scope)
    last_event_id = event_id(fields.get(b"last-event-id", b"").decode("latin-1"))
    token = await _streams(scope).reservations.make(holder, last_event_id)
    await send_bytes(send, 201, TEXT, token.encode(), (NO_STORE,))


async def _open(scope: Scope, receive: Receive, send: Send, fields: Fields, token: str) -> None:
    entrance: Entrance = scope["app"].state.entrance
    await entrance.pass_through()
    try:
        _, caller = await _holder_of(scope)
        place = await entrance.enter(caller)
    except Refusal:
        entrance.give_back()
        raise
    try:
        await _carry(scope, receive, send, fields, token, caller)
    finally:
        place.leave()


async def _carry(scope: Scope, receive: Receive, send: Send, fields: Fields, token: str, caller: Principal) -> None:
    last_event_id = event_id(fields.get(b"last-event-id", b"").decode("latin-1"))
    if last_event_id is None and scope["method"] == "GET":  # an EventSource that is made anew sets no header
        last_event_id = event_id(_parameter(scope["query_string"], "lastEventId"))
    streams = _streams(scope)
    stream = await streams.open(key_of(token), _holder(caller), caller, last_event_id)
    callers: Callers = scope["app"].state.callers
    connection = None
    try:
        connection = callers.enter(
            stream.key, stream.outlet, credentials_in(scope), caller, partial(streams.become, stream)
        )
        await stream.kept_begun(OPEN_SECONDS)
        await StreamResponse(stream.outlet, scope["app"].state.streams)(scope, receive, send)
    except AuthError as error:  # it ended just now
        raise Refusal(error.code, error.message) from None
    finally:
        if connection is not None:
            connection.close()
        await streams.release(stream)


async def _operate(scope: Scope, receive: Receive, send: Send, fields: Fields, token: str) -> None:
    if negotiate(fields.get(b"accept")).media is None:
        raise Refusal("BAD_REQUEST", "Accept application/json, or text/event-stream to open the stream.", 406)
    parameters, caller = await admit(scope, receive, fields)
    if cost_asked(fields) is not None:
        raise Refusal("BAD_REQUEST", "What an operation costs is asked at /graphql.")
    if caller is None:
        raise Refusal("UNAUTHENTICATED", "Sign in, or send a valid token.")
    own = last_event_id_of(fields, parameters)
    request = OperationRequest(
        document=parameters.document,
        variables=parameters.variables,
        operation_name=parameters.operation_name,
        extensions=parameters.extensions,
        request_id=scope["state"]["request_id"],
        allow_mutation=scope["method"] == "POST",
        allow_stream=True,
        last_event_id=own,
        last_event_id_first=scope["method"] == "GET",
        address=address_of(scope),
        document_id=parameters.document_id,
        by_hash=parameters.by_hash,
        position=position_in(fields),
    )
    gateway: Gateway = scope["app"].state.gateway
    posted = Posted.of(request)
    admitted = await gateway.admit(request, caller)
    if isinstance(admitted, Answer):
        await _tell(scope, send, fields, Outcome.of(admitted))
        return
    check_stream_token(scope, gateway, admitted, caller)
    posted = Posted(posted.operation_id, admitted)
    outcome = await _streams(scope).operate(key_of(token), _holder(caller), caller, posted)
    more = deprecation_fields(gateway.deprecation_of(admitted, caller)) if outcome.answer is None else ()
    await _tell(scope, send, fields, outcome, more)


async def _stop(scope: Scope, send: Send, fields: Fields, token: str) -> None:
    holder, _ = await _holder_of(scope)
    operation_id = fit_id(_parameter(scope["query_string"], "operationId"), "?operationId=")
    outcome = await _streams(scope).stop_operation(key_of(token), holder, operation_id)
    await _tell(scope, send, fields, outcome)


async def _holder_of(scope: Scope) -> tuple[Holder, Principal]:
    """Who may use what is reserved. Raises Refusal for nobody."""
    caller = await identify(scope)
    if caller is None:
        raise Refusal("UNAUTHENTICATED", "Sign in, or send a valid token.")
    return _holder(caller), caller


def _holder(caller: Principal) -> Holder:
    return Holder(caller.user_id, caller.tenant.hex, caller.session_id)


def _streams(scope: Scope) -> SingleStreams:
    streams: SingleStreams = scope["app"].state.single_streams
    return streams


def _is_event_source(scope: Scope, fields: Fields) -> bool:
    """Whether it opens a stream and can set no header: one that can takes a status for what it is."""
    opens = scope["method"] == "GET" and negotiate(fields.get(b"accept")).media is Media.STREAM
    return opens and _TOKEN not in fields


def _token_of(fields: Fields, query_string: bytes) -> str | None:
    """From the header, else from the address."""
    if (header := fields.get(_TOKEN)) is not None:
        return header.decode("latin-1").strip()
    return _parameter(query_string, "token")


def _parameter(query_string: bytes, name: str) -> str | None:
    """A query parameter. Of one that is there twice none is guessed at: the empty text is no id and nobody's token."""
    try:
        pairs = parse_qsl(query_string.decode("ascii"), errors="strict", max_num_fields=MAX_PARAMETERS)
    except ValueError:
        return None
    values = [value for key, value in pairs if key == name]
    return "" if len(values) > 1 else next(iter(values), None)


async def _tell(scope: Scope, send: Send, fields: Fields, outcome: Outcome, headers: tuple[Header, ...] = ()) -> None:
    if outcome.answer is None:
        start = {"type": "http.response.start", "status": outcome.status, "headers": [_EMPTY, NO_STORE, *headers]}
        await send(start)
        await send({"type": "http.response.body", "body": b""})
        return
    more = (_ALLOW_POST,) if outcome.status == 405 else ()
    await _answer(scope, send, fields, outcome.answer, outcome.status, more)


async def _refuse(scope: Scope, send: Send, fields: Fields, refusal: Refusal) -> None:
    gateway: Gateway = scope["app"].state.gateway
    state = scope["state"]
    answer = gateway.refuse(refusal.code, refusal.message, state["request_id"], state.get(ACTING))
    status = refusal.status or status_of(refusal.code, Media.GRAPHQL)
    await _answer(scope, send, fields, answer, status, refusal.headers)


async def _answer(
    scope: Scope, send: Send, fields: Fields, answer: Answer, status: int, headers: tuple[Header, ...]
) -> None:
    scope["app"].state.metrics.count_answer(answer.code, answer.codes)
    media = negotiate(fields.get(b"accept")).media
    content_type = CONTENT_TYPES[Media.GRAPHQL if media is Media.GRAPHQL else Media.JSON]
    given = {name for name, _ in headers}
    usual = [field for field in STATUS_HEADERS.get(status, ()) if field[0] not in given]
    await send_bytes(send, status, content_type, answer.body, (NO_STORE, _VARY, *usual, *headers))


def _retry(after: bytes) -> tuple[Header, ...]:
    return ((b"retry-after", after),)


_EMPTY: Header = (b"content-length", b"0")
