"""The one door from web into schema: text in, bytes or a stream out.

An operation passes six checks, each of which may refuse it: the document (limits, syntax, validation), the operation's
name, the transport, the variables, the gates, the cost. Only then does anything run.
"""

from dataclasses import replace
from typing import Any

from graphql import ExecutionResult, GraphQLError

from auth.budgets import Budgets, Charge
from auth.confirmation import Confirmation
from auth.document_policy import DocumentPolicy
from auth.principal import Principal
from auth.sessions import USUAL, Lifetimes
from db.clock import Clock, utc_now
from db.engine import Database
from db.errors import QueryTimeout, Unavailable
from db.event_cursors import EventCursorCodec
from db.hub import Hub
from db.pages import CursorCodec
from schema.acting import acting_note, signed
from schema.admission import Admission
from schema.answers import Answer, answer_of, answer_of_cost, frame_of, json_body
from schema.auditing import Auditing, Note, actor_of, is_news
from schema.caching.cache import AnswerCache, AnswerStores
from schema.caching.policies import Policies
from schema.current import Current, begin
from schema.deprecations import Deprecation
from schema.documents import PUBLISHED, DocumentCache, Refused
from schema.engine.engine import Engine
from schema.errors import CODES, coded, error_json
from schema.gates import Gatekeeper, Verdict
from schema.limits import Limits
from schema.live.book import Book
from schema.live.feed import Feed, Told
from schema.live.frames import NO_LONGER, Ending, EndReason
from schema.live.groups import Groups
from schema.live.member import Member
from schema.live.tally import Tally
from schema.masks import MaskKeys
from schema.meter import Meter
from schema.publishing import draft_of
from schema.reach import Reach
from schema.reference import Reference
from schema.refusals import denied_error, too_dear, used_up, with_code
from schema.requests import OperationRequest, Ready, ending_of, misplaced
from schema.root import schema, sdl
from schema.runner import Runner
from schema.slowness import tell_slow
from schema.tracing import Tracing
from schema.warming import Warmer

__all__ = ["Answer", "Gateway", "OperationRequest"]
USUAL_LIMITS = Limits()
MACHINES = frozenset({"KEY", "PEER"})
"""Credentials of programs, which know what they ask for: the schema is for those who write them."""


class Gateway:
    """Answers requests. Made once a process by the composition root."""

    def __init__(  # noqa: PLR0913  # the settings of the composition root, by name
        self,
        database: Database,
        hub: Hub,
        cursors: CursorCodec,
        event_cursors: EventCursorCodec,
        *,
        introspection: str = "signed-in",
        engine: str = "compiled",
        tell_engine: bool = False,
        limits: Limits = USUAL_LIMITS,
        seconds: float = 10.0,
        slow: float = 1.0,
        lifetimes: Lifetimes = USUAL,
        mask_keys: MaskKeys | None = None,
        note: Note | None = None,
        confirmation: Confirmation | None = None,
        clock: Clock = utc_now,
        admission: Admission | None = None,
        budgets: Budgets | None = None,
        tracing: Tracing | None = None,
        stores: AnswerStores | None = None,
    ) -> None:
        core = self._core = schema()._schema  # Strawberry has no public name for the schema it builds
        self.engine = Engine(schema(), core) if engine == "compiled" else None
        self.sdl, self.tally = sdl(), Tally()
        self.book, self.mask_keys = Book(lambda: self.groups.members, clock), mask_keys or MaskKeys.passing()
        self._gates, self._meter = Gatekeeper(core), Meter(core, limits)
        self._runner = Runner(
            *(database, hub, cursors, event_cursors, Reference(core), self.engine),
            *(clock, self.book, lifetimes, self.tally, self.mask_keys),
            Reach(core, self._gates.all_needs),
            tell_engine,
            confirmation,
            seconds=seconds,
            charges=budgets is not None,
            tracing=tracing,
        )
        self.groups = Groups(self._runner)
        self.answers = None if stores is None else AnswerCache(self._runner, stores)
        self._introspection, self._slow = introspection, slow
        # A suggestion names a field: only where anybody may see the schema.
        policies = None if stores is None else Policies(core)
        hide = introspection != "everyone"
        self.documents = DocumentCache(core, limits, hide_suggestions=hide, policies=policies)
        self._auditing = Auditing(note, clock)
        self._admission, self._budgets = admission or Admission(None), budgets

    @property
    def warmer(self) -> Warmer:
        """Makes documents ready before they are asked for."""
        return Warmer(self._core, self.documents, self._runner.reference, self._gates, self._meter, self.engine)

    async def admit(self, request: OperationRequest, caller: Principal | None) -> OperationRequest | Answer:
        """The request with the text that it runs, or why it runs none. Never raises."""
        if request.document_id is None and self._admission.policy_of(caller) is DocumentPolicy.AD_HOC:
            return request
        try:
            admitted = await self._admission.admit(request, caller)
        except Exception as error:
            return signed(self._failed(error, request.request_id), caller)
        if isinstance(admitted, OperationRequest):
            return admitted
        if admitted.code == "DOCUMENT_NOT_ALLOWED":
            self._auditing.turned_away(request, caller)
        return signed(self._refused(admitted, request.request_id), caller)

    async def answer(self, request: OperationRequest, caller: Principal | None) -> Answer | Feed:
        """The answer to any request. Never raises: what nobody foresaw is masked and logged once."""
        current = begin(request, caller)
        outcome = await self._answer(request, caller, current)
        took = current.over(outcome)
        if took >= self._slow and isinstance(outcome, Answer):
            tell_slow(request, caller, outcome, took, self.documents)
        if request.level and caller is not None:
            self._admission.count(request, caller, outcome, took)
        if caller is None or caller.acting_for is None:
            return outcome
        return signed(outcome, caller) if isinstance(outcome, Answer) else outcome

    async def _answer(self, request: OperationRequest, caller: Principal | None, current: Current) -> Answer | Feed:
        try:
            ready = current.ready = self._prepare(request, caller)
            if isinstance(ready, Answer):
                return ready
            if request.cost == "validate":
                return answer_of_cost(ready.cost, ready.kind)
            charge = await self._budgets.take(caller, request.address, ready.cost.requested) if self._budgets else None
            if charge is not None and charge.short is not None:
                return replace(self._refused(used_up(charge), request.request_id), charge=charge)
            if request.by_hash and caller is not None and self._admission.registers(request, caller):
                self._admission.register(draft_of(self._core, ready.document, request.document or ""), caller)
            if ready.kind == "subscription" and caller is not None:
                self._auditing.opened(ready, caller)
                return self._open(request, ready, caller, charge)
            if ready.document.cached and ready.name in ready.document.cached and self.answers is not None:
                result = await self.answers.answer(request, ready, caller, charge)
                if isinstance(result, Answer):
                    return result
            else:
                result = await self._runner.run(request, ready, caller, charge)
            if ready.actor is not None or result.errors:
                self._auditing.ran(request, ready, caller, result)
            if request.cost == "report":
                result.extensions = {**(result.extensions or {}), "cost": ready.cost.told(result.data)}
            if charge is not None:
                charge.settle(ready.cost.actual(result.data))
            wrote = ready.actor is not None and ready.actor.wrote
            return answer_of(
                *(result, request.request_id, self._runner.unexpected, ready.kind),
                wrote=wrote,
                deprecation=ready.deprecation,
                charge=charge,
            )
        except Exception as error:
            return self._failed(error, request.request_id)

    def deprecation_of(self, request: OperationRequest, caller: Principal | None) -> Deprecation | None:
        """Of a subscription that runs, as its answers would say it."""
        document = self.documents.get(request.document or "", _owner_of(request, caller))
        return None if isinstance(document, Refused) else ending_of(document, request.sunset)

    def recall(self, document_id: str | None) -> None:
        """A registered document changed; None: any of them may have."""
        self._admission.recall(self.groups, document_id)

    def judge_again(self, member: Member, caller: Principal) -> None:
        """Let an open subscription go on as this caller, of the same user and tenant: in the group of its permissions,
        from the same position; or end it, if it may no longer run.
        """
        ready = self._prepare(member.request, caller)
        if isinstance(ready, Answer):
            member.finish(Ending(EndReason.FORBIDDEN, ready.code, message=NO_LONGER))
        else:
            self.groups.move(member, ready, caller)

    def judge(self, request: OperationRequest, caller: Principal | None) -> Answer | str:
        """Why the operation is refused, else which kind it is; nothing runs. Never raises."""
        try:
            ready = self._prepare(request, caller)
        except Exception as error:
            return self._failed(error, request.request_id)
        return signed(ready, caller) if isinstance(ready, Answer) else ready.kind

    def refuse(
        self,
        code: str,
        message: str,
        request_id: str,
        caller: Principal | None = None,
        **extensions: Any,  # Any: JSON
    ) -> Answer:
        """An answer that refuses before anything ran, in the shape of all others."""
        return signed(self._refused(Refused(code, (coded(code, message, **extensions),)), request_id), caller)

    def may_introspect(self, caller: Principal | None) -> bool:
        """Whether the caller may see the schema."""
        if self._introspection != "signed-in":
            return self._introspection == "everyone"
        return caller is not None and caller.credential not in MACHINES

    def _open(self, request: OperationRequest, ready: Ready, caller: Principal, charge: Charge | None) -> Feed:
        try:
            member = self.groups.open(request, ready, caller, None if charge is None else charge.spending())
            self._admission.opened(self.groups, request)
            return member
        except Exception as error:  # a stream that cannot begin says why in its only frame
            failed = ExecutionResult(None, [GraphQLError("The stream failed.", original_error=error)])
            frame = frame_of(failed, request.request_id, self._runner.unexpected, note=acting_note(caller))
            self.tally.ended[EndReason.FAILED] += 1
            return Told(frame, ending=Ending(EndReason.FAILED))

    def _prepare(self, request: OperationRequest, caller: Principal | None) -> Ready | Answer:
        barred = self._admission.refusal_of(request, caller)
        if barred is not None:
            return self._refused(barred, request.request_id)
        if not request.document:
            return self.refuse("BAD_REQUEST", "The request has no query.", request.request_id)
        document = self.documents.get(request.document, _owner_of(request, caller))
        if isinstance(document, Refused):
            return self._refused(document, request.request_id)
        node = document.operation(request.operation_name)
        if isinstance(node, Refused):
            return self._refused(node, request.request_id)
        name, variables = node.name.value if node.name else None, dict(request.variables or {})
        kind = document.kinds[name]
        if kind != "query" and (wrong := misplaced(request, kind)) is not None:
            refused = self.refuse("BAD_REQUEST", wrong[0], request.request_id)
            return Answer(refused.body, refused.code, wrong[1], True, kind)
        executor = self._runner.reference.prepare(document, node, variables)
        if isinstance(executor, list):
            # Coerced before anything runs, so that a bad value refuses the whole operation.
            errors = tuple(coded("BAD_USER_INPUT", error.message) for error in executor)
            return self._refused(Refused("BAD_USER_INPUT", errors), request.request_id)
        permissions = caller.permissions if caller else None
        verdict = self._gates.judge_again(document, executor, permissions)
        closed = verdict.refused or verdict.needs_sign_in or verdict.introspects
        if closed and (denied := self._check_gates(verdict, caller, request.request_id)) is not None:
            self._auditing.refused(request, document, name, verdict, caller)
            return denied
        cost = self._meter.cost_of(document, executor, permissions, verdict.found)
        actor = actor_of(request, document, name, verdict, caller) if is_news(kind, verdict, caller) else None
        ready = Ready(kind, document, node, name, variables, verdict, executor, cost, actor, request.sunset)
        return self._refused(too_dear(cost), request.request_id) if cost.exceeds else ready

    def _check_gates(self, verdict: Verdict, caller: Principal | None, request_id: str) -> Answer | None:
        if verdict.needs_sign_in or (verdict.introspects and not self.may_introspect(caller)):
            if caller is None:
                return self.refuse("UNAUTHENTICATED", "Sign in, or send a valid token.", request_id)
            return self.refuse("FORBIDDEN", "Introspection is switched off.", request_id)
        if verdict.refused:
            errors = tuple(denied_error(where, permission, caller) for where, permission in verdict.refused.items())
            return self._refused(Refused("FORBIDDEN", errors), request_id)
        return None

    def _failed(self, error: Exception, request_id: str) -> Answer:
        """What an exception is answered: nothing of it is shown."""
        for kind, code in ((Unavailable, "OVERLOADED"), (QueryTimeout, "OPERATION_TIMEOUT")):
            if isinstance(error, kind):
                return self.refuse(code, CODES[code], request_id)
        self._runner.unexpected(error)
        return self.refuse("INTERNAL_SERVER_ERROR", "Internal error.", request_id)

    def _refused(self, refused: Refused, request_id: str) -> Answer:
        errors = [
            error_json(with_code(error, refused.code), request_id, self._runner.unexpected) for error in refused.errors
        ]
        return Answer(json_body({"errors": errors}), refused.code, None, True, None)


def _owner_of(request: OperationRequest, caller: Principal | None) -> str:
    """On whose account the document is kept."""
    if request.level == DocumentPolicy.TRUSTED:
        return PUBLISHED
    return "" if caller is None else caller.user_id
