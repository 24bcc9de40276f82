"""From a provider's word to a user of ours and a session.

1. An identity that is linked (issuer and subject) is that user, whatever its email says today.
2. A *verified* email that is a user's links the two, once. An unverified one links nothing: anybody can claim it.
3. Otherwise a rule of the configuration may make a new user and member. Without one there is no way in.

A rule makes a membership, and never changes one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from auth.emails import normal_email
from auth.errors import BadSession, Forbidden
from auth.providers import JoinRule, Provider
from auth.records import by_visitor, change_of_member, change_of_user
from auth.sessions import NOBODY_KNOWN, Lifetimes, Visitor, hash_of
from auth.sign_in import SignedIn, begin_session
from auth.signatures import Claims, name_in
from db.audit_records import AuditRecord
from db.directory import Directory, Row
from db.errors import BadValue, Duplicate
from db.ids import new_id

NOT_KNOWN = "Nobody here is known by that sign-in. Ask whoever runs your tenant to add you."
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Arrival:
    """Whom a provider or an issuer vouches for, when, and what the request says of itself."""

    issuer: str
    claims: Claims
    now: datetime
    visitor: Visitor = NOBODY_KNOWN


_LEEWAY_SECONDS = 60


async def sign_in_as(
    directory: Directory,
    provider: Provider,
    claims: Claims,
    now: datetime,
    *,
    lifetimes: Lifetimes,
    visitor: Visitor = NOBODY_KNOWN,
) -> SignedIn:
    """A new session for whom the provider vouches for. Raises Forbidden, BadSession."""
    user, memberships = await known_here(directory, Arrival(provider.issuer, claims, now, visitor), provider.join)
    signed_in = await begin_session(directory, user, memberships, now, lifetimes, visitor)
    if signed_in is None:
        raise BadSession("user changed meanwhile")
    vouched = provider.issuer, name_in(claims, "sid"), _authenticated_at(claims, now)
    await directory.links.vouch(hash_of(signed_in.secret) or b"", *vouched)
    return signed_in


async def known_here(directory: Directory, arrival: Arrival, join: Sequence[JoinRule]) -> tuple[Row, list[Row]]:
    """The user of ours whom the verified claims are about, and its memberships by slug. Raises Forbidden."""
    email = _verified_email(arrival.claims)
    rule = next((rule for rule in join if email is not None and rule.fits(email, arrival.claims)), None)
    user = await _user_of(directory, arrival, email, rule)
    if user["disabled_at"] is not None:
        raise Forbidden("user disabled", NOT_KNOWN)
    memberships = await directory.memberships_of(user["id"])
    if rule is not None and all(each["slug"] != rule.tenant for each in memberships):
        tenant_id = await _tenant_of(directory, rule)
        record = _joined(arrival, tenant_id, user["id"], rule)
        await directory.links.join(tenant_id, user["id"], rule.role, record=record)
        memberships = await directory.memberships_of(user["id"])
    return user, memberships


async def _user_of(directory: Directory, arrival: Arrival, email: str | None, rule: JoinRule | None) -> Row:
    issuer, subject = arrival.issuer, arrival.claims["sub"]
    for _ in range(2):
        known = await directory.links.user(issuer, subject)
        if known is not None:
            return known
        if email is None:
            raise Forbidden("unlinked identity without a verified email", NOT_KNOWN)
        user = await directory.user_by_email(email)
        if user is not None and user["disabled_at"] is None:
            who = by_visitor(user["id"], arrival.visitor)
            record = change_of_user(user["id"], who, arrival.now, "linkProvider", {"issuer": [None, issuer]})
            await directory.links.link(issuer, subject, user["id"], record=record)
        elif user is None and rule is not None:
            await _create(directory, arrival, email, rule)
        else:
            raise Forbidden("unknown user and no rule", NOT_KNOWN)
        # Somebody may have linked it at the same moment: whoever was first is asked for.
    found = await directory.links.user(issuer, subject)
    if found is None:
        raise Forbidden("linked to another user meanwhile", NOT_KNOWN)
    return found


async def _create(directory: Directory, arrival: Arrival, email: str, rule: JoinRule) -> None:
    tenant_id, name = await _tenant_of(directory, rule), _name(arrival.claims, email)
    identity, record = (arrival.issuer, arrival.claims["sub"]), _joined(arrival, tenant_id, new_id(), rule)
    try:
        await directory.links.create(*identity, email, name, (tenant_id, rule.role), record=record)
    except Duplicate:
        return  # the same person in another window
    except BadValue:
        raise Forbidden("a rule names a role that does not exist", NOT_KNOWN) from None


def _joined(arrival: Arrival, tenant_id: str, user_id: str, rule: JoinRule) -> AuditRecord:
    who = by_visitor(user_id, arrival.visitor)
    return change_of_member(tenant_id, user_id, who, arrival.now, "joinByRule", {"roles": [None, [rule.role]]})


async def _tenant_of(directory: Directory, rule: JoinRule) -> str:
    tenant = await directory.tenant_by_slug(rule.tenant)
    if tenant is None:
        raise Forbidden("a rule names a tenant that does not exist", NOT_KNOWN)
    return str(tenant["id"])


def _verified_email(claims: Claims) -> str | None:
    """The address, where the provider vouches for it. Only in plain ASCII: look-alikes of other scripts link nobody."""
    email = claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(email, str) or not email.isascii():
        return None
    return normal_email(email)


def _authenticated_at(claims: Claims, now: datetime) -> datetime | None:
    """When the provider last asked the person who they are; None where it does not say."""
    said = claims.get("auth_time")
    if isinstance(said, bool) or not isinstance(said, (int, float)):
        return None
    if not 0 <= said <= now.timestamp() + _LEEWAY_SECONDS:
        return None
    return min(now, datetime.fromtimestamp(said, UTC))


def _name(claims: dict[str, Any], email: str) -> str:  # Any: JSON
    name = claims.get("name")
    shown = "".join(filter(str.isprintable, name)).strip() if isinstance(name, str) else ""
    return shown[:_LONGEST_NAME] or email.partition("@")[0]
