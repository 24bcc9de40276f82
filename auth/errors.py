"""What this floor refuses. ``code`` is the code of the answer, the message may be shown to the caller.

AuthError
├── Unauthenticated         nobody may use these credentials: sign in again, or take a new token
│   ├── WrongPassword       no such user, or not that password: told alike
│   ├── BadSession          unknown, revoked or expired
│   ├── BadToken            malformed, forged, expired, or its user is gone
│   ├── BadKey              malformed, unknown, revoked or expired, or its maker is gone
│   ├── InvitationOver      an invitation that is not good, or not any more: told alike
│   └── BadSignature        a request of another instance that is not signed as it must be: told alike
├── Forbidden               the caller is known, and may not do this
│   ├── Elsewhere           and nothing at all from where it is
│   └── Unconfirmed         not before it has shown once more who it is
├── AmbiguousCredentials    the same kind of credential twice
├── TooManyAttempts         so many wrong passwords that the next one waits
├── ProviderFailed          a sign-in provider is away, or does not speak as it should
├── SignInBusy              too many passwords are being checked: try again in a moment
└── OperatorError           a command names what does not exist, or what exists already
"""

from db.audit_records import Actor

PROVIDER_SECONDS = 2
"""After which to try again at a provider that does not say more."""


class AuthError(Exception):
    """The root of this floor's errors. ``reason`` is a word for the log: it says more than the caller is told."""

    code = "UNAUTHENTICATED"
    message = "Sign in."

    def __init__(self, reason: str = "", message: str | None = None) -> None:
        self.message = message or self.message
        super().__init__(self.message)
        self.reason = reason
        self.user_id: str | None = None
        """Whom it is about, as far as that is known: for the audit trail."""
        self.tenant_id: str | None = None
        """Whose trail it concerns, as far as that is known."""
        self.actor: Actor | None = None
        """Who was turned away, where that is to be on record."""


class Unauthenticated(AuthError):
    """Nobody may use these credentials."""

    message = "The credentials are not valid."


class WrongPassword(Unauthenticated):
    """No such user, or not that password."""

    message = "Email or password is wrong."


class BadSession(Unauthenticated):
    """Unknown, revoked or expired."""

    message = "The session has ended. Sign in again."


class BadToken(Unauthenticated):
    """Malformed, forged, expired, or its user is gone."""

    message = "The token is not valid, or no longer."


class BadKey(Unauthenticated):
    """Malformed, unknown, revoked or expired, or its maker is gone."""

    message = "The API key is not valid, or no longer."


class InvitationOver(Unauthenticated):
    """An invitation that is not good, or not any more."""

    message = "This invitation is not good any more. Ask for another one."

    def __init__(self, reason: str, tenant_id: str | None = None) -> None:
        super().__init__(reason)
        self.tenant_id = tenant_id


class BadSignature(Unauthenticated):
    """A request of another instance that is not signed as it must be. Whose it says it is, and why it is refused, is
    for the log.
    """

    message = "The signature of this request is not valid here."

    def __init__(self, reason: str, tenant_id: str | None = None) -> None:
        super().__init__(reason)
        self.tenant_id = tenant_id
        self.peer: str | None = None
        """Whose key it names, if that is known."""
        self.key_id: str | None = None
        self.subject: str | None = None


class Forbidden(AuthError):
    """The caller is known, and may not do this."""

    code = "FORBIDDEN"
    message = "This is not allowed."


class Elsewhere(Forbidden):
    """Nothing may be done by these credentials, or in this tenant, from the caller's address."""

    message = "This may not be used from where you are."

    def __init__(self, actor: Actor, tenant_id: str) -> None:
        super().__init__("address")
        self.actor = actor
        self.tenant_id = tenant_id


class Unconfirmed(Forbidden):
    """Not before the caller has shown once more who it is."""

    message = "Show that it is you: send your password, or sign in again and come back within five minutes."


class AmbiguousCredentials(AuthError):
    """The same kind of credential twice: which one counts is not guessed."""

    code = "BAD_REQUEST"
    message = "The request carries the same kind of credential twice."


class SignInBusy(AuthError):
    """Too many passwords are being checked."""

    code = "OVERLOADED"
    message = "Too many people are signing in. Try again in a moment."


class TooManyAttempts(AuthError):
    """So many wrong passwords that the next one waits ``seconds``."""

    code = "RATE_LIMITED"

    def __init__(self, seconds: int) -> None:
        super().__init__("too many attempts", f"Too many attempts to sign in. Try again in {seconds} s.")
        self.seconds = seconds


class ProviderFailed(AuthError):
    """A sign-in provider is away, or does not speak as it should."""

    code = "OVERLOADED"
    message = "Signing in there does not work right now. Try again in a moment."

    def __init__(self, reason: str, seconds: int = 0) -> None:
        super().__init__(reason)
        self.seconds = max(seconds, PROVIDER_SECONDS)
        """When to try again."""


class OperatorError(AuthError):
    """A command names what does not exist, or what exists already."""

    code = "BAD_USER_INPUT"
    message = "That cannot be done."
