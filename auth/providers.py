"""Whom we let vouch for people: OpenID providers and what membership they bring, as configuration.

A provider says who somebody is. What that person may do here follows from memberships of ours; a provider's claim
counts for a role only where a rule below maps it.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
"""Signatures by a provider's private key. Never an HMAC: its key would be one that both sides know."""
CALLBACK_PATH = "/auth/callback/"


class JoinRule(BaseModel):
    """Somebody new who fits becomes a member: by the domain of a verified email, or by a claim that holds a value."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    tenant: str
    role: str
    domain: str | None = None
    claim: str | None = None
    value: str | None = None

    @model_validator(mode="after")
    def _check(self) -> "JoinRule":
        by_claim = self.claim is not None and self.value is not None
        if (self.domain is not None) == by_claim or (self.claim is None) != (self.value is None):
            raise ValueError("a rule has either a domain, or a claim and its value")
        return self

    def fits(self, email: str, claims: Mapping[str, Any]) -> bool:  # Any: JSON
        """Whether it is about this person. ``email`` is verified and in lower case."""
        if self.domain is not None:
            return email.rpartition("@")[2] == self.domain.lower()
        held = claims.get(self.claim or "")
        return self.value in held if isinstance(held, list) else held == self.value


class Provider(BaseModel):
    """One OpenID provider. ``name`` stands in our addresses, ``label`` on the button."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    label: Annotated[str, Field(min_length=1, max_length=60)]
    issuer: str
    client_id: Annotated[str, Field(min_length=1)]
    client_secret: Annotated[str | None, Field(repr=False)] = None
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    algorithms: tuple[Algorithm, ...] = ("RS256", "PS256", "ES256", "EdDSA")
    join: tuple[JoinRule, ...] = ()

    @field_validator("issuer")
    @classmethod
    def _check_issuer(cls, value: str) -> str:
        if not is_safe_address(value) or urlsplit(value).query or urlsplit(value).fragment:
            raise ValueError("an issuer is an https:// address without query")
        return value


def is_safe_address(url: str) -> bool:
    """Whether secrets may be sent there: over TLS, or to this machine (for tests and the demo)."""
    try:
        parts = urlsplit(url)
        loopback = parts.hostname in {"127.0.0.1", "::1", "localhost"}
    except ValueError:
        return False
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and loopback))
