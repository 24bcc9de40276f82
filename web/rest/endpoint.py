"""A plain path: its methods, each answered by a registered document through the door that GraphQL goes through."""

from collections.abc import Mapping, Sequence

from starlette.types import Receive, Scope, Send

from auth.principal import Principal
from schema.answers import Answer
from schema.errors import CODES
from schema.execute import Gateway
from schema.requests import OperationRequest
from schema.routes.table import PlainRoute
from web.admission import credentials_in, identify
from web.body import Fields, fields_of, read_json_body
from web.budgets import budget_fields
from web.caching import kept_fields
from web.deprecation import deprecation_fields
from web.entry import address_of
from web.hang_up import LEFT, hang_up_of, let_go
from web.json_text import load_json
from web.metrics import Metrics
from web.negotiation import STATUS_HEADERS
from web.refusals import Header, Refusal
from web.replica import position_fields, position_in
from web.responses import JSON, send_bytes
from web.rest.envelope import Envelope, enveloped, refused
from web.rest.variables import INPUT, Paging, Values, variables_of

FIELDS: tuple[Header, ...] = (
    (b"cache-control", b"no-store"),
    (b"vary", b"Authorization, Cookie, X-Tenant"),
)


class PlainEndpoint:
    """An ASGI application for one path, by method; without any route it is no path at all."""

    def __init__(self, routes: Sequence[PlainRoute] = ()) -> None:
        self._routes: Mapping[str, PlainRoute] = {route.method: route for route in routes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        hang_up = hang_up_of(scope)
        try:
            route = self._route(scope["method"])
            with scope["app"].state.load:
                answer, paging = await _answered(route, scope, receive)
        except LEFT as error:
            let_go(error, hang_up)
            return
        except Refusal as refusal:
            await send_envelope(scope, send, refused(refusal.code, refusal.message, refusal.status), refusal.headers)
            return
        metrics: Metrics = scope["app"].state.metrics
        metrics.count_answer(answer.code, answer.codes)
        more = deprecation_fields(answer.deprecation) + budget_fields(answer.charge) + kept_fields(answer.given)
        more += position_fields(answer.position)
        await send_envelope(scope, send, enveloped(route, answer, paging), more)

    def _route(self, method: str) -> PlainRoute:
        """Raises Refusal."""
        if not self._routes:
            raise Refusal("NOT_FOUND", "There is no such path.")
        route = self._routes.get(method)
        if route is None:
            allowed = (b"allow", ", ".join(self._routes).encode())
            raise Refusal("BAD_REQUEST", f"Send a {' or a '.join(self._routes)}.", 405, (allowed,))
        return route


async def _answered(route: PlainRoute, scope: Scope, receive: Receive) -> tuple[Answer, Paging | None]:
    """Raises Refusal, ClientGone."""
    caller, fields = await caller_of_route(scope), fields_of(scope)
    body = await _body(fields, receive) if INPUT in route.variables else None
    values, paging = variables_of(route, scope["path_params"], scope["query_string"], body)
    request = request_of(route, scope, values)
    gateway: Gateway = scope["app"].state.gateway
    return await run(gateway, request, caller), paging


async def caller_of_route(scope: Scope) -> Principal:
    """Who asks for what a plain route answers. Raises Refusal."""
    if b"idempotency-key" in fields_of(scope):
        raise Refusal("FEATURE_DISABLED", "Idempotency-Key is not supported yet: send the request without it.")
    caller = await known(scope)
    if credentials_in(scope).stream is not None:
        raise Refusal("FORBIDDEN", "A stream token opens subscriptions alone.")
    return caller


async def known(scope: Scope) -> Principal:
    """Who asks. A stranger is told so before anything of the request is read. Raises Refusal."""
    caller = await identify(scope)
    if caller is None:
        raise Refusal("UNAUTHENTICATED", CODES["UNAUTHENTICATED"])
    return caller


async def run(gateway: Gateway, request: OperationRequest, caller: Principal) -> Answer:
    """The answer to a query or a mutation."""
    admitted = await gateway.admit(request, caller)
    outcome = admitted if isinstance(admitted, Answer) else await gateway.answer(admitted, caller)
    if not isinstance(outcome, Answer):
        raise TypeError("a plain route answers once")
    return outcome


def request_of(route: PlainRoute, scope: Scope, values: Values, last_event_id: str | None = None) -> OperationRequest:
    """The route's document, by its id: who retires that, retires the route."""
    hang_up = None if route.streams else hang_up_of(scope)
    return OperationRequest(
        document=None,
        variables=values,
        operation_name=None,
        extensions=None,
        request_id=scope["state"]["request_id"],
        address=address_of(scope),
        document_id=route.id,
        allow_stream=route.streams,
        last_event_id=last_event_id,
        last_event_id_first=True,
        position=position_in(fields_of(scope)),
        listen=None if hang_up is None else hang_up.listen,
    )


async def _body(fields: Fields, receive: Receive) -> object:
    return load_json(await read_json_body(fields, receive), "The body")


async def send_envelope(scope: Scope, send: Send, envelope: Envelope, headers: Sequence[Header] = ()) -> None:
    """One plain answer."""
    given = {name for name, _ in headers}
    usual = [field for field in STATUS_HEADERS.get(envelope.status, ()) if field[0] not in given]
    body = envelope.body(scope["state"]["request_id"])
    await send_bytes(send, envelope.status, JSON, body, (*FIELDS, *usual, *headers))
