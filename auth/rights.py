"""Watches over the callers of open streams: whatever ends or changes a caller's rights reaches its streams at once.

Theory of operation
- The database tells of each change of a user, membership, role or session as it commits, and then its number (``#7``:
  ``db/migrations``, triggers). Who is told of is *in doubt*: its credentials are judged again, all callers in doubt by
  one or two statements, and each of their streams is told when the verdict is another one.
- Numbers are in commit order and the log is read together with the newest one. ``caught_up`` holds the log's events
  back until every change with a number that they were read with is judged: so no event that was committed after a
  change reaches a caller who lost its rights by it, even when the telling is late or lost.
- Telling can be lost. Once a second the number is looked up; when it is ahead of what was told, everybody is in doubt.
- Time ends rights too: one heap of moments for all callers, no task for each.
- While the database is away nobody is judged, no event is read either, and tokens still expire.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from itertools import count

import structlog

from auth.addresses import NO_LISTS, AddressList
from auth.authenticate import Authenticator, Claim, Credentials, Standing
from auth.errors import AuthError
from auth.foreign_tokens import ForeignTokens
from auth.keyring import Keyring
from auth.marks import EVERYBODY
from auth.principal import Principal
from auth.principal_cache import PrincipalCache
from auth.sessions import TOUCHED_EVERY, USUAL, Lifetimes
from auth.watched import Caller, Follower, Lost, Watched, loss_of
from db.clock import Clock, utc_now
from db.directory import IDENTITY_CHANNEL, Directory
from db.errors import QueryTimeout, Unavailable
from db.listener import Listener
from db.tasks import end

LOOK_SECONDS = 1.0
"""How often the newest number is looked up while anybody is watched."""
GRACE_SECONDS = 0.02
"""How long a number that was seen waits for its telling, before everybody is in doubt."""
AT_ONCE = 500
"""Callers judged by one statement."""
_KEYS = count()
_log = structlog.get_logger()


class Watch:
    """One stream's place among the watched: to be closed when the stream is over, whatever ended it."""

    __slots__ = ("_caller", "_key", "_rights")

    def __init__(self, rights: "Rights", caller: Caller, follower: Follower) -> None:
        self._rights = rights
        self._caller = caller
        self._key = next(_KEYS)  # an address would be another watch's as soon as this one is let go
        caller.followers[self._key] = follower

    @property
    def principal(self) -> Principal:
        return self._caller.principal

    @property
    def ends_at(self) -> datetime:
        """When the rights end by themselves; a session that is used again lives longer."""
        return self._caller.ends_at

    def close(self) -> None:
        """Twice is once."""
        self._caller.followers.pop(self._key, None)
        if not self._caller.followers:
            self._rights.forget(self._caller)

    def renew(self, claim: Claim, principal: Principal) -> bool:
        """Go on by another credential, if it is the same user's for the same tenant and the stream is still watched."""
        old, follower = self._caller, self._caller.followers.get(self._key)
        if follower is None or not principal.is_same(old.principal):
            return False
        caller = self._rights.caller(claim, principal)
        if caller is not old:
            self.close()
            self._caller = caller
            caller.followers[self._key] = follower
        if caller.principal.permissions_version != old.principal.permissions_version:
            follower.change_rights(caller.principal)
        return True


class Rights:
    """One a process; ``start`` before the first ``watch``."""

    def __init__(self, directory: Directory, authenticator: Authenticator, cache: PrincipalCache) -> None:
        self.authenticator = authenticator
        self._directory = directory
        self.cache = cache
        self._clock = authenticator.clock
        self._watched = Watched()
        self._doubtful: dict[Caller, None] = {}
        self._new: set[Caller] = set()
        """Those in doubt who were never judged here: until they are, nothing is caught up."""
        self._told = self._settled = self._asked = self._epoch = 0
        self._looked = float("-inf")
        self._wake = asyncio.Event()
        self._round_over = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def callers(self) -> int:
        """Credentials with open streams."""
        return len(self._watched)

    async def start(self) -> None:
        """What happened before counts as told: nobody is watched yet."""
        self._told = self._settled = await self._directory.identity_number()
        self._tasks = [asyncio.create_task(self._keep()), asyncio.create_task(self.authenticator.touches.run())]

    async def stop(self) -> None:
        await end(*self._tasks)

    def watch(self, credentials: Credentials, principal: Principal, follower: Follower) -> Watch:
        """From now on ``follower`` is told of what happens to the caller's rights: at once, if they are known to be
        others than ``principal`` has. Raises BadToken, BadSession.
        """
        fresh = self.authenticator.still_knows(credentials, principal)
        caller = self.caller(self.authenticator.claim(credentials), principal, fresh=fresh)
        watch = Watch(self, caller, follower)
        if not caller.principal.is_same(principal):  # an impersonation ended just now
            self._mistrust(caller)
            follower.lose_rights(Lost.SESSION_ROTATED)
        elif caller.principal.permissions_version != principal.permissions_version:
            self._mistrust(caller)
            follower.change_rights(caller.principal)
        return watch

    async def caught_up(self, number: int) -> None:
        """Returns when the changes up to that number are judged and every stream has been told."""
        epoch = self._epoch
        while (number > self._settled or self._new) and epoch == self._epoch:
            self._asked = max(self._asked, number)
            over = self._round_over
            self._wake.set()
            await over.wait()

    def hear(self, payload: str) -> None:
        """What the database tells: a user, everybody, or the number of the change that was told of."""
        if payload.startswith("#"):
            self._told = max(self._told, int(payload[1:]))
            self._wake.set()
            return
        self.cache.forget(payload)
        self._doubt(self._watched.everybody() if payload == EVERYBODY else self._watched.of_user(payload))

    def miss(self) -> None:
        """Something may have been told that was not heard."""
        self._looked = float("-inf")
        self.hear(EVERYBODY)

    def caller(self, claim: Claim, principal: Principal, *, fresh: bool = False) -> Caller:
        """The caller with that claim: in doubt, unless nothing was heard since it was authenticated (``fresh``)."""
        caller = self._watched.get(claim)
        if caller is None:
            caller = Caller(claim, principal, self._first_end(claim, principal))
            self._watched.add(caller)
            self._wake.set()  # its end may be the next
            lately = asyncio.get_running_loop().time() - self._looked < 2 * LOOK_SECONDS
            if not (lately and fresh):
                self._mistrust(caller)
        return caller

    def forget(self, caller: Caller) -> None:
        """Nobody follows by these credentials any more."""
        self._watched.remove(caller)
        self._doubtful.pop(caller, None)
        self._new.discard(caller)

    def _first_end(self, claim: Claim, principal: Principal) -> datetime:
        """For a session the earliest it can be; the first judgement tells."""
        if claim.token is not None:
            return claim.token.expires_at
        idle = self._clock() + self.authenticator.lifetimes.idle - TOUCHED_EVERY
        return idle if principal.good_until is None else min(idle, principal.good_until)

    def _mistrust(self, caller: Caller) -> None:
        self._new.add(caller)
        self._doubt((caller,))

    def _doubt(self, callers: Iterable[Caller]) -> None:
        self._doubtful.update(dict.fromkeys(callers))
        self._wake.set()

    async def _keep(self) -> None:
        while True:
            await self._pause()
            try:
                await self._round()
            except Exception as error:  # a watch that ends would let everybody go on for ever
                away = isinstance(error, Unavailable | QueryTimeout)
                _log.warning("rights_not_judged", error=type(error).__name__, exc_info=None if away else error)
                await asyncio.sleep(LOOK_SECONDS)
                self._wake.set()

    async def _pause(self) -> None:
        """Until something was told or asked, rights end by themselves, or it is time to look."""
        ends = self._watched.next_end()
        waits = [] if ends is None else [(ends - self._clock()).total_seconds()]
        if self._watched:
            waits.append(self._looked + LOOK_SECONDS - asyncio.get_running_loop().time())
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, min(waits)) if waits else None):
                await self._wake.wait()
        self._wake.clear()

    async def _round(self) -> None:
        self._let_time_pass()
        await self._look()
        settled, doubtful = self._told, list(self._doubtful)
        self._doubtful.clear()
        try:
            while doubtful:
                await self._judge(doubtful[:AT_ONCE])
                del doubtful[:AT_ONCE]
        except BaseException:
            self._doubt(doubtful)
            raise
        self._settled = settled
        over, self._round_over = self._round_over, asyncio.Event()
        over.set()

    def _let_time_pass(self) -> None:
        for caller in self._watched.due(self._clock()):
            if caller.claim.token is not None:
                self._lose(caller, Lost.TOKEN_EXPIRED)
            else:
                self._doubtful[caller] = None  # it may have been used meanwhile

    async def _look(self) -> None:
        """Find out whether a change was not told of: then everybody is in doubt."""
        now = asyncio.get_running_loop().time()
        if now - self._looked < LOOK_SECONDS and self._asked <= self._told:
            return
        number = await self._directory.identity_number()
        self._looked = now
        if number > self._told:
            await asyncio.sleep(GRACE_SECONDS)  # it is being told
        if number < self._settled:  # the database was put back to an earlier state
            self._told = self._settled = self._asked = 0
            self._epoch += 1
        if number > self._told:
            self._told = number
            self.hear(EVERYBODY)

    async def _judge(self, callers: list[Caller]) -> None:
        outcomes = await self.authenticator.judge([caller.claim for caller in callers])
        for caller, outcome in zip(callers, outcomes, strict=True):
            self._new.discard(caller)
            if caller in self._watched:
                self._tell(caller, outcome)

    def _tell(self, caller: Caller, outcome: Standing | AuthError) -> None:
        if isinstance(outcome, AuthError):
            self._lose(caller, loss_of(outcome))
            return
        before, now = caller.principal, outcome.principal
        if not now.is_same(before):  # it went to another tenant, or an impersonation is over
            self._lose(caller, Lost.SESSION_ROTATED if now.tenant == before.tenant else Lost.TENANT_SWITCHED)
            return
        self._watched.put_off(caller, outcome.ends_at)
        if now.permissions_version != before.permissions_version:
            caller.principal = now
            for follower in list(caller.followers.values()):
                follower.change_rights(now)

    def _lose(self, caller: Caller, reason: Lost) -> None:
        self.forget(caller)
        followers = list(caller.followers.values())
        caller.followers.clear()
        for follower in followers:
            follower.lose_rights(reason)


async def open_rights(
    directory: Directory,
    keyring: Keyring,
    clock: Clock = utc_now,
    lifetimes: Lifetimes = USUAL,
    foreign: ForeignTokens | None = None,
    *,
    lists: tuple[AddressList, ...] = NO_LISTS,
) -> Rights:
    """An authenticator that knows its callers for seconds, and a watch over those with open streams; both hear of
    every change. To be stopped before the directory is closed.
    """
    listener: Listener | None = None
    cache = PrincipalCache(lambda: listener is not None and listener.listening)
    rights = Rights(directory, Authenticator(directory, keyring, clock, cache, lifetimes, foreign, lists=lists), cache)
    listener = await directory.listen(IDENTITY_CHANNEL, rights.hear, rights.miss)
    await rights.start()
    return rights
