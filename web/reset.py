"""A new password by a link, over HTTP: `GET /auth/reset?token=` a page, `POST` its form, or JSON.

Looking at the page uses nothing up: mail scanners follow links. The link's token is all that it takes, so no cookie is
read here, and none is set: whoever has a new password signs in with it.
"""

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from auth.errors import AuthError
from auth.password_reset import reset_by_token
from auth.passwords import Passwords
from db.errors import QueryTimeout, Unavailable
from web.credentials import sent_by_own_page
from web.login import BUSY, essence_of, refusal_of, status_of, visitor_of
from web.login_body import FORM, read_fields
from web.refusals import Refusal
from web.reset_page import reset_page
from web.sign_in_page import headers


def reset_routes(passwords: Passwords | None = None) -> list[Route]:
    """They find the directory on ``request.app.state``."""
    checker = passwords or Passwords()

    async def reset(request: Request) -> Response:
        if request.method != "POST":
            return HTMLResponse(reset_page(request.query_params.get("token", "")), headers=headers())
        return await _reset(request, checker)

    return [Route("/auth/reset", reset, methods=["GET", "POST"])]


async def _reset(request: Request, passwords: Passwords) -> Response:
    kind, token = essence_of(request), ""
    try:
        if sent_by_own_page(request) is False:
            raise Refusal("CSRF_PREVENTION", "The form was not sent by this site's own page.")
        fields = await read_fields(request, kind)
        token, password = fields.get("token", ""), fields.get("password", "")
        if not token or not password or fields.get("again", password) != password:
            raise Refusal("BAD_USER_INPUT", "Give the same new password twice.")
        state, visitor = request.app.state, visitor_of(request)
        await reset_by_token(state.directory, passwords, token, password, visitor, state.authenticator.clock)
    except (Refusal, AuthError) as error:
        # The request's own log line carries it.
        structlog.contextvars.bind_contextvars(reason=getattr(error, "reason", "") or error.code)
        if kind == FORM:
            return HTMLResponse(reset_page(token, error.message), status_of(error), headers=headers())
        return refusal_of(request, error)
    except (Unavailable, QueryTimeout):
        return refusal_of(request, Refusal("OVERLOADED", BUSY))
    done = RedirectResponse("/auth/login", 303) if kind == FORM else Response(status_code=204)
    done.headers["Cache-Control"] = "no-store"
    return done
