"""Making, listing, rotating and revoking API keys: what an operator's command and a mutation both do.

Each change is on record by whom it is; without an actor an operator does it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from auth.addresses import checked_networks
from auth.api_keys import NAME, checked_grants, make_key, name_of
from auth.document_policy import DocumentPolicy
from auth.errors import OperatorError
from auth.permissions import PermissionSet
from auth.records import by_operator
from auth.spaces import USUAL, Space
from db.api_keys import MOST
from db.audit_records import Actor, AuditRecord, Outcome
from db.clock import Clock, utc_now
from db.directory import Directory, Row

LONGEST_DAYS = 1_825
LONGEST_OVERLAP = timedelta(days=30)
LONGEST_LABEL = 100


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a key is to be. ``networks`` empty: usable from anywhere."""

    label: str
    permissions: tuple[str, ...]
    networks: tuple[str, ...] = ()
    days: int = 365
    space: Space = USUAL
    documents: DocumentPolicy = DocumentPolicy.AD_HOC


@dataclass(frozen=True, slots=True)
class MadeKey:
    """``text`` is the key itself: shown now and never again."""

    text: str
    name: str
    expires_at: datetime


async def create_key(
    directory: Directory,
    tenant_id: str,
    maker_id: str,
    held: PermissionSet,
    new: NewKey,
    clock: Clock = utc_now,
    *,
    actor: Actor | None = None,
) -> MadeKey:
    """A key of the tenant with at most what its maker has (``held``). Raises OperatorError."""
    label = new.label.strip()
    if not 1 <= len(label) <= LONGEST_LABEL or not label.isprintable():
        raise OperatorError("label", f"A key is called by 1 to {LONGEST_LABEL} printable characters.")
    expires_at = _end_of(new.days, clock)
    permissions, networks = checked_grants(new.permissions, held), checked_networks(new.networks)
    text, name, secret_hash = make_key()
    said = {"label": label, "permissions": permissions, "networks": networks, "space": new.space.value}
    said["documents"] = new.documents.name
    told = {**said, "expires_at": expires_at.isoformat()}
    record = _record(tenant_id, actor, clock, "createApiKey", name, {each: [None, told[each]] for each in told})
    secret = {"secret_hash": secret_hash, "maker_id": maker_id, "expires_at": expires_at}
    if not await directory.api_keys.create(tenant_id, name, record=record, **said, **secret):
        raise OperatorError("too many", f"A tenant has at most {MOST} keys that are good.")
    return MadeKey(text, name, expires_at)


async def rotate_key(
    directory: Directory,
    tenant_id: str,
    name: str,
    overlap: timedelta,
    days: int = 365,
    clock: Clock = utc_now,
    *,
    maker_id: str | None = None,
    actor: Actor | None = None,
) -> MadeKey:
    """A new key like the old one, which goes on for ``overlap`` and then ends. Its maker is the old one's, unless it
    is another's from now on. Raises OperatorError.
    """
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise OperatorError("overlap", f"The old key goes on for at most {LONGEST_OVERLAP.days} days.")
    expires_at = _end_of(days, clock)
    old = await living_key(directory, tenant_id, name, clock)
    text, new_name, secret_hash = make_key()
    ends = min(old["expires_at"], clock() + overlap)
    changes = {"expires_at": [old["expires_at"].isoformat(), ends.isoformat()], "replaced_by": [None, new_name]}
    rotated = await directory.api_keys.rotate(
        tenant_id,
        old["name"],
        ends,
        record=_record(tenant_id, actor, clock, "rotateApiKey", old["name"], changes),
        new_name=new_name,
        secret_hash=secret_hash,
        maker_id=maker_id or old["maker_id"],
        expires_at=expires_at,
    )
    if not rotated:
        raise OperatorError("too many", "It ended just now, or the tenant has too many keys.")
    return MadeKey(text, new_name, expires_at)


async def living_key(directory: Directory, tenant_id: str, name: str, clock: Clock = utc_now) -> Row:
    """The tenant's key of that name, if it is good. Raises OperatorError."""
    row = await directory.api_keys.by_name(tenant_id, _checked_name(name))
    if row is None or row["revoked_at"] is not None or clock() >= row["expires_at"]:
        raise _no_such_key(name)
    return row


async def revoke_key(
    directory: Directory, tenant_id: str, name: str, clock: Clock = utc_now, actor: Actor | None = None
) -> None:
    """It ends at once, and its streams with it. Raises OperatorError."""
    record = _record(tenant_id, actor, clock, "revokeApiKey", _checked_name(name), {"revoked": [False, True]})
    if not await directory.api_keys.revoke(tenant_id, _checked_name(name), record=record):
        raise _no_such_key(name)


async def bind_key(
    directory: Directory, tenant_id: str, name: str, documents: DocumentPolicy, clock: Clock = utc_now
) -> None:
    """Let a key run these documents and no others: from the next request on, and on open streams. Raises
    OperatorError.
    """
    old = await living_key(directory, tenant_id, name, clock)
    changes = {"documents": [old["documents"], documents.name]}
    record = _record(tenant_id, None, clock, "bindApiKey", old["name"], changes)
    if not await directory.api_keys.bind(tenant_id, old["name"], documents.name, record=record):
        raise _no_such_key(name)


async def list_keys(directory: Directory, tenant_id: str, prefix: str = "") -> list[Row]:
    """The tenant's keys whose name begins so, the newest first; a whole key is cut to its name."""
    return await directory.api_keys.of_tenant(tenant_id, name_of(prefix))


def _record(
    tenant_id: str, actor: Actor | None, clock: Clock, action: str, name: str, changes: Mapping[str, object]
) -> AuditRecord:
    return AuditRecord(tenant_id, actor or by_operator(), clock(), action, Outcome.ALLOWED, "key", name, changes)


def _end_of(days: int, clock: Clock) -> datetime:
    if not 1 <= days <= LONGEST_DAYS:
        raise OperatorError("days", f"A key lives for 1 to {LONGEST_DAYS} days.")
    return clock() + timedelta(days=days)


def _checked_name(name: str) -> str:
    """Raises OperatorError for what no key is called."""
    if not NAME.fullmatch(name_of(name)):
        raise _no_such_key(name)
    return name_of(name)


def _no_such_key(name: str) -> OperatorError:
    """Of a whole key no more is repeated than its name."""
    return OperatorError("no such key", f"There is no living key {name_of(name)!r}.")
