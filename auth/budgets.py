"""Budgets: how much a caller may use in a minute, in units of cost, and whose account it goes to.

Each request goes to up to three accounts, its *buckets* (``db/buckets.py``): its tenant's; its user's in that tenant,
or its key's, for what comes by an API key or from a peer is no person's doing; and that of the address it comes from.
What it may cost is taken before it runs, what it did not cost is given back.

While a caller is far from the end of every bucket it runs a *tab*: for a moment what it uses is only added up, and the
buckets hear of it all at once. So most requests ask nobody, wherever the buckets are kept.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import lru_cache
from math import inf
from typing import Any

from auth.addresses import place_of
from auth.principal import Principal
from db.buckets import Allowance, Bucket, Buckets, Taken

WINDOW_SECONDS = 60
LOT = 100
"""Units that a stream runs up before they are charged."""
TAB_SECONDS, TAB_SHARE = 1.0, 1_000
"""For how long a tab runs at most, and up to which part of the caller's smallest bucket, while all are half full."""


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
    """What all with the same buckets use, before the buckets hear of it, and the ledger with them.

    ``opened`` is told each time that it begins to run: to ``end`` it in time.
    """

    __slots__ = ("_ledger", "_limit", "_most", "_opened", "_store", "buckets", "fields", "taken", "used")

    def __init__(
        self, buckets: tuple[Bucket, ...], store: Buckets, ledger: Ledger, opened: Callable[["Tab"], None]
    ) -> None:
        self.buckets = buckets
        self.taken = Taken(())
        """How the buckets stood last."""
        self.used = 0
        """What they have not heard of yet."""
        self.fields: Any = None  # Any: whatever it is that tells callers how the buckets stand
        """Kept for as long as the tab runs."""
        self._store = store
        self._ledger = ledger
        self._opened = opened
        self._most = min(bucket.allowance.most for bucket in buckets) // TAB_SHARE
        self._limit: float = -inf
        """So much may be on it now; less than anything while it does not run."""

    @property
    def runs(self) -> bool:
        return self._limit != -inf

    def runs_up(self, units: int) -> bool:
        """Whether so much more is on the tab now; else the buckets have to be asked."""
        used = self.used + units
        if used > self._limit:
            return False
        self.used = used
        return True

    async def take(self, units: int) -> Taken:
        """So much of the buckets, which hear first of all that was used."""
        self.end()
        taken = self._store.take_now(self.buckets, units) or await self._store.take(self.buckets, units)
        self._limit, self.fields = -inf, None  # of two that asked at once the one that was told last knows best
        self.taken = taken
        if taken.short is not None:
            return taken
        self._ledger.note(self.buckets, units)
        if self._most and max(taken.full_in) <= WINDOW_SECONDS / 2:  # so every bucket is half full
            self._limit = self._most
            self._opened(self)
        return taken

    def end(self) -> None:
        """It runs no more, and the buckets hear of it."""
        self._limit, self.fields = -inf, None
        self.charge(0)

    def charge(self, units: int) -> Taken | None:
        """So much was used; negative: was not used after all. What is owed then, as far as it is known."""
        if self.runs_up(units):
            return None
        used, self.used = self.used + units, 0
        if not used:
            return None
        self._ledger.note(self.buckets, used)
        return self._store.charge(self.buckets, used)


class Charge:
    """What one request takes of its buckets. ``short``: it may not, for so much is there in ``wait`` seconds only."""

    __slots__ = ("_more", "_taken", "short", "tab", "units")

    def __init__(self, tab: Tab, units: int, taken: Taken) -> None:
        self.units = units
        """What was asked for."""
        self.tab = tab
        self.short = taken.short
        self._taken = taken
        self._more = 0

    @property
    def buckets(self) -> tuple[Bucket, ...]:
        return self.tab.buckets

    @property
    def wait(self) -> float:
        return self._taken.wait

    def settle(self, actual: int) -> None:
        """So much it was in the end."""
        more = max(1, actual) - self.units
        if more:
            self._more = more
            self.tab.charge(more)

    def spending(self) -> "Spending":
        """Of the stream that was charged for being opened."""
        return Spending(self.tab)

    def full_in(self, number: int) -> float:
        """Seconds until that bucket is full."""
        return self.buckets[number].allowance.after(self._taken.full_in[number], self.tab.used or self._more)

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
        self._open: set[Tab] = set()
        self._closing: asyncio.TimerHandle | None = None

    async def take(self, caller: Principal | None, address: str | None, units: int) -> Charge | None:
        """For something that may cost so much; None for whom nothing is counted."""
        if caller is None:
            tab = self._tab_of(None, None, None, address)
        else:
            key, person = caller.key_name, caller.acting_for or caller
            tab = self._tab_of(caller.tenant.hex, None if key else person.user_id, key, address)
        if tab is None:
            return None
        units = max(units, 1)
        taken = tab.taken if tab.runs_up(units) else await tab.take(units)
        if taken.short is not None:
            self.refused[taken.short.allowance.kind] += 1
        return Charge(tab, units, taken)

    def stop(self) -> None:
        """The buckets hear of what is on the tabs."""
        if self._closing is not None:
            self._closing.cancel()
        self._close_tabs()

    def _opened(self, tab: Tab) -> None:
        """One timer for all that run: it comes by while there are any."""
        self._open.add(tab)
        if self._closing is None:
            self._closing = asyncio.get_running_loop().call_later(TAB_SECONDS, self._close_tabs)

    def _close_tabs(self) -> None:
        self._closing = None
        while self._open:
            self._open.pop().end()

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
        return Tab(buckets, self._store, self.ledger, self._opened) if buckets else None
