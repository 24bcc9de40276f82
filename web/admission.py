"""Who may come in with what: method, forged requests, parameters, caller, in this order. Raises Refusal at the first
that does not fit.
"""

from typing import Literal

import structlog
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope

from auth.authenticate import Authenticator, Credentials
from auth.claims import Claim
from auth.errors import AuthError, ProviderFailed
from auth.principal import Principal
from db.errors import QueryTimeout, Unavailable
from schema.execute import Gateway
from schema.requests import OperationRequest
from web.body import Fields, fields_of, read_json_body
from web.credentials import credentials_of, has_csrf_header, has_stream_token, needs_csrf, sent_by_own_page
from web.entry import note_refusal
from web.parameters import Parameters, event_id, from_body, from_query, with_id
from web.refusals import Refusal
from web.signed import admit_signed, is_signed

DOCUMENT_ID = "document_id"
"""What the path of a registered document calls its last part."""
ALLOW = (b"allow", b"GET, POST, QUERY")
SUBSCRIPTIONS_ALONE = "A stream token opens subscriptions alone."
ACTING = "acting"
"""Where a request's state holds its caller, if that one acts as somebody else."""


async def admit(scope: Scope, receive: Receive, fields: Fields) -> tuple[Parameters, Principal | None]:
    """What is asked for and who asks; None for nobody in particular. Raises Refusal, ClientGone."""
    method: str = scope["method"]
    if method not in {"GET", "POST", "QUERY"}:
        raise Refusal("BAD_REQUEST", "Send a GET, a POST or a QUERY.", 405, (ALLOW,))
    if b"idempotency-key" in fields:
        raise Refusal("FEATURE_DISABLED", "Idempotency-Key is not supported yet: send the request without it.")
    if is_signed(fields):
        return await admit_signed(scope, receive, fields)
    credentials = _credentials(scope, fields)
    if needs_csrf(credentials):
        _check_intent(scope)
    if method != "GET":
        parameters = from_body(await read_json_body(fields, receive))
    else:
        parameters = from_query(scope["query_string"])
    caller = _noted(scope, await authenticate(scope, credentials))
    named = scope.get("path_params")
    if named and DOCUMENT_ID in named:
        parameters = with_id(parameters, named[DOCUMENT_ID])
    return parameters, caller


async def identify(scope: Scope) -> Principal | None:
    """Who asks, for something that is no operation. Raises Refusal, also for a request that a browser was tricked
    into.
    """
    credentials = credentials_in(scope)
    if needs_csrf(credentials):
        _check_intent(scope)
    return _noted(scope, await authenticate(scope, credentials))


async def caller_of(scope: Scope) -> Principal | None:
    """Who asks for something that only reads. Raises Refusal."""
    return await authenticate(scope, credentials_in(scope))


async def authenticate(scope: Scope, credentials: Credentials) -> Principal | None:
    """Raises Refusal with the code that says why."""
    authenticator: Authenticator = scope["app"].state.authenticator
    try:
        return await authenticator.authenticate(credentials)
    except AuthError as error:
        if error.actor is not None:
            note_refusal(scope, error, error.actor)
        raise _refusal(error) from None
    except Unavailable:
        raise Refusal("OVERLOADED", "Too many requests at once. Try again in a moment.") from None
    except QueryTimeout:
        raise Refusal("OPERATION_TIMEOUT", "Finding out who is calling took too long.") from None


def _noted(scope: Scope, caller: Principal | None) -> Principal | None:
    """The caller; one who acts as somebody else is remembered, for what is refused from now on to say so."""
    if caller is not None and caller.acting_for is not None:
        scope["state"][ACTING] = caller
    return caller


def last_event_id_of(fields: Fields, parameters: Parameters) -> str | None:
    """The header wins: a browser's EventSource keeps it up to date, while its address stays as it was."""
    return event_id(fields.get(b"last-event-id", b"").decode("latin-1")) or parameters.last_event_id


def cost_asked(fields: Fields) -> Literal["report", "validate"] | None:
    """What the answer shall tell of its cost. Raises Refusal."""
    match fields.get(b"graphql-cost"):
        case None:
            return None
        case b"report":
            return "report"
        case b"validate":
            return "validate"
        case _:
            raise Refusal("BAD_REQUEST", "GraphQL-Cost is report or validate.")


def credentials_in(scope: Scope) -> Credentials:
    """What a request is admitted by. Raises Refusal."""
    return _credentials(scope, fields_of(scope))


def check_stream_token(scope: Scope, gateway: Gateway, request: OperationRequest, caller: Principal | None) -> None:
    """Raises Refusal for a query or a mutation that came by a stream token; what is refused anyway is told as such."""
    if not has_stream_token(scope) or credentials_in(scope).stream is None:
        return
    if gateway.judge(request, caller) in ("query", "mutation"):
        raise Refusal("FORBIDDEN", SUBSCRIPTIONS_ALONE)


def claim_in(scope: Scope) -> Claim:
    """Whom the credentials of a request that was admitted speak for. Raises Refusal when they ended just now."""
    authenticator: Authenticator = scope["app"].state.authenticator
    try:
        return authenticator.claim(credentials_in(scope))
    except AuthError as error:
        raise Refusal(error.code, error.message) from None


def _credentials(scope: Scope, fields: Fields) -> Credentials:
    try:
        return credentials_of(scope, fields)
    except AuthError as error:
        raise _refusal(error) from None


def _refusal(error: AuthError) -> Refusal:
    """The request's own log line says why; the caller is told less."""
    structlog.contextvars.bind_contextvars(reason=error.reason or error.code)
    retry = ((b"retry-after", b"%d" % error.seconds),) if isinstance(error, ProviderFailed) else ()
    return Refusal(error.code, error.message, headers=retry)


def _check_intent(scope: Scope) -> None:
    """A browser sends the cookie by itself, whoever made it send the request (RFC 6265, 8.2)."""
    connection, method = HTTPConnection(scope), scope["method"]
    if sent_by_own_page(connection) is False:
        raise Refusal("CSRF_PREVENTION", "Another site's page cannot use this cookie.")
    if method != "GET" and not has_csrf_header(connection):
        raise Refusal("CSRF_PREVENTION", f"A {method} with a cookie needs the header X-Tidegate-Csrf: 1.")
