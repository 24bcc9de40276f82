"""The pages of signing in and out: plain HTML that needs no script, with its style inside."""

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html import escape
from urllib.parse import quote

_STYLE = """
:root { color-scheme: light dark; --ink: #10242b; --dim: #4d646d; --paper: #fff; --ground: #e9f1f3; --line: #8aa2ab;
  --tide: #0b6e83; --tide-deep: #08566a; --on-tide: #fff; --alarm: #a3231b; --alarm-ground: #fdeeec; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8f1f3; --dim: #a3b8bf; --paper: #14262d; --ground: #0a171c;
  --line: #5f7880; --tide: #5cc4da; --tide-deep: #86d8ea; --on-tide: #06232b;
  --alarm: #ffb3aa; --alarm-ground: #3b1c1a; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--ground);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { width: 100%; max-width: 24rem; padding: 2rem; background: var(--paper); border-radius: .75rem;
  box-shadow: 0 1px 2px rgb(0 0 0 / .12), 0 12px 32px rgb(0 0 0 / .1); }
.mark { display: flex; align-items: center; gap: .6rem; margin: 0 0 1.5rem; font-weight: 650; letter-spacing: .01em; }
.mark svg { width: 2rem; height: 2rem; }
h1 { margin: 0 0 1.25rem; font-size: 1.5rem; line-height: 1.2; }
label { display: block; margin: 1rem 0 .3rem; font-weight: 600; }
input { width: 100%; padding: .65rem .75rem; font: inherit; color: inherit; background: transparent;
  border: 1px solid var(--line); border-radius: .4rem; }
button { width: 100%; margin-top: 1.5rem; padding: .75rem; font: inherit; font-weight: 650; color: var(--on-tide);
  background: var(--tide); border: 0; border-radius: .4rem; cursor: pointer; }
button:hover { background: var(--tide-deep); }
:focus-visible { outline: 3px solid var(--tide); outline-offset: 2px; }
.problem { margin: 0 0 1rem; padding: .65rem .75rem; color: var(--alarm); background: var(--alarm-ground);
  border-radius: .4rem; }
.provider { margin: 1rem 0 0; }
.provider a { display: block; padding: .65rem .75rem; text-align: center; border: 1px solid var(--line);
  border-radius: .4rem; text-decoration: none; font-weight: 600; }
.hint { margin: 1.25rem 0 0; color: var(--dim); font-size: .9rem; }
a { color: var(--tide); }
"""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title} · Tidegate</title>
<style>{style}</style>
</head>
<body>
<main>
<p class="mark"><svg viewBox="0 0 32 32" fill="none" stroke-linecap="round" aria-hidden="true">
<rect width="32" height="32" rx="8" fill="#0b3b4a"/>
<path d="M8.5 26V9M23.5 26V9M5.5 7.5h21" stroke="#7fe3dc" stroke-width="2.6"/>
<path d="M5 15.5q2.75-3 5.5 0t5.5 0 5.5 0 5.5 0" stroke="#fff" stroke-width="2.2"/>
<path d="M5 21q2.75-3 5.5 0t5.5 0 5.5 0 5.5 0" stroke="#35b8b0" stroke-width="2.2"/></svg>Tidegate</p>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""

_SIGN_IN = """{problem}<form method="post" action="/auth/login">
<input type="hidden" name="next" value="{next}">
<label for="email">Email</label>
<input id="email" name="email" type="email" autocomplete="username" required maxlength="254" value="{email}"{on_email}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required
maxlength="1024"{on_password}>
<button type="submit">Sign in</button>
</form>
{providers}{hint}"""

_PROVIDER = """<p class="provider"><a href="/auth/login/{name}?next={next}">Sign in with {label}</a></p>
"""

_SIGNED_OUT = """<p>You are signed out here.</p>
<p class="provider"><a href="{address}">Sign out at {label} too</a></p>
<p class="hint"><a href="/auth/login">Sign in again</a></p>"""

_SIGN_OUT = """<p>You will need your password to come back.</p>
<form method="post" action="/auth/logout"><button type="submit">Sign out</button></form>
<p class="hint"><a href="/">Stay signed in</a></p>"""

_DEMO_HINT = """<p class="hint">This is the demo. It printed a login for each role, for instance admin@acme.example,
and their passwords, where it was started.</p>"""


def headers() -> dict[str, str]:
    """Of every page here: nothing loads, nothing runs, nobody frames it, nothing is kept.

    The referrer stays within the origin and is not left out altogether: without one a browser would send
    ``Origin: null`` with the form.
    """
    style = b64encode(sha256(_STYLE.encode()).digest()).decode()
    return {
        "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'",
        "Cache-Control": "no-store",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


def page(title: str, body: str) -> str:
    """A page of signing in with this title and body, both HTML."""
    return _PAGE.format(title=title, style=_STYLE, body=body)


def sign_in_page(
    next_path: str,
    email: str = "",
    problem: str | None = None,
    *,
    demo: bool = False,
    providers: Sequence[tuple[str, str]] = (),
) -> str:
    """The form, and a way to each provider (name and label); with a problem it says so to eyes and screen readers, and
    keeps the address that was typed.
    """
    linked = ' aria-describedby="problem"' if problem else ""
    body = _SIGN_IN.format(
        problem=f'<p class="problem" id="problem" role="alert">{escape(problem)}</p>\n' if problem else "",
        next=escape(next_path),
        email=escape(email),
        on_email=linked if email else " autofocus" + linked,
        on_password=" autofocus" + linked if email else linked,
        providers="".join(
            _PROVIDER.format(name=escape(name), label=escape(label), next=escape(quote(next_path, safe="/")))
            for name, label in providers
        ),
        hint=_DEMO_HINT if demo else "",
    )
    return page("Sign in", body)


def sign_out_page() -> str:
    """A form that signs out; showing it changes nothing."""
    return page("Sign out", _SIGN_OUT)


def signed_out_page(label: str, address: str) -> str:
    """Said after signing out, with the way to end the provider's own session as well."""
    return page("Signed out", _SIGNED_OUT.format(label=escape(label), address=escape(address)))
