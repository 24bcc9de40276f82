"""The application, on one screen: its routes, its middleware, and what it opens before the first request."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from auth.brakes import Brakes
from auth.confirmation import Confirmation
from auth.document_policy import BY_NAME
from auth.federation import Federation
from auth.foreign_tokens import ForeignTokens
from auth.keyring import Keyring
from auth.oidc import Oidc
from auth.outside import Outside
from auth.passwords import Passwords
from auth.permissions import SYSTEM_ROLES
from auth.rights import Rights, open_rights
from auth.sessions import Lifetimes
from db.audit_writer import AuditWriter
from db.clock import utc_now
from db.engine import Database
from db.event_cursors import EventCursorCodec
from db.hub import Hub
from db.pages import CursorCodec
from db.tasks import end
from db.uses import Uses
from schema.admission import Admission
from schema.execute import Gateway
from schema.limits import Limits
from schema.masks import MaskKeys
from schema.registry import Registry
from schema.root import schema
from schema.routes.table import OWNER, drafts_of
from schema.traced import TracedGateway
from web.admission import DOCUMENT_ID
from web.budgets import open_budgets
from web.caching import open_stores, watch_answers
from web.edge import edge_of
from web.entry import entry_of
from web.fleet import Fleet
from web.gauges import Gauges
from web.graphiql import graphiql_routes
from web.graphql import GraphQLEndpoint
from web.health import serve_live, serve_ready, serve_version
from web.invitation import invitation_routes
from web.isolation import Isolation
from web.load import Load
from web.login import login_routes
from web.metrics import Metrics, serve_metrics
from web.middleware import FrontDoor
from web.oidc_login import oidc_routes
from web.replica import open_replica
from web.reset import reset_routes
from web.responses import error_body
from web.rest.routes import rest_routes
from web.routing import get
from web.sdl import serve_sdl
from web.settings import Settings
from web.signals import hook_of, open_signals
from web.sse.callers import Callers
from web.sse.opening import open_single_streams, open_streams
from web.sse.renew import RenewEndpoint
from web.sse.single_connection import StreamEndpoint
from web.stream_token import StreamTokenEndpoint
from web.traced import RequestTracing, TracedRequests
from web.upstreams import open_upstreams

GC_THRESHOLD = (20_000, 20, 20)
"""A page of 500 makes some 10,000 objects and no cycle: with the thresholds of a fresh interpreter they would be looked
through a dozen times while they are made.
"""


class _Kept(State):
    """What the application keeps, as plain attributes: each request reads some, and Starlette's own are looked up by a
    function.
    """

    def __setattr__(self, key: str, value: object) -> None:
        object.__setattr__(self, key, value)

    def __delattr__(self, key: str) -> None:
        object.__delattr__(self, key)


class Application(Starlette):
    """Starlette behind the front door, which leads straight to what is asked for most."""

    def build_middleware_stack(self) -> ASGIApp:
        rest = ExceptionMiddleware(self.router, handlers=self.exception_handlers)
        settings = self.state.settings
        straight, tracing = direct(), self.state.tracing
        door = FrontDoor(rest, self.state.metrics, straight, entry_of(settings, self.state), edge_of(settings))
        return door if tracing is None else TracedRequests(door, tracing, straight.keys())


def create_app(
    settings: Settings, workers: int = 1, together: Path | None = None, tracing: RequestTracing | None = None
) -> Starlette:
    """The whole application; it opens its connections when the server starts it. Needs ``database_url`` and secrets.
    ``workers``: so many processes of this machine serve it, and tell each other what they counted in that folder.
    ``tracing`` keeps traces until the application stops it. Raises SettingsError for a hook that cannot be had.
    """
    passwords = Passwords()
    app = Application(
        routes=routes(passwords, graphiql=settings.graphiql),
        exception_handlers={HTTPException: _refuse},
        lifespan=lifespan,
    )
    app.state = _Kept()
    app.state.passwords = passwords
    app.router.redirect_slashes = False  # its redirects would repeat whatever Host says
    app.state.settings, app.state.metrics, app.state.draining = settings, Metrics(), asyncio.Event()
    app.state.tracing, app.state.error_hook = tracing, hook_of(settings, app.state.metrics.registry)
    app.state.workers, app.state.load = workers, Load(settings.operations)
    app.state.metrics.registry.register(app.state.load)
    app.state.fleet = None if together is None else Fleet(app.state.metrics.registry, together)
    return app


def direct() -> dict[str, ASGIApp]:
    """What the front door leads to without the router: by path, every method."""
    return {
        "/graphql": GraphQLEndpoint(),
        "/graphql/stream": StreamEndpoint(GraphQLEndpoint(only_streams=True)),
        "/graphql/stream/renew": RenewEndpoint(),
        "/auth/stream-token": StreamTokenEndpoint(),
    }


def routes(passwords: Passwords | None = None, *, graphiql: bool = True) -> list[BaseRoute]:
    """What the router looks for; all of them check passwords in the same few threads."""
    return [
        get(f"/graphql/{{{DOCUMENT_ID}}}", GraphQLEndpoint()),
        get("/schema.graphql", serve_sdl),
        get("/health/live", serve_live),
        get("/health/ready", serve_ready),
        get("/version", serve_version),
        get("/metrics", serve_metrics),
        *login_routes(passwords),
        *reset_routes(passwords),
        *invitation_routes(passwords),
        *oidc_routes(),
        *rest_routes(),
        *((*graphiql_routes(), Route("/", _go_to_graphiql)) if graphiql else ()),
    ]


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Everything that outlives a request is made here, once, and closed in reverse."""
    state, settings = app.state, app.state.settings
    keyring = state.keyring = Keyring(settings.secrets)
    lifetimes = Lifetimes(timedelta(minutes=settings.session_idle_minutes), timedelta(hours=settings.session_hours))
    async with AsyncExitStack() as closing:
        await open_signals(state, closing)
        database = await _open_database(app, closing)
        outside = open_upstreams(state, closing)
        await open_replica(state)
        rights = await _open_rights(app, closing, outside, lifetimes)
        hub = state.hub = Hub(database, bus=state.bus, fence=rights.caught_up)
        await hub.start()
        closing.push_async_callback(hub.stop)
        state.oidc = Oidc(settings.oidc, settings.public_url or "", keyring, outside)
        await _open_audit(app, closing)
        admission = await _open_documents(app, closing)
        gateway = state.gateway = (Gateway if state.tracing is None else TracedGateway)(
            database,
            hub,
            CursorCodec(keyring.keys("page cursor")),
            EventCursorCodec(keyring.keys("event cursor"), await database.directory.epoch()),
            introspection=settings.introspection,
            engine=settings.engine,
            seconds=settings.deadline_seconds,
            slow=settings.slow_seconds,
            limits=Limits(cost=settings.cost_limit, export_cost=settings.cost_limit_export),
            tell_engine=settings.environment == "demo",
            note=state.audit.note,
            confirmation=Confirmation(database.directory, state.passwords, state.brakes),
            lifetimes=lifetimes,
            mask_keys=MaskKeys(keyring.keys("mask")[0]),
            admission=admission,
            budgets=await open_budgets(state, closing),
            tracing=state.tracing,
            stores=await open_stores(state, closing),
        )
        watch_answers(state, closing)
        await open_streams(state, closing)
        state.callers = Callers(rights, gateway)
        await open_single_streams(state, closing)
        ran = gateway.engine.ran if gateway.engine is not None else None
        state.metrics.watch(hub, ran, gateway.tally, gateway.groups, state.entrance)
        if state.fleet is not None:
            closing.push_async_callback(state.fleet.stop)
            await state.fleet.start()
        state.metrics.registry.register(Gauges(database.pool, gateway.documents, state.uses))
        _freeze_heap()
        _mind_documents(app, closing)
        yield


def _freeze_heap() -> None:
    """What lives as long as the process need not be looked through again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLD)


async def _open_database(app: Starlette, closing: AsyncExitStack) -> Database:
    """The doors, and who looks whether they are shut."""
    state, settings = app.state, app.state.settings
    database = await Database.open(settings.database_url, size=settings.pool_size, seconds=settings.deadline_seconds)
    closing.push_async_callback(database.close)
    isolation = Isolation(settings.database_url)
    closing.push_async_callback(isolation.stop)
    state.database, state.isolation = database, isolation
    if state.tracing is not None:
        database.observer = database.directory.observer = state.tracing.statement
    return database


async def _open_rights(app: Starlette, closing: AsyncExitStack, outside: Outside, lifetimes: Lifetimes) -> Rights:
    """Who says who is calling, and watches over those with open streams."""
    state, settings, directory = app.state, app.state.settings, app.state.database.directory
    foreign = ForeignTokens(settings.issuers, directory, outside, utc_now)
    lists = tuple(each.as_list for each in settings.address_lists)
    rights: Rights = await open_rights(directory, state.keyring, lifetimes=lifetimes, foreign=foreign, lists=lists)
    closing.push_async_callback(rights.stop)
    state.rights, state.directory, state.authenticator = rights, directory, rights.authenticator
    state.brakes = Brakes(directory, state.keyring, rights.authenticator.clock)
    state.federation = Federation(settings.peers, directory, rights.authenticator)
    return rights


async def _open_audit(app: Starlette, closing: AsyncExitStack) -> None:
    """Who writes what is recorded apart from changes."""
    audit = app.state.audit = AuditWriter(app.state.database.directory.recorder.add)
    await audit.start()
    closing.push_async_callback(audit.stop)
    app.state.metrics.watch_audit(audit)


async def _open_documents(app: Starlette, closing: AsyncExitStack) -> Admission:
    """Who knows the registered documents, and who runs which."""
    settings = app.state.settings
    registry = app.state.documents = Registry(app.state.database.directory)
    await registry.start()
    closing.push_async_callback(registry.stop)
    await app.state.database.directory.documents.provide(drafts_of(schema()._schema), OWNER)
    uses = app.state.uses = Uses(app.state.database.directory.documents.add_uses)
    await uses.start()
    closing.push_async_callback(uses.stop)
    admission = Admission(registry, BY_NAME[settings.documents], settings.persisted_queries, uses=uses)
    closing.push_async_callback(admission.stop)
    return admission


def _mind_documents(app: Starlette, closing: AsyncExitStack) -> None:
    """From now on open streams hear of changes of their documents, and the most used are made ready."""
    gateway: Gateway = app.state.gateway
    app.state.documents.changed = gateway.recall
    most_used = app.state.database.directory.documents.most_used
    closing.push_async_callback(end, asyncio.create_task(gateway.warmer.run(most_used, SYSTEM_ROLES)))


async def _go_to_graphiql(_: Request) -> Response:
    return RedirectResponse("/graphiql", 307)


async def _refuse(request: Request, error: Exception) -> Response:
    """What the router refuses, in the shape of everything else."""
    if not isinstance(error, HTTPException):
        raise error
    code = "NOT_FOUND" if error.status_code == 404 else "BAD_REQUEST"
    body = error_body(code, error.detail, request.state.request_id)
    return JSONResponse(body, error.status_code, error.headers)
