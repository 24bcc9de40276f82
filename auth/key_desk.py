"""Making, listing, rotating and revoking API keys: what an operator's command and a mutation both do."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from auth.api_keys import PREFIX, checked_grants, checked_networks, make_key
from auth.errors import OperatorError
from auth.permissions import PermissionSet
from auth.spaces import USUAL, Space
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


@dataclass(frozen=True, slots=True)
class MadeKey:
    """``text`` is the key itself: shown now and never again."""

    text: str
    name: str
    expires_at: datetime


async def create_key(
    directory: Directory, tenant_id: str, maker_id: str, held: PermissionSet, new: NewKey, clock: Clock = utc_now
) -> MadeKey:
    """A key of the tenant with at most what its maker has (``held``). Raises OperatorError."""
    label = new.label.strip()
    if not 1 <= len(label) <= LONGEST_LABEL or not label.isprintable():
        raise OperatorError("label", f"A key is called by 1 to {LONGEST_LABEL} printable characters.")
    if not 1 <= new.days <= LONGEST_DAYS:
        raise OperatorError("days", f"A key lives for 1 to {LONGEST_DAYS} days.")
    permissions, networks = checked_grants(new.permissions, held), checked_networks(new.networks)
    text, name, secret_hash = make_key()
    expires_at = clock() + timedelta(days=new.days)
    await directory.api_keys.create(
        name,
        secret_hash,
        tenant_id=tenant_id,
        maker_id=maker_id,
        label=label,
        permissions=permissions,
        networks=networks,
        space=new.space,
        expires_at=expires_at,
    )
    return MadeKey(text, name, expires_at)


async def rotate_key(
    directory: Directory, tenant_id: str, name: str, overlap: timedelta, days: int = 365, clock: Clock = utc_now
) -> MadeKey:
    """A new key like the old one, which goes on for ``overlap`` and then ends. Raises OperatorError."""
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise OperatorError("overlap", f"The old key goes on for at most {LONGEST_OVERLAP.days} days.")
    if not 1 <= days <= LONGEST_DAYS:
        raise OperatorError("days", f"A key lives for 1 to {LONGEST_DAYS} days.")
    old = await directory.api_keys.end_by(tenant_id, name, clock() + overlap)
    if old is None:
        raise OperatorError("no such key", f"There is no living key {name[:40]!r}.")
    text, new_name, secret_hash = make_key()
    expires_at = clock() + timedelta(days=days)
    await directory.api_keys.create(
        new_name,
        secret_hash,
        tenant_id=tenant_id,
        maker_id=old["maker_id"],
        label=old["label"],
        permissions=old["permissions"],
        networks=old["networks"],
        space=old["space"],
        expires_at=expires_at,
    )
    return MadeKey(text, new_name, expires_at)


async def revoke_key(directory: Directory, tenant_id: str, name: str) -> None:
    """It ends at once, and its streams with it. Raises OperatorError."""
    if not await directory.api_keys.revoke(tenant_id, name):
        raise OperatorError("no such key", f"There is no living key {name[:40]!r}.")


async def list_keys(directory: Directory, tenant_id: str, prefix: str = "") -> list[Row]:
    """The tenant's keys whose name begins so, the newest first; a whole key is cut to its name."""
    return await directory.api_keys.of_tenant(tenant_id, prefix[: len(PREFIX) + 12])
