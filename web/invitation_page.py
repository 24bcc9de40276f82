"""The page of an invitation: plain HTML that needs no script."""

from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from auth.password_rules import LONGEST, SHORTEST
from web.sign_in_page import page

PATH = "/auth/invitation"

_FORM = """{problem}<p>{tenant} invites {email}.</p>
<form method="post" action="{path}">
<input type="hidden" name="token" value="{token}">
{fields}</form>
{hint}"""

_NEW = """<label for="name">Your name</label>
<input id="name" name="name" autocomplete="name" required autofocus maxlength="200">
<label for="password">A password</label>
<input id="password" name="password" type="password" autocomplete="new-password" required
minlength="{shortest}" maxlength="{longest}" aria-describedby="{described}">
<label for="again">The same again</label>
<input id="again" name="again" type="password" autocomplete="new-password" required maxlength="{longest}">
<button type="submit">Join</button>
"""
_NEW_HINT = """<p class="hint" id="rules">At least {shortest} characters: some words that do not belong together are a
good password.</p>"""

_KNOWN = """<label for="password">Your password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required autofocus
maxlength="{longest}"{described}>
<button type="submit">Join</button>
"""
_KNOWN_HINT = """<p class="hint">Without a password here, <a href="/auth/login?next={next}">sign in</a> first.</p>"""
_SIGNED_IN = """<button type="submit">Join</button>
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page says of an invitation: whom it is for, and how that person accepts it."""

    token: str
    tenant: str
    email: str
    known: bool
    signed_in: bool


def invitation_page(shown: Shown, problem: str | None = None) -> str:
    """The form; with a problem it says so to eyes and screen readers."""
    if shown.signed_in:
        fields, hint = _SIGNED_IN, ""
    elif shown.known:
        fields = _KNOWN.format(longest=LONGEST, described=' aria-describedby="problem"' if problem else "")
        hint = _KNOWN_HINT.format(next=escape(quote(f"{PATH}?token={shown.token}", safe="/")))
    else:
        described = "problem rules" if problem else "rules"
        fields = _NEW.format(shortest=SHORTEST, longest=LONGEST, described=described)
        hint = _NEW_HINT.format(shortest=SHORTEST)
    told = {"problem": _problem(problem), "tenant": escape(shown.tenant), "email": escape(shown.email)}
    return page("Join", _FORM.format(**told, path=PATH, token=escape(shown.token), fields=fields, hint=hint))


def over_page(problem: str) -> str:
    """Said of an invitation that is not good."""
    return page("Join", _problem(problem))


def _problem(problem: str | None) -> str:
    return f'<p class="problem" id="problem" role="alert">{escape(problem)}</p>\n' if problem else ""
