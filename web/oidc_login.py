"""Signing in at a provider, over HTTP: out by one redirect, back by another, and out again when the provider says so.

Tokens and codes never reach a log line: the request's own line has the path without its query.
"""

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from auth.errors import AuthError, BadToken, ProviderFailed
from auth.linking import sign_in_as
from auth.oidc import FLOW_LIFE, Oidc
from auth.providers import CALLBACK_PATH, Provider
from db.errors import QueryTimeout, Unavailable
from web.login import end_session, note_failure, providers_of, safe_path, visitor_of
from web.login_body import read_form
from web.refusals import Refusal
from web.session_cookie import session_cookie, set_session_cookie
from web.sign_in_page import headers, sign_in_page

_STATUS = {"UNAUTHENTICATED": 401, "FORBIDDEN": 403, "OVERLOADED": 503, "NOT_FOUND": 404}
LONGEST_PARAMETER = 4_096
RETRY_SECONDS = 2
BUSY = AuthError("database", "Too many requests at once. Try again in a moment.")


def oidc_routes() -> list[Route]:
    """They find the providers on ``request.app.state.oidc``."""
    return [
        Route("/auth/login/{provider}", _begin, methods=["GET"]),
        Route(CALLBACK_PATH + "{provider}", _finish, methods=["GET"]),
        Route("/auth/backchannel/{provider}", _log_out, methods=["POST"]),
    ]


async def _begin(request: Request) -> Response:
    oidc, provider = _provider(request)
    if provider is None:
        return _refused(request, "There is no such sign-in provider.", 404)
    next_path = safe_path(request.query_params.get("next", ""))
    try:
        again = "again" in request.query_params
        begun = await oidc.start(provider, next_path, request.app.state.authenticator.clock(), again=again)
    except AuthError as error:
        return _told(request, error)
    response = RedirectResponse(begun.address, 303, {"Cache-Control": "no-store"})
    _keep(request, response, _flow_cookie(request, begun.state), begun.sealed)
    return response


async def _finish(request: Request) -> Response:
    """The provider's answer. Whatever comes of it, the flow it belongs to is over in this browser."""
    oidc, provider = _provider(request)
    answer = dict(request.query_params)
    if provider is None or any(len(value) > LONGEST_PARAMETER for value in answer.values()):
        return _refused(request, "There is no such sign-in provider.", 404)
    state = request.app.state
    cookie = _flow_cookie(request, answer.get("state", ""))
    try:
        if len(answer) < len(request.query_params.multi_items()):
            raise BadToken("parameter twice")
        now = state.authenticator.clock()
        claims, flow = await oidc.finish(provider, request.cookies.get(cookie), answer, now)
        signed_in = await sign_in_as(
            state.directory,
            provider,
            claims,
            now,
            lifetimes=state.authenticator.lifetimes,
            visitor=visitor_of(request),
        )
        await end_session(request)
        response: Response = RedirectResponse(flow.next_path, 303)
        set_session_cookie(request, response, signed_in.secret)
    except AuthError as error:
        note_failure(request, error)
        response = _told(request, error)
    except (Unavailable, QueryTimeout):
        response = _refused(request, BUSY.message, 503)
    _keep(request, response, cookie, "")
    return response


async def _log_out(request: Request) -> Response:
    """OpenID Connect Back-Channel Logout, 2.5: sent by the provider's server, proven by its signature alone."""
    oidc, provider = _provider(request)
    state = request.app.state
    try:
        token = (await read_form(request)).get("logout_token", "")
        if provider is None:
            raise BadToken("unknown provider")
        now = state.authenticator.clock()
        claims = await oidc.read_logout(provider, token, now)
        sid, subject = claims.get("sid"), str(claims.get("sub", ""))
        await state.directory.links.end_sessions(provider.issuer, subject, sid, now, visitor_of(request).request_id)
    except (Refusal, AuthError) as error:
        structlog.contextvars.bind_contextvars(reason=getattr(error, "reason", "") or error.code)
        return Response(status_code=400, headers={"Cache-Control": "no-store"})
    except (Unavailable, QueryTimeout):
        return Response(status_code=503, headers={"Cache-Control": "no-store", "Retry-After": str(RETRY_SECONDS)})
    return Response(status_code=200, headers={"Cache-Control": "no-store"})


def _provider(request: Request) -> tuple[Oidc, Provider | None]:
    oidc: Oidc = request.app.state.oidc
    return oidc, oidc.providers.get(request.path_params["provider"])


def _told(request: Request, error: AuthError) -> Response:
    # The request's own log line carries it.
    structlog.contextvars.bind_contextvars(reason=error.reason or error.code)
    seconds = error.seconds if isinstance(error, ProviderFailed) else RETRY_SECONDS
    return _refused(request, error.message, _STATUS[error.code], seconds)


def _refused(request: Request, message: str, status: int, seconds: int = RETRY_SECONDS) -> Response:
    html = sign_in_page("/", "", message, providers=providers_of(request))
    extra = {"Retry-After": str(seconds)} if status == 503 else {}
    return HTMLResponse(html, status, headers={**headers(), **extra})


def _flow_cookie(request: Request, state: str) -> str:
    """One for each sign-in under way, so that two windows do not disturb each other."""
    mark = "".join(c for c in state[:16] if c.isalnum() or c in "-_")
    return f"{session_cookie(request).name}-flow-{mark}"


def _keep(request: Request, response: Response, name: str, sealed: str) -> None:
    """An empty value takes the cookie away."""
    life = int(FLOW_LIFE.total_seconds()) if sealed else 0
    secure = session_cookie(request).secure
    response.set_cookie(name, sealed, life, path="/", secure=secure, httponly=True, samesite="lax")
