"""Where a caller stands: what its credentials and its membership come to, and in which of its spaces it is."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from auth.claims import Claim
from auth.errors import AuthError, Forbidden
from auth.principal import Principal
from auth.spaces import Space
from db.audit_records import Actor
from db.directory import Row

NOT_YOURS = "You belong to no tenant of that name."
"""The same for a tenant that does not exist and for another's: which ones exist is not told."""

MEMBERSHIP_GONE = "membership gone"
SESSION_EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Standing:
    """A caller who may go on, and when that ends if nothing happens."""

    principal: Principal
    ends_at: datetime


def placed(principal: Principal, row: Row, space: str) -> Principal:
    """The caller in the space of its credentials. Raises Forbidden where its membership does not let it be."""
    spaces = tuple(map(Space, row["spaces"]))
    if space not in spaces:
        raise Forbidden("space", f"Your membership does not let you be in the space {space}.")
    return principal.placed(Space(space), spaces)


def require_member(row: Row, slug: str | None, refusal: type[AuthError]) -> None:
    """Not a member of the tenant asked for: forbidden. Not of the credentials' own: they are worth nothing any more."""
    if row["disabled_at"] is not None:
        raise refusal("user disabled")
    if row["membership_version"] is None:
        raise Forbidden("not a member", NOT_YOURS) if slug is not None else refusal(MEMBERSHIP_GONE)


def say_whose(error: AuthError, claim: Claim, row: Row | None) -> None:
    """Note for the audit trail whose credentials they are that are refused, where they name somebody. That a session
    is over by itself is no news. Who comes for a tenant that is not theirs is on record in their own.
    """
    if row is None or (claim.session is not None and error.reason == SESSION_EXPIRED):
        return
    error.actor = Actor(row["user_id"], None, "ENTRY", credential="SESSION")
    if claim.key is not None:  # whoever has only its name is not who made it
        error.actor = Actor(None, None, "ENTRY", credential="KEY", key_name=claim.key.name)
        error.tenant_id = row["key_tenant_id"]
    elif claim.token is not None:
        error.actor.credential, error.tenant_id = "TOKEN", claim.token.tenant_id
    elif claim.slug is None:
        error.tenant_id = row["tenant_id"]


def version_of(row: Row) -> str:
    """Another text as soon as anything of it changes that a member's permissions follow from."""
    follows_from = (
        row["user_id"],
        row["user_version"],
        row["tenant_id"],
        row["membership_version"],
        *row["roles"],
        *row["role_versions"],
        *row["scopes"],
        *row["permissions"],
    )
    return hashlib.sha256("\n".join(map(str, follows_from)).encode()).hexdigest()[:16]
