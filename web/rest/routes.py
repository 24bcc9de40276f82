"""The plain routes for the front door's table: those of the product's documents, and their description."""

from functools import cache
from typing import Any

import orjson
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from schema.root import schema
from schema.routes.table import PlainRoute, routes_of
from web.health import installed_version
from web.responses import JSON, NO_STORE, send_bytes
from web.rest.endpoint import PlainEndpoint
from web.rest.events import PlainStream
from web.rest.export import PlainExport
from web.rest.openapi import openapi
from web.routing import get


def rest_routes() -> list[BaseRoute]:
    """`/v1/…`; whatever is not there answers in the envelope too."""
    paths: dict[str, list[PlainRoute]] = {}
    for route in plain_routes():
        paths.setdefault(route.path, []).append(route)
    return [
        get("/v1/openapi.json", serve_openapi),
        *(Route(path, _endpoint(paths[path])) for path in sorted(paths, key=lambda path: ("{" in path, path))),
        Route("/v1/{rest:path}", PlainEndpoint()),
    ]


def _endpoint(routes: list[PlainRoute]) -> ASGIApp:
    """Of one path."""
    (first, *_) = routes
    if first.exports:
        return PlainExport(first)
    return PlainStream(first) if first.streams else PlainEndpoint(routes)


@cache
def plain_routes() -> tuple[PlainRoute, ...]:
    """Those that come with the product."""
    return tuple(routes_of(_core()))


async def serve_openapi(scope: Scope, receive: Receive, send: Send) -> None:
    """`GET /v1/openapi.json`: what partners generate their clients from; it tells nothing of any tenant."""
    await send_bytes(send, 200, JSON, _description(), (NO_STORE,))


@cache
def _description() -> bytes:
    return orjson.dumps(openapi(_core(), plain_routes(), installed_version()))


def _core() -> Any:  # Any: graphql-core's schema
    return schema()._schema  # Strawberry has no public name for the schema it builds
