"""Signing in and out over HTTP: a page and a form for browsers, JSON for programs.

What is checked here is the shape of the request and where it comes from; whether the password is right is ``auth``'s
business.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from auth.errors import AuthError, TooManyAttempts
from auth.oidc import Oidc
from auth.passwords import Passwords
from auth.sessions import Visitor, hash_of
from auth.sign_in import SignedIn, failed_sign_in, sign_in, sign_out
from db.errors import QueryTimeout, Unavailable
from db.ids import public_id
from web.credentials import has_csrf_header, sent_by_own_page, session_secrets
from web.entry import address_of
from web.login_body import FORM, JSON, read_body, read_form
from web.refusals import Refusal
from web.responses import error_body
from web.session_cookie import set_session_cookie
from web.sign_in_page import headers, sign_in_page, sign_out_page, signed_out_page

LONGEST_PATH = 2_048
HOME = "/"
BUSY = "Too many requests at once. Try again in a moment."
_STATUS = {
    "BAD_REQUEST": 400,
    "BAD_USER_INPUT": 400,
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "CSRF_PREVENTION": 403,
    "OVERLOADED": 503,
    "RATE_LIMITED": 429,
}
_EXTRA = {"UNAUTHENTICATED": {"WWW-Authenticate": 'Bearer realm="tidegate"'}, "OVERLOADED": {"Retry-After": "2"}}


@dataclass(slots=True)
class Attempt:
    """What somebody typed. It is never logged: people type passwords into the wrong field."""

    email: str = ""
    password: str = ""
    next_path: str = HOME


def login_routes(passwords: Passwords | None = None) -> list[Route]:
    """The routes of signing in and out; they find settings, authenticator and directory on ``request.app.state``."""
    checker = passwords or Passwords()

    async def login(request: Request) -> Response:
        if request.method != "POST":
            return _page(request, Attempt(next_path=safe_path(request.query_params.get("next", ""))))
        return await _login(request, checker)

    return [
        Route("/auth/login", login, methods=["GET", "POST"]),
        Route("/auth/logout", _logout, methods=["GET", "POST"]),
    ]


def providers_of(request: Request) -> list[tuple[str, str]]:
    """Name and label of each provider to sign in at."""
    oidc: Oidc | None = getattr(request.app.state, "oidc", None)
    return [] if oidc is None else [(each.name, each.label) for each in oidc.providers.values()]


def safe_path(text: str) -> str:
    """Where to go after signing in: a path that no browser can read as another host's, else the home page."""
    path = text.partition("?")[0].partition("#")[0]
    relative = path.startswith("/") and "//" not in path and "\\" not in text
    return text if relative and text.isprintable() and len(text) <= LONGEST_PATH else HOME


async def _login(request: Request, passwords: Passwords) -> Response:
    kind = essence_of(request)
    attempt = Attempt()
    try:
        if sent_by_own_page(request) is False:
            raise Refusal("CSRF_PREVENTION", "The form was not sent by this site's own page.")
        await _READERS.get(kind, _read_unknown)(request, attempt)
        signed_in = await _sign_in(request, passwords, attempt)
    except (Refusal, AuthError) as error:
        # The request's own log line carries it.
        structlog.contextvars.bind_contextvars(reason=getattr(error, "reason", "") or error.code)
        if isinstance(error, AuthError):
            note_failure(request, error)
        return _page(request, attempt, error) if kind == FORM else refusal_of(request, error)
    except (Unavailable, QueryTimeout):
        return refusal_of(request, Refusal("OVERLOADED", BUSY))
    response = RedirectResponse(attempt.next_path, 303) if kind == FORM else _signed_in(signed_in)
    set_session_cookie(request, response, signed_in.secret)
    return response


async def _sign_in(request: Request, passwords: Passwords, attempt: Attempt) -> SignedIn:
    """A new session; the one that the browser had ends, whosever it was."""
    state = request.app.state
    signed_in = await sign_in(
        state.directory,
        passwords,
        state.authenticator.clock,
        attempt.email,
        attempt.password,
        brakes=state.brakes,
        lifetimes=state.authenticator.lifetimes,
        visitor=visitor_of(request),
    )
    await end_session(request)
    return signed_in


async def _logout(request: Request) -> Response:
    if request.method != "POST":
        return HTMLResponse(sign_out_page(), headers=headers())
    own = sent_by_own_page(request)
    if own is False or not (own or has_csrf_header(request)):
        return refusal_of(request, Refusal("CSRF_PREVENTION", "Send X-Tidegate-Csrf: 1, or use the form at this path."))
    elsewhere = await _logout_at_provider(request)
    await end_session(request)
    browser = "text/html" in request.headers.get("accept", "")
    if elsewhere is not None:
        page = HTMLResponse(signed_out_page(*elsewhere), headers=headers())
        response: Response = page if browser else _json({"providerLogout": elsewhere[1]})
    else:
        response = RedirectResponse("/auth/login", 303) if browser else Response(status_code=204)
    set_session_cookie(request, response, "")
    return response


async def _logout_at_provider(request: Request) -> tuple[str, str] | None:
    """The label and address where the provider's own session can be ended too, if the session came by one.

    It is offered and not forced: that session may serve other sites.
    """
    state = request.app.state
    oidc: Oidc | None = getattr(state, "oidc", None)
    for secret in session_secrets(request) if oidc is not None else ():
        issuer = await state.directory.links.provider_of(hash_of(secret) or b"")
        provider = next((each for each in oidc.providers.values() if each.issuer == issuer), None) if oidc else None
        address = await oidc.logout_address(provider, "/auth/login") if oidc and provider else None
        if provider is not None and address is not None:
            return provider.label, address
    return None


def visitor_of(request: Request) -> Visitor:
    """What the request says of itself."""
    return Visitor(
        request.headers.get("user-agent"), address_of(request.scope), getattr(request.state, "request_id", None)
    )


def note_failure(request: Request, error: AuthError) -> None:
    """Have a sign-in that was refused put on record."""
    state = request.app.state
    state.audit.note(failed_sign_in(error, visitor_of(request), state.authenticator.clock()))


async def end_session(request: Request) -> None:
    """End the sessions that the browser has, whosever they are."""
    for secret in session_secrets(request):
        state = request.app.state
        await sign_out(state.directory, secret, visitor_of(request), state.authenticator.clock)


async def _read_form(request: Request, attempt: Attempt) -> None:
    first = await read_form(request)
    attempt.next_path = safe_path(first.get("next", ""))
    _fill(attempt, first)


async def _read_json(request: Request, attempt: Attempt) -> None:
    try:
        body = orjson.loads(await read_body(request))
    except orjson.JSONDecodeError:
        raise Refusal("BAD_REQUEST", "The body is not JSON.") from None
    _fill(attempt, body if isinstance(body, dict) else {})


async def _read_unknown(request: Request, attempt: Attempt) -> None:
    raise Refusal("BAD_REQUEST", f"The body must be {JSON} or {FORM}.", 415)


_READERS: Mapping[str, Callable[[Request, Attempt], Awaitable[None]]] = {FORM: _read_form, JSON: _read_json}


def _fill(attempt: Attempt, fields: Mapping[str, object]) -> None:
    email, password = fields.get("email"), fields.get("password")
    if isinstance(email, str):
        attempt.email = email.strip()
    if not isinstance(email, str) or not isinstance(password, str) or not attempt.email or not password:
        raise Refusal("BAD_USER_INPUT", "Give an email and a password.")
    attempt.password = password


def essence_of(request: Request) -> str:
    """The media type without its parameters; empty when it is missing, given twice, or not in UTF-8."""
    given = request.headers.getlist("content-type")
    essence, *parameters = (part.strip().lower() for part in (given[0] if len(given) == 1 else "").split(";"))
    charsets = [p.partition("=")[2].strip('"') for p in parameters if p.startswith("charset=")]
    return essence if all(charset == "utf-8" for charset in charsets) else ""


def _page(request: Request, attempt: Attempt, error: Refusal | AuthError | None = None) -> Response:
    demo = request.app.state.settings.environment == "demo"
    problem = None if error is None else error.message
    status, extra = (200, {}) if error is None else (status_of(error), _extra(error))
    html = sign_in_page(attempt.next_path, attempt.email, problem, demo=demo, providers=providers_of(request))
    return HTMLResponse(html, status, headers={**headers(), **extra})


def _signed_in(signed_in: SignedIn) -> Response:
    user, tenant = signed_in.user, signed_in.tenant
    return _json(
        {
            "user": {"id": public_id("usr", user["id"]), "email": user["email"], "name": user["name"]},
            "tenant": {
                "id": public_id("ten", tenant["tenant_id"]),
                "slug": tenant["slug"],
                "name": tenant["name"],
            },
        }
    )


def refusal_of(request: Request, error: Refusal | AuthError) -> Response:
    """As JSON, with the code."""
    body = error_body(error.code, error.message, getattr(request.state, "request_id", ""))
    return _json(body, status_of(error), _extra(error))


def status_of(error: Refusal | AuthError) -> int:
    """By the code, unless the refusal says itself."""
    given = error.status if isinstance(error, Refusal) else None
    return given or _STATUS[error.code]


def _extra(error: Refusal | AuthError) -> Mapping[str, str]:
    return {"Retry-After": str(error.seconds)} if isinstance(error, TooManyAttempts) else _EXTRA.get(error.code, {})


def _json(body: object, status: int = 200, extra: Mapping[str, str] | None = None) -> Response:
    kept = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **(extra or {})}
    return Response(orjson.dumps(body), status, kept, JSON)
