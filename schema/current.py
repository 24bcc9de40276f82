"""The operation that is being answered, for whoever tells of it: its request's line in the log, the report of an error,
a trace. It holds what is there anyway; facts are made of it when somebody asks.
"""

import time
from contextvars import ContextVar
from typing import NamedTuple

from auth.principal import Principal
from schema.answers import Answer
from schema.live.feed import Feed
from schema.requests import OperationRequest, Ready

LONGEST_NAME = 100
"""Characters that are told of an operation's name, which is its client's."""
Fact = str | int | float


class Current:
    """``ready`` is what became of its checks, ``outcome`` and ``seconds`` what came of it; None while that is open."""

    __slots__ = ("_known", "begun", "caller", "code", "ready", "request", "seconds")

    def __init__(
        self, request: OperationRequest, caller: Principal | None, ready: Ready | Answer | None = None
    ) -> None:
        self.request = request
        self.caller = caller
        self.ready = ready
        self.code: str | None = None
        """Why it was refused, else the first of its errors' codes."""
        self.begun = time.perf_counter()
        self.seconds: float | None = None
        """Until it was answered; of a stream, until it was opened."""
        self._known: Known | None = None

    def over(self, outcome: Answer | Feed) -> float:
        """It was answered; how many seconds that took."""
        self.seconds = time.perf_counter() - self.begun
        if isinstance(outcome, Answer):
            self.code = outcome.code or min(outcome.codes, default=None)
        else:  # its connection's task stays, and need not keep all of it
            self._known, self.ready = self.known, None
        return self.seconds

    @property
    def known(self) -> "Known":
        """What is known of it, as far as it came."""
        ready = self.ready
        if isinstance(ready, Ready):
            name = ready.name and ready.name[:LONGEST_NAME]
            return Known(name, ready.kind, ready.cost.requested, ready.document.id)
        return self._known or Known(document=self.request.document_id)

    @property
    def tenant(self) -> str | None:
        return None if self.caller is None else self.caller.tenant.hex

    def facts(self) -> dict[str, Fact]:
        """What the log says of it."""
        known, ms = self.known, None if self.seconds is None else round(self.seconds * 1000, 2)
        said = {"tenant": self.tenant, "operation": known.name, "kind": known.kind, "cost": known.cost}
        return {
            name: fact for name, fact in {**said, "code": self.code, "operation_ms": ms}.items() if fact is not None
        }

    def members(self) -> str:
        """The same as members of a JSON object, each with a comma behind it: in a document's name, an id or a code
        nothing needs to be escaped.
        """
        name, kind, cost, _ = self.known
        said = "" if self.caller is None else f'"tenant":"{self.caller.tenant.hex}",'
        if name is not None:
            said += f'"operation":"{name}",'
        if kind is not None:
            said += f'"kind":"{kind}","cost":{cost},'
        if self.code is not None:
            said += f'"code":"{self.code}",'
        return said if self.seconds is None else f'{said}"operation_ms":{round(self.seconds * 1000, 2)},'

    def names(self) -> dict[str, Fact | None]:
        """What the report of an error says of it."""
        known = self.known
        return {"tenant": self.tenant, "operation": known.name, "document": known.document}


class Known(NamedTuple):
    """``name`` as the document has it, ``cost`` what it may cost (of a subscription, one event), ``document`` the id.
    None where it never got so far.
    """

    name: str | None = None
    kind: str | None = None
    cost: int | None = None
    document: str | None = None


_CURRENT: ContextVar[Current | None] = ContextVar("current operation", default=None)


def begin(request: OperationRequest, caller: Principal | None, ready: Ready | None = None) -> Current:
    """From now on it is this task's operation, and of all whom it starts."""
    current = Current(request, caller, ready)
    _CURRENT.set(current)
    return current


def current_operation() -> Current | None:
    """This task's newest operation."""
    return _CURRENT.get()


def operation_of(request_id: str) -> Current | None:
    """The operation of this request, if it was one."""
    current = _CURRENT.get()
    return current if current is not None and current.request.request_id == request_id else None
