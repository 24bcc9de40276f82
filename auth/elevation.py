"""Elevation: rights beyond those of one's roles, for some minutes, for a reason that goes on record.

Theory of operation
- What somebody may be elevated to is data: each role names it beside what it grants (``roles.elevatable``).
- Whoever asks has to be there: by the password, or by a sign-in within the last minutes (``auth/confirmation.py``).
- It is a part of the session, which gets a new secret with it: streams of the old one end and come back by the new one.
- It ends by itself, with the session, with the tenant that the session speaks for, or by hand; and as soon as no role
  of the person lets it be any more. Open streams lose the rights in the same moment.
- Nothing of it can be handed on (``auth/granting.py``): not in a role, not in a key.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from auth.api_keys import narrowed
from auth.errors import Forbidden
from auth.permissions import PermissionSet, is_known
from auth.principal import Elevation, Principal
from auth.records import change_of_session
from auth.session_desk import NO_SESSION, rotate_session
from auth.sessions import Rotation
from db.audit_records import Actor
from db.directory import Directory, Row
from db.ids import new_id
from db.rotations import NO_ELEVATION

USUAL_MINUTES, LONGEST_MINUTES = 15, 60
MOST_SCOPES = 20
LONGEST_REASON = 500
Fault = tuple[str, str, str]
"""A code, a sentence, and which part of what was asked for is wrong."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks for."""

    scopes: tuple[str, ...]
    reason: str
    minutes: int


def elevated(principal: Principal, row: Row, now: datetime) -> Principal:
    """The caller with what its session's row says of an elevation, as far as that counts now."""
    until = row["elevated_until"]
    if until is None or now >= until or row["elevation_tenant_id"] != principal.tenant.hex:
        return principal
    grants = narrowed(row["elevation_scopes"], PermissionSet.of(principal.elevatable))
    if not grants:
        return principal
    usual = principal.permissions
    told = f"{principal.permissions_version} {row['elevation_id']} {sorted(grants)}"
    return replace(
        principal,
        permissions=replace(usual, grants=usual.grants | grants),
        permissions_version=hashlib.sha256(told.encode()).hexdigest()[:16],
        elevation=Elevation(row["elevation_id"], grants, until, usual),
    )


def elevation_faults(principal: Principal, wanted: Wanted) -> list[Fault]:
    """What is wrong with it, before anybody shows who they are."""
    faults = [*_scope_faults(principal, wanted.scopes), *reason_faults(wanted.reason, "reason")]
    if not 1 <= wanted.minutes <= LONGEST_MINUTES:
        faults.append(("OUT_OF_RANGE", f"It lasts from 1 to {LONGEST_MINUTES} minutes.", "minutes"))
    return faults


def reason_faults(text: str, part: str) -> list[Fault]:
    """Why a reason is none that the audit trail can tell."""
    if not text.strip():
        return [("REQUIRED", "Say why: it goes on record.", part)]
    if len(text) > LONGEST_REASON:
        return [("TOO_LONG", f"At most {LONGEST_REASON} characters.", part)]
    return [] if text.isprintable() else [("INVALID", "Printable characters, on one line.", part)]


async def elevate(
    directory: Directory, principal: Principal, wanted: Wanted, actor: Actor, now: datetime
) -> tuple[str, Elevation]:
    """Elevate the principal's session, in place of what it was elevated to before: its new secret. The rest was asked
    already. Raises what ``rotate_session`` raises.
    """
    elevation = Elevation(
        new_id(), frozenset(wanted.scopes), now + timedelta(minutes=wanted.minutes), principal.lasting
    )
    actor.elevation_id = elevation.id
    said = {"scopes": sorted(elevation.grants), "reason": wanted.reason.strip(), "until": elevation.until.isoformat()}
    columns = {
        **NO_ELEVATION,
        "elevation_id": elevation.id,
        "elevation_tenant_id": principal.tenant.hex,
        "elevation_scopes": sorted(elevation.grants),
        "elevated_until": elevation.until,
    }
    record = change_of_session(principal, actor, now, "elevate", {name: [None, value] for name, value in said.items()})
    secret = await rotate_session(directory, principal, Rotation.PRIVILEGE, columns, record)
    return secret, elevation


async def end_elevation(directory: Directory, principal: Principal, actor: Actor, now: datetime) -> Elevation | None:
    """Give up what the session was elevated to, as it was; None for nothing. Raises Forbidden without a session."""
    if principal.session_key is None:
        raise Forbidden("no session", NO_SESSION)
    elevation = principal.elevation
    if elevation is None:
        return None
    changes = {"scopes": [sorted(elevation.grants), None]}
    record = change_of_session(principal, actor, now, "endElevation", changes)
    ended = await directory.sessions.lower(bytes.fromhex(principal.session_key), elevation.id, record=record)
    return elevation if ended else None


def _scope_faults(principal: Principal, scopes: Sequence[str]) -> list[Fault]:
    if not scopes:
        return [("REQUIRED", "Name the permissions that you need.", "scopes")]
    if len(scopes) > MOST_SCOPES:
        return [("TOO_MANY", f"At most {MOST_SCOPES} permissions at once.", "scopes")]
    unknown = [scope[:40] for scope in scopes if not is_known(scope)]
    if unknown:
        return [("INVALID", f"There is no permission {unknown[0]!r}.", "scopes")]
    allowed = PermissionSet.of(principal.elevatable)
    beyond = [scope for scope in scopes if not allowed.covers(scope)]
    return [("BEYOND_YOURS", f"Your roles do not let you be elevated to {beyond[0]}.", "scopes")] if beyond else []
