"""Becoming a member by an invitation's link, over HTTP: `GET /auth/invitation?token=` a page, `POST` its form, or JSON.

Looking at the page uses nothing up: mail scanners follow links. Somebody new sends a name and a password; whoever has a
user here its password, or only the token while signed in. No session begins here: whoever has joined signs in.
"""

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from auth.errors import AuthError, InvitationOver, OperatorError, TooManyAttempts
from auth.invitations import (
    Invited,
    NewUser,
    accept_as_new,
    accept_by_password,
    accept_signed_in,
    failed_acceptance,
    find_invitation,
)
from auth.passwords import Passwords
from auth.principal import Principal
from db.errors import QueryTimeout, Unavailable
from web.body import fields_of
from web.credentials import credentials_of, has_csrf_header, sent_by_own_page
from web.invitation_page import PATH, Shown, invitation_page, over_page
from web.login import BUSY, essence_of, refusal_of, status_of, visitor_of
from web.login_body import FORM, read_fields
from web.refusals import Refusal
from web.sign_in_page import headers


def invitation_routes(passwords: Passwords | None = None) -> list[Route]:
    """They find directory, authenticator, brakes and audit on ``request.app.state``."""
    checker = passwords or Passwords()

    async def invitation(request: Request) -> Response:
        if request.method != "POST":
            return await _show(request, request.query_params.get("token", ""))
        return await _accept(request, checker)

    return [Route(PATH, invitation, methods=["GET", "POST"])]


async def _show(request: Request, token: str, error: Refusal | AuthError | None = None) -> Response:
    """The form as it is for whoever looks at it, with what was wrong; or that there is none."""
    status = 200 if error is None else status_of(error)
    extra = {"Retry-After": str(error.seconds)} if isinstance(error, TooManyAttempts) else {}
    try:
        invited = await find_invitation(request.app.state.directory, token)
        shown = await _shown(request, token, invited)
    except InvitationOver as over:
        told = over if error is None else error
        return HTMLResponse(over_page(told.message), status_of(told), headers=headers())
    except (Unavailable, QueryTimeout):
        return refusal_of(request, Refusal("OVERLOADED", BUSY))
    html = invitation_page(shown, None if error is None else error.message)
    return HTMLResponse(html, status, headers={**headers(), **extra})


async def _shown(request: Request, token: str, invited: Invited) -> Shown:
    who = await _signed_in(request)
    own = who is not None and invited.user is not None and invited.user["id"] == who.user_id
    return Shown(token, invited.row["tenant_name"], invited.row["email"], invited.user is not None, own)


async def _accept(request: Request, passwords: Passwords) -> Response:
    kind, token = essence_of(request), ""
    try:
        if sent_by_own_page(request) is False:
            raise Refusal("CSRF_PREVENTION", "The form was not sent by this site's own page.")
        fields = await read_fields(request, kind)
        token = fields.get("token", "")
        await _join(request, passwords, fields)
    except (Refusal, AuthError) as error:
        # The request's own log line carries it.
        structlog.contextvars.bind_contextvars(reason=getattr(error, "reason", "") or error.code)
        if isinstance(error, AuthError) and not isinstance(error, OperatorError):
            state = request.app.state
            state.audit.note(failed_acceptance(error, visitor_of(request), state.authenticator.clock))
        return await _show(request, token, error) if kind == FORM else refusal_of(request, error)
    except (Unavailable, QueryTimeout):
        return refusal_of(request, Refusal("OVERLOADED", BUSY))
    done = RedirectResponse("/auth/login", 303) if kind == FORM else Response(status_code=204)
    done.headers["Cache-Control"] = "no-store"
    return done


async def _join(request: Request, passwords: Passwords, fields: dict[str, str]) -> None:
    """Raises Refusal, AuthError."""
    state, visitor = request.app.state, visitor_of(request)
    clock = state.authenticator.clock
    invited = await find_invitation(state.directory, fields.get("token", ""))
    password = fields.get("password", "")
    if not password:
        await accept_signed_in(state.directory, invited, (await _intended(request)).user_id, visitor, clock)
    elif invited.user is not None:
        await accept_by_password(state.directory, passwords, invited, password, state.brakes, visitor, clock=clock)
    else:
        if fields.get("again", password) != password:
            raise Refusal("BAD_USER_INPUT", "Give the same password twice.")
        new = NewUser(fields.get("name", ""), password)
        await accept_as_new(state.directory, passwords, invited, new, visitor, clock)


async def _intended(request: Request) -> Principal:
    """Who is signed in and meant to send this: a browser sends the cookie by itself. Raises Refusal."""
    if not (sent_by_own_page(request) or has_csrf_header(request)):
        raise Refusal("CSRF_PREVENTION", "Send X-Tidegate-Csrf: 1, or use the form at this path.")
    who = await _signed_in(request)
    if who is None:
        raise Refusal("BAD_USER_INPUT", "Give a password, or sign in first.")
    return who


async def _signed_in(request: Request) -> Principal | None:
    """Whose session the browser has; None for none that is good, or whose person acts as somebody else."""
    try:
        credentials = credentials_of(request.scope, fields_of(request.scope))
        if credentials.session is None:
            return None
        found: Principal | None = await request.app.state.authenticator.authenticate(credentials)
    except AuthError:
        return None
    return None if found is None or found.acting_for is not None else found
