"""Routes to ASGI applications, as the route table lists them."""

from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send


class _Plain:
    """An instance is taken for an ASGI application as it is; a bare function would be taken for a view."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


def get(path: str, app: ASGIApp) -> Route:
    """A path that is only read. Other methods answer 405 with Allow."""
    return Route(path, _Plain(app), methods=["GET"])
