"""The gateway with a trace of each operation: its checks, what it asks for, what became of it."""

from auth.budgets import Charge
from auth.principal import Principal
from schema.answers import Answer
from schema.current import Current, current_operation
from schema.execute import Gateway
from schema.live.feed import Feed
from schema.live.member import Member
from schema.requests import OperationRequest, Ready
from schema.tracing import Attributes, Tracing

OPERATION = "GraphQL Operation"
"""What one is called that never came to its kind (OpenTelemetry's conventions)."""


class TracedGateway(Gateway):
    """As the gateway. Made where there is somebody to keep traces."""

    @property
    def _tracing(self) -> Tracing:
        tracing = self._runner.tracing
        if tracing is None:
            raise RuntimeError("a gateway without traces is a Gateway")
        return tracing

    async def answer(self, request: OperationRequest, caller: Principal | None) -> Answer | Feed:
        with self._tracing.span(OPERATION, {"tidegate.request_id": request.request_id}) as span:
            outcome = await super().answer(request, caller)
            current = current_operation()
            if current is not None:
                span.rename(current.known.kind or OPERATION)
                span.set(_facts_of(current))
                if current.code is not None:
                    span.fail(current.code)
            return outcome

    def _prepare(self, request: OperationRequest, caller: Principal | None) -> Ready | Answer:
        with self._tracing.span("prepare") as span:
            ready = super()._prepare(request, caller)
            if isinstance(ready, Answer) and ready.code is not None:
                span.fail(ready.code)
            return ready

    def _open(self, request: OperationRequest, ready: Ready, caller: Principal, charge: Charge | None) -> Feed:
        with self._tracing.span("open stream") as span:
            feed = super()._open(request, ready, caller, charge)
            span.set(_company_of(feed))
            return feed


def _facts_of(current: Current) -> Attributes:
    """By OpenTelemetry's conventions for GraphQL, save the document's text, in which literals stand: its id instead."""
    known, caller = current.known, current.caller
    return {
        "graphql.operation.type": known.kind,
        "graphql.operation.name": known.name,
        "tidegate.document": known.document,
        "tidegate.tenant": current.tenant,
        "tidegate.credential": None if caller is None else caller.credential,
        "tidegate.cost": known.cost,
    }


def _company_of(feed: Feed) -> Attributes:
    """Whom it shares its executions with."""
    if not isinstance(feed, Member):
        return {}
    return {"tidegate.stream.members": len(feed.group.members), "tidegate.stream.runs": len(feed.group.runs)}
