"""From a provider's word to a user of ours and a session.

1. An identity that is linked (issuer and subject) is that user, whatever its email says today.
2. A *verified* email that is a user's links the two, once. An unverified one links nothing: anybody can claim it.
3. Otherwise a rule of the configuration may make a new user and member. Without one there is no way in.

A rule makes a membership, and never changes one.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from auth.emails import normal_email
from auth.errors import BadSession, Forbidden
from auth.providers import JoinRule, Provider
from auth.sessions import Lifetimes, Visitor, hash_of, new_secret
from auth.sign_in import NOBODY_KNOWN, SignedIn, note
from auth.signatures import Claims
from db.directory import Directory, Row
from db.errors import BadValue, Duplicate

NOT_KNOWN = "Nobody here is known by that sign-in. Ask whoever runs your tenant to add you."
_LONGEST_NAME = 200


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
    user, memberships = await known_here(directory, provider.issuer, provider.join, claims)
    if not memberships:
        raise Forbidden("no membership", "You belong to no tenant yet. Ask whoever runs yours to add you.")
    secret, tenant, sid = new_secret(), memberships[0], claims.get("sid")
    expires_at = now + lifetimes.absolute
    created = await directory.sessions.create(
        hash_of(secret) or b"",
        user,
        tenant["tenant_id"],
        expires_at,
        note(visitor.user_agent),
        note(visitor.address),
        request_id=visitor.request_id,
    )
    if created is None:
        raise BadSession("user changed meanwhile")
    await directory.links.vouch(hash_of(secret) or b"", provider.issuer, sid if isinstance(sid, str) else None)
    return SignedIn(secret, expires_at, user, tenant)


async def known_here(
    directory: Directory, issuer: str, join: Sequence[JoinRule], claims: Claims
) -> tuple[Row, list[Row]]:
    """The user of ours whom the verified claims are about, and its memberships by slug. Raises Forbidden."""
    email = _verified_email(claims)
    rule = next((rule for rule in join if email is not None and rule.fits(email, claims)), None)
    user = await _user_of(directory, (issuer, claims["sub"]), claims, email, rule)
    if user["disabled_at"] is not None:
        raise Forbidden("user disabled", NOT_KNOWN)
    memberships = await directory.memberships_of(user["id"])
    if rule is not None and all(each["slug"] != rule.tenant for each in memberships):
        tenant_id = await _tenant_of(directory, rule)
        await directory.links.join(tenant_id, user["id"], rule.role)
        memberships = await directory.memberships_of(user["id"])
    return user, memberships


async def _user_of(
    directory: Directory, identity: tuple[str, str], claims: Claims, email: str | None, rule: JoinRule | None
) -> Row:
    issuer, subject = identity
    for _ in range(2):
        known = await directory.links.user(issuer, subject)
        if known is not None:
            return known
        if email is None:
            raise Forbidden("unlinked identity without a verified email", NOT_KNOWN)
        user = await directory.user_by_email(email)
        if user is not None and user["disabled_at"] is None:
            await directory.links.link(issuer, subject, user["id"])
        elif user is None and rule is not None:
            await _create(directory, claims, email, rule, identity)
        else:
            raise Forbidden("unknown user and no rule", NOT_KNOWN)
        # Somebody may have linked it at the same moment: whoever was first is asked for.
    found = await directory.links.user(issuer, subject)
    if found is None:
        raise Forbidden("linked to another user meanwhile", NOT_KNOWN)
    return found


async def _create(directory: Directory, claims: Claims, email: str, rule: JoinRule, identity: tuple[str, str]) -> None:
    tenant_id = await _tenant_of(directory, rule)
    try:
        await directory.links.create(*identity, email, _name(claims, email), (tenant_id, rule.role))
    except Duplicate:
        return  # the same person in another window
    except BadValue:
        raise Forbidden("a rule names a role that does not exist", NOT_KNOWN) from None


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


def _name(claims: dict[str, Any], email: str) -> str:  # Any: JSON
    name = claims.get("name")
    shown = "".join(filter(str.isprintable, name)).strip() if isinstance(name, str) else ""
    return shown[:_LONGEST_NAME] or email.partition("@")[0]
