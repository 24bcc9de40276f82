"""Which text a request runs, if it may: by its id out of the registry, or as it came, as the caller's policy has it.

It fails closed. A request that nobody admitted counts as ad hoc, whatever it says; while the registry cannot be asked,
nothing runs by its id.
"""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Protocol

from graphql import GraphQLError

from auth.document_policy import DocumentPolicy
from auth.principal import Principal
from db.clock import Clock, utc_now
from db.documents import Draft
from db.errors import QueryTimeout, Unavailable
from db.tasks import end
from db.uses import Uses
from schema.answers import Answer
from schema.documents import Refused, document_id
from schema.errors import coded
from schema.live.feed import Feed
from schema.live.frames import Ending, EndReason
from schema.live.member import Member
from schema.registry import Registered, Registry
from schema.requests import OperationRequest

NOT_FOUND = "PersistedQueryNotFound"
NOT_SUPPORTED = "PersistedQueryNotSupported"
"""The texts that Apollo's clients know."""
UNREGISTERED = "This caller runs registered documents alone, and this is none."
UNTRUSTED = "This caller runs published documents alone, and this is none."
AGAIN_SECONDS = 1.0
REGISTERING = 20
"""Registrations at once; what comes while so many are under way is registered another time."""
OVER = "This document is not to be run any more."


class Members(Protocol):
    """Where the open subscriptions are known."""

    @property
    def members(self) -> Iterable[Member]: ...


class Admission:
    """``policy`` is the deployment's, and binds keys too; ``persisted`` says what Apollo's hashes are good for: ``off``
    (nothing), ``lookup``, or ``register``: then a text that comes with its hash is registered for its tenant.
    """

    def __init__(
        self,
        registry: Registry | None,
        policy: DocumentPolicy = DocumentPolicy.AD_HOC,
        persisted: str = "lookup",
        clock: Clock = utc_now,
        uses: Uses | None = None,
    ) -> None:
        self._registry = registry
        self._policy = policy
        self._persisted = persisted
        self._clock = clock
        self._uses = uses
        self._tasks: set[asyncio.Task[None]] = set()

    def policy_of(self, caller: Principal | None) -> DocumentPolicy:
        """What the caller's documents have to be."""
        return self._policy if caller is None else max(self._policy, caller.documents)

    def refusal_of(self, request: OperationRequest, caller: Principal | None) -> Refused | None:
        """Why a request is not run as it stands."""
        if request.level < self.policy_of(caller):
            return self._not_allowed(caller, OVER if request.level else None)
        if not request.document and request.document_id is not None:
            return _refused("PERSISTED_QUERY_NOT_FOUND", NOT_FOUND)
        return None

    async def admit(self, request: OperationRequest, caller: Principal | None) -> OperationRequest | Refused:
        """The request, which now has its text, and as what its caller knows that. Raises what the directory raises."""
        request.level = DocumentPolicy.AD_HOC  # until this caller is known to know it
        policy, id = self.policy_of(caller), request.document_id
        if request.document:
            if id is None and policy is DocumentPolicy.AD_HOC:
                return request
            hashed = document_id(request.document)
            if id is not None and id != hashed:
                return _refused("PERSISTED_QUERY_HASH_MISMATCH", "The document does not hash to the id beside it.")
            if policy is DocumentPolicy.AD_HOC:
                return request
            id = hashed
        elif id is None:
            return request
        elif request.by_hash and self._persisted == "off":
            return _refused("PERSISTED_QUERY_NOT_SUPPORTED", NOT_SUPPORTED)
        found = None if self._registry is None else self._registry.known(id) or await self._registry.find(id)
        if found is None:
            return self._unknown(request, caller)
        level = self._level_of(found, request, caller, policy)
        if isinstance(level, Refused):
            return level
        request.document, request.document_id, request.sunset, request.level = found.text, id, found.sunset, level
        return request

    def _unknown(self, request: OperationRequest, caller: Principal | None) -> Refused:
        """What one is told who knows no such document."""
        if request.document:
            return self._not_allowed(caller)
        return _refused("PERSISTED_QUERY_NOT_FOUND", NOT_FOUND)

    def _level_of(
        self, found: Registered, request: OperationRequest, caller: Principal | None, policy: DocumentPolicy
    ) -> DocumentPolicy | Refused:
        """As what the caller knows a registered document who may run it."""
        level = found.level_for(caller)
        if level is None:
            return self._unknown(request, caller)
        if found.ends_at is not None and found.is_over(self._clock()):
            # Who may run any text is told to send it: Apollo's clients do so by themselves.
            if request.by_hash and not request.document and policy is DocumentPolicy.AD_HOC:
                return _refused("PERSISTED_QUERY_NOT_FOUND", NOT_FOUND)
            return self._not_allowed(caller, OVER)
        if level < policy:
            return self._not_allowed(caller)
        return level

    def _not_allowed(self, caller: Principal | None, message: str | None = None) -> Refused:
        trusted = self.policy_of(caller) is DocumentPolicy.TRUSTED
        return _refused("DOCUMENT_NOT_ALLOWED", message or (UNTRUSTED if trusted else UNREGISTERED))

    def registers(self, request: OperationRequest, caller: Principal | None) -> bool:
        """Whether the request's text, which may run, is to be registered for its tenant."""
        if self._persisted != "register" or self._registry is None or caller is None or not request.by_hash:
            return False
        return not request.level and request.document_id is not None and len(self._tasks) < REGISTERING

    def register(self, draft: Draft, caller: Principal) -> None:
        """Register it, apart from the answer. Where that fails nothing is lost: the text comes again."""
        if self._registry is not None:
            self._spawn(self._registry.register(draft, caller))

    def count(self, request: OperationRequest, caller: Principal, outcome: Answer | Feed, seconds: float) -> None:
        """A registered document was used, if it ran: in so many seconds, where it is no stream."""
        if self._uses is None or request.document_id is None:
            return
        if not isinstance(outcome, Answer):
            self._uses.note(request.document_id, caller.tenant.hex, None)
        elif outcome.code is None and request.cost != "validate":
            self._uses.note(request.document_id, caller.tenant.hex, seconds)

    def opened(self, members: Members, request: OperationRequest) -> None:
        """A subscription is open: what changed since it was admitted has to reach it too."""
        id = request.document_id
        if request.level and id is not None and (self._registry is None or not self._registry.knows(id)):
            self.recall(members, id)

    def recall(self, members: Members, id: str | None) -> None:
        """A document changed (None: any, perhaps): subscriptions that run by it end, if they may not any more."""
        if any(_runs(member, id) for member in members.members):
            self._spawn(self._recall(members, id))

    async def stop(self) -> None:
        """Judge nobody and register nothing any more."""
        await end(*self._tasks)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _recall(self, members: Members, id: str | None) -> None:
        while True:
            try:
                for member in [each for each in members.members if _runs(each, id)]:
                    request, caller = member.request, member.principal
                    found = None if self._registry is None else await self._registry.find(request.document_id or "")
                    policy = self.policy_of(caller)
                    if found is None or isinstance(self._level_of(found, request, caller, policy), Refused):
                        member.finish(Ending(EndReason.FORBIDDEN, "DOCUMENT_NOT_ALLOWED", message=OVER))
                return
            except (Unavailable, QueryTimeout):  # the log is not read meanwhile either
                await asyncio.sleep(AGAIN_SECONDS)


def _runs(member: Member, id: str | None) -> bool:
    """Whether it runs by that id; by any."""
    request = member.request
    return request.level > DocumentPolicy.AD_HOC and (id is None or request.document_id == id)


def _refused(code: str, message: str) -> Refused:
    errors: tuple[GraphQLError, ...] = (coded(code, message),)
    return Refused(code, errors)
