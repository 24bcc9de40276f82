"""Whose signed tokens we take as bearer credentials, as configuration.

A token says who somebody is and until when. What that person may do here follows from memberships of ours; a claim
counts for a role only where a rule of ``join`` maps it, and for a tenant only where the person is a member.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from auth.providers import Algorithm, JoinRule, is_safe_address


class Issuer(BaseModel):
    """One issuer of access tokens (RFC 9068, or any JWT with ``iss``, ``sub``, ``aud`` and ``exp``)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    issuer: str
    audience: Annotated[str, Field(min_length=1)]
    """What a token must be meant for: us, as the issuer calls us."""
    jwks_uri: str | None = None
    """Where its keys are; without it, where its discovery document says."""
    algorithms: tuple[Algorithm, ...] = ("RS256", "PS256", "ES256", "EdDSA")
    leeway_seconds: Annotated[int, Field(ge=0, le=120)] = 30
    """How far the issuer's clock may be off."""
    tenant_claim: str | None = None
    """The claim that names, by slug, the one tenant that a token is for."""
    join: tuple[JoinRule, ...] = ()

    @field_validator("issuer", "jwks_uri")
    @classmethod
    def _check_address(cls, value: str | None) -> str | None:
        if value is not None and not is_safe_address(value):
            raise ValueError("an issuer and its keys are at https:// addresses")
        return value
