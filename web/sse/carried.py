"""A subscription on a connection of its own: let in, watched over, and written until it is over."""

from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from auth.errors import AuthError
from schema.execute import Gateway
from schema.live.feed import Feed
from schema.live.member import Member
from web.admission import credentials_in
from web.deprecation import deprecation_fields
from web.refusals import Header, Refusal
from web.sse.callers import STREAM_NAME, Callers, Connection
from web.sse.entrance import Entrance, Place
from web.sse.outlet import Outlet
from web.sse.stream import StreamResponse
from web.sse.told import GRAPHQL_SSE, Words


@dataclass(frozen=True, slots=True)
class Carried:
    """A stream that is let in: its outlet, its place, and who watches over its caller (nobody over what is over)."""

    outlet: Outlet
    place: Place | None = None
    connection: Connection | None = None
    headers: tuple[Header, ...] = ()
    response: type[StreamResponse] = StreamResponse


async def carried_by(
    scope: Scope, feed: Feed, response: type[StreamResponse] = StreamResponse, words: Words = GRAPHQL_SSE
) -> Carried:
    """The feed on a connection of its own; its caller is watched from now on. Raises Refusal."""
    outlet = Outlet()
    outlet.words = words
    outlet.add(feed)
    if not isinstance(feed, Member):
        return Carried(outlet, response=response)
    callers: Callers = scope["app"].state.callers
    entrance: Entrance = scope["app"].state.entrance
    gateway: Gateway = scope["app"].state.gateway
    headers = deprecation_fields(gateway.deprecation_of(feed.request, feed.principal))
    place = None
    try:
        place = await entrance.enter(feed.principal)
        connection = callers.enter(feed.id, outlet, credentials_in(scope), feed.principal)
        return Carried(outlet, place, connection, headers, response)
    except BaseException as error:
        await outlet.aclose()
        if place is not None:
            place.leave()
        if isinstance(error, AuthError):  # it ended just now
            raise Refusal(error.code, error.message) from None
        raise


async def carry(scope: Scope, receive: Receive, send: Send, carried: Carried) -> None:
    """Answer with it, until it is over."""
    connection = carried.connection
    headers = () if connection is None else (*carried.headers, (STREAM_NAME, connection.name.encode()))
    try:
        await carried.response(carried.outlet, scope["app"].state.streams, headers)(scope, receive, send)
    finally:
        if connection is not None:
            connection.close()
        if carried.place is not None:
            carried.place.leave()
