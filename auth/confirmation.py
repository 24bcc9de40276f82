"""Whether a person is there, and not only a browser that somebody signed in: asked before a session gets more rights.

Either of two shows it: the password, now; or a sign-in that began this very session no longer than ``FRESH`` ago. For a
sign-in at a provider that is the time when the provider itself asked (``auth_time``): one that says nothing of it may
have let an older sign-in count.
"""

from datetime import datetime, timedelta

from auth.brakes import Brakes
from auth.errors import Unconfirmed, WrongPassword
from auth.passwords import Passwords
from auth.principal import Principal
from auth.sign_in import by_password
from db.directory import Directory

FRESH = timedelta(minutes=5)


class Confirmation:
    """One a process. Wrong passwords count as those of signing in do."""

    def __init__(self, directory: Directory, passwords: Passwords, brakes: Brakes) -> None:
        self._directory = directory
        self._passwords = passwords
        self._brakes = brakes

    async def confirm(self, principal: Principal, password: str | None, address: str | None, now: datetime) -> None:
        """Raises Unconfirmed for no password long after signing in; WrongPassword, TooManyAttempts, SignInBusy."""
        if password is None:
            if principal.signed_in_at is None or now - principal.signed_in_at > FRESH:
                raise Unconfirmed("signed in too long ago")
            return
        whom = principal.email, password
        try:
            await by_password(self._directory, self._passwords, *whom, brakes=self._brakes, address=address)
        except WrongPassword as error:
            raise WrongPassword(error.reason, "The password is wrong.") from None
