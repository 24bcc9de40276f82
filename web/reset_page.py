"""The page for a new password: plain HTML that needs no script."""

from html import escape

from auth.password_rules import LONGEST, SHORTEST
from web.sign_in_page import page

_FORM = """{problem}<form method="post" action="/auth/reset">
<input type="hidden" name="token" value="{token}">
<label for="password">New password</label>
<input id="password" name="password" type="password" autocomplete="new-password" required autofocus
minlength="{shortest}" maxlength="{longest}" aria-describedby="{described}">
<label for="again">The same again</label>
<input id="again" name="again" type="password" autocomplete="new-password" required maxlength="{longest}">
<button type="submit">Set the password</button>
</form>
<p class="hint" id="rules">At least {shortest} characters: some words that do not belong together are a good password.
You are signed out everywhere.</p>"""


def reset_page(token: str, problem: str | None = None) -> str:
    """The form; with a problem it says so to eyes and screen readers."""
    return page(
        "A new password",
        _FORM.format(
            problem=f'<p class="problem" id="problem" role="alert">{escape(problem)}</p>\n' if problem else "",
            token=escape(token[:200]),
            shortest=SHORTEST,
            longest=LONGEST,
            described="problem rules" if problem else "rules",
        ),
    )
