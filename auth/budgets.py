"""Budgets: how much a caller may use in a minute, in units of cost, and whose account it goes to.

Each request goes to up to three accounts, its *buckets* (``db/buckets.py``): its tenant's; its user's in that tenant,
or its key's, for what comes by an API key or from a peer is no person's doing; and that of the address it comes from.
What it may cost is taken before it runs, what it did not cost is given back.

While a caller is far from the end of every bucket it runs a *tab*: for a moment what it uses is only added up, and the
buckets hear of it all at once. So most requests ask nobody, wherever the buckets are kept.
"""

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from math import inf
from time import monotonic
from typing import Any

from auth.addresses import place_of
from auth.principal import Principal
from db.buckets import Allowance, Bucket, Buckets, Taken

WINDOW_SECONDS = 60
LOT = 100
"""Units that a stream runs up before they are charged."""
TAB_SECONDS, TAB_SHARE = 0.05, 1_000
"""For how long a tab runs, and up to which part of the caller's smallest bucket, while all of them are half full."""


class Account(StrEnum):
    """Whose budget it is."""

    TENANT = "tenant"
    USER = "user"
    KEY = "key"
    ADDRESS = "address"


class Ledger:
    """Units that a process took of buckets and gave back, each by whose bucket it was. Neither ever shrinks."""

    __slots__ = ("returned", "taken")

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        self.returned: Counter[str] = Counter()

    def note(self, buckets: tuple[Bucket, ...], units: int) -> None:
        """So much was taken of each; negative: given back."""
        column = self.taken if units > 0 else self.returned
        for bucket in buckets:
            column[bucket.allowance.kind] += abs(units)


class Tab:
    """What all with the same buckets use, before the buckets hear of it, and the ledger with them."""

    __slots__ = ("_ledger", "_most", "_store", "_until", "buckets", "fields", "taken", "used")

    def __init__(self, buckets: tuple[Bucket, ...], store: Buckets, ledger: Ledger) -> None:
        self.buckets = buckets
        self.taken = Taken(())
        """How the buckets stood last."""
        self.used = 0
        """What they have not heard of yet."""
        self.fields: Any = None  # Any: whatever it is that tells callers how the buckets stand
        """Kept for as long as the tab runs."""
        self._store = store
        self._ledger = ledger
        self._most = 0
        self._until = -inf

    @property
    def runs(self) -> bool:
        return self._until != -inf

    def runs_up(self, units: int) -> bool:
        """Whether so much more is on the tab now; else the buckets have to be asked."""
        if self.used + units > self._most or monotonic() >= self._until:
            return False
        self.used += units
        return True

    async def take(self, units: int) -> Taken:
        """So much of the buckets, which hear first of all that was used."""
        self._end()
        self.charge(0)
        taken = self._store.take_now(self.buckets, units) or await self._store.take(self.buckets, units)
        self._end()  # of two that asked at once the one that was told last knows best
        self.taken = taken
        if taken.short is None:
            self._ledger.note(self.buckets, units)
        self._most = min(bucket.allowance.most for bucket in self.buckets) // TAB_SHARE
        if self._most and taken.short is None and all(map(_is_half_full, self.buckets, taken.full_in)):
            self._until = monotonic() + TAB_SECONDS
        return taken

    def _end(self) -> None:
        self._until, self.fields = -inf, None

    def charge(self, units: int) -> Taken | None:
        """So much was used; negative: was not used after all. What is owed then, as far as it is known."""
        if self.runs_up(units):
            return None
        used, self.used = self.used + units, 0
        if not used:
            return None
        self._ledger.note(self.buckets, used)
        return self._store.charge(self.buckets, used)


def _is_half_full(bucket: Bucket, full_in: float) -> bool:
    allowance = bucket.allowance
    return 2 * full_in * allowance.per_second <= allowance.most


class Charge:
    """What one request takes of its buckets. ``short``: it may not, for so much is there in ``wait`` seconds only."""

    __slots__ = ("_more", "_tab", "_taken", "units")

    def __init__(self, tab: Tab, units: int, taken: Taken) -> None:
        self.units = units
        """What was asked for."""
        self._tab = tab
        self._taken = taken
        self._more = 0

    @property
    def buckets(self) -> tuple[Bucket, ...]:
        return self._tab.buckets

    @property
    def short(self) -> Bucket | None:
        return self._taken.short

    @property
    def wait(self) -> float:
        return self._taken.wait

    @property
    def tab(self) -> Tab | None:
        """The one that it is on; None where each request tells what is left to the unit."""
        return self._tab if self._tab.runs else None

    def settle(self, actual: int) -> None:
        """So much it was in the end."""
        more = max(1, actual) - self.units
        if more:
            self._more = more
            self._tab.charge(more)

    def spending(self) -> "Spending":
        """Of the stream that was charged for being opened."""
        return Spending(self._tab)

    def full_in(self, number: int) -> float:
        """Seconds until that bucket is full."""
        return self.buckets[number].allowance.after(self._taken.full_in[number], self._tab.used or self._more)

    @property
    def tightest(self) -> int:
        """Which of the buckets is nearest to its end: the one that was too small, else the last to be full, for all
        fill in the same time.
        """
        taken = self._taken
        return taken.full_in.index(max(taken.full_in)) if taken.short is None else self.buckets.index(taken.short)


class Spending:
    """What an open stream uses, charged to the buckets that it was opened with."""

    __slots__ = ("_tab", "_units")

    def __init__(self, tab: Tab) -> None:
        self._tab = tab
        self._units = 0

    def spend(self, units: int) -> Taken | None:
        """So much was told; what is owed because of that, now and then."""
        self._units += units
        return self.settle() if self._units >= LOT else None

    def settle(self) -> Taken | None:
        """Charge what was run up; what is owed then."""
        units, self._units = self._units, 0
        return self._tab.charge(units) if units else None


class Budgets:
    """One a process. ``per_minute``: the budgets that there are; a bucket holds those of one minute."""

    def __init__(self, store: Buckets, per_minute: Mapping[Account, int]) -> None:
        self._store = store
        self._tenant, self._user, self._key, self._address = (
            Allowance(account.value, units, units / WINDOW_SECONDS) if (units := per_minute.get(account, 0)) else None
            for account in Account
        )
        self.refused: Counter[str] = Counter()
        """Requests, by the account that was short."""
        self.ledger = Ledger()
        self._tab_of = lru_cache(maxsize=10_000)(self._find)

    async def take(self, caller: Principal | None, address: str | None, units: int) -> Charge | None:
        """For something that may cost so much; None for whom nothing is counted."""
        if caller is None:
            tab = self._tab_of(None, None, None, address)
        else:
            key = caller.key_name
            tab = self._tab_of(caller.tenant.hex, None if key else caller.person.user_id, key, address)
        if tab is None:
            return None
        units = max(units, 1)
        taken = tab.taken if tab.runs_up(units) else await tab.take(units)
        if taken.short is not None:
            self.refused[taken.short.allowance.kind] += 1
        return Charge(tab, units, taken)

    def _find(self, tenant: str | None, user: str | None, key: str | None, address: str | None) -> Tab | None:
        """Of the buckets that a request goes to; None for none."""
        place = None if self._address is None else place_of(address)
        named = (
            (self._tenant, tenant),
            (self._user, user and f"{tenant}/{user}"),
            (self._key, key and f"{tenant}/{key}"),
            (self._address, place),
        )
        buckets = tuple(Bucket(allowance, name) for allowance, name in named if allowance is not None and name)
        return Tab(buckets, self._store, self.ledger) if buckets else None
