"""Where a request comes from, and whether it may come in from there: by the deployment's settings, before all else.

Behind proxies the connection comes from the nearest of them. Each adds the address that it was called from to the end
of X-Forwarded-For. So with n proxies the n-th from the right is the caller, as the outermost proxy saw it, and what
stands further left anybody can have written. Fewer than n: it came another way, from an address that is not known.
"""

from dataclasses import replace
from typing import Any

from starlette.datastructures import State
from starlette.types import Scope

from auth.addresses import EVERYTHING, AddressList, is_open, place_of, plain_address
from auth.errors import AuthError
from auth.records import note
from db.audit_records import Actor, AuditRecord, Outcome
from web.hosts import ALWAYS_OPEN
from web.settings import Settings

_FORWARDED = b"x-forwarded-for"
_LONGEST = 60
"""Characters that an address and a port take at most, in brackets."""


class Entry:
    """Made only where the settings ask for it (``entry_of``): everybody else pays nothing for it."""

    def __init__(self, state: State, proxies: int, lists: tuple[AddressList, ...]) -> None:
        self._state = state
        self._proxies = proxies
        self._lists = lists

    def admits(self, scope: Scope) -> bool:
        """Whether the request may come in. From now on ``scope["client"]`` is the caller, behind however many proxies;
        None for one whose address is not known.
        """
        if self._proxies:
            scope["client"] = _caller(scope, self._proxies)
        if not self._lists or scope["path"] in ALWAYS_OPEN:
            return True
        address = address_of(scope)
        if is_open(self._lists, address):
            return True
        actor = Actor(None, scope["state"]["request_id"], "ENTRY", address=place_of(address))
        self._state.audit.note(_record(self._state, None, actor, "address"))
        return False


def entry_of(settings: Settings, state: State) -> Entry | None:
    """None where every request comes as itself, from anywhere."""
    lists = tuple(each.as_list for each in settings.address_lists if each.permission == EVERYTHING)
    if settings.trusted_proxies == 0 and not lists:
        return None
    return Entry(state, settings.trusted_proxies, lists)


def address_of(scope: Scope) -> str | None:
    """Where a request comes from."""
    client: tuple[str, int] | None = scope.get("client")
    return None if client is None else client[0]


def note_refusal(scope: Scope, error: AuthError, actor: Actor) -> None:
    """Have it put on record that somebody came by credentials that are worth nothing, or not from there."""
    told = replace(actor, request_id=scope["state"]["request_id"], address=note(address_of(scope)))
    state: Any = scope["app"].state  # Any: what the application keeps
    state.audit.note(_record(state, error.tenant_id, told, error.reason))


def _record(state: Any, tenant_id: str | None, actor: Actor, reason: str) -> AuditRecord:  # Any: as above
    now = state.authenticator.clock()
    return AuditRecord(tenant_id, actor, now, "enter", Outcome.DENIED, changes={"reason": [None, reason]})


def _caller(scope: Scope, proxies: int) -> tuple[str, int] | None:
    fields = b",".join(value for name, value in scope["headers"] if name == _FORWARDED)
    told = fields.split(b",")
    address = _plain(told[-proxies].decode("latin-1")) if len(told) >= proxies else None
    return None if address is None else (address, 0)


def _plain(text: str) -> str | None:
    """The address that a proxy wrote, perhaps with a port: ``203.0.113.9:4711``, ``[2001:db8::9]:4711``."""
    text = text.strip()
    if len(text) > _LONGEST:
        return None
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    address = plain_address(text)
    return None if address is None else str(address)
