"""Changing from where a tenant may be used: what an operator's command and a mutation both do."""

from collections.abc import Sequence
from dataclasses import dataclass

from auth.addresses import EVERYTHING, checked_networks
from auth.errors import OperatorError
from auth.permissions import is_known
from auth.records import by_operator
from db.audit_records import Actor, AuditRecord, Outcome
from db.clock import Clock, utc_now
from db.directory import Directory

MOST_LISTS = 20
Lists = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class NewList:
    """A grant (``*`` for everything), and the networks in CIDR form that it is to count from; none: anywhere."""

    grant: str
    networks: tuple[str, ...]


def checked_list(grant: str, networks: Sequence[str], known: Lists) -> NewList:
    """A list that a tenant with the ``known`` ones may have. Raises OperatorError."""
    if grant != EVERYTHING and not is_known(grant):
        raise OperatorError("permission", f"There is no permission {grant[:40]!r}.")
    if networks and grant not in known and len(known) >= MOST_LISTS:
        raise OperatorError("too many", f"A tenant has at most {MOST_LISTS} lists.")
    return NewList(grant, tuple(checked_networks(networks)))


async def put_list(
    directory: Directory,
    tenant_id: str,
    new: NewList,
    before: Lists,
    clock: Clock = utc_now,
    actor: Actor | None = None,
) -> Lists:
    """Bind the grant to its networks, on record, from the next request on and on open streams. Without an actor an
    operator does it. Answers all lists of the tenant.
    """
    changes = {new.grant: [before.get(new.grant), list(new.networks) or None]}
    who = actor or by_operator()
    record = AuditRecord(tenant_id, who, clock(), "setAddressList", Outcome.ALLOWED, "addressList", new.grant, changes)
    return await directory.address_lists.put(tenant_id, new.grant, new.networks, record=record)
