"""Both executors complete the same value: what a mutation's resolver answered, or an event of a stream."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from graphql import ExecutionResult

from db.clock import utc_now
from db.event_cursors import EventCursorCodec
from db.orders import page_of_orders
from db.pages import CursorCodec, PageRequest, SortKey
from resolvers.open_streams import NOBODYS_BOOK
from schema.answers import Answer, answer_of
from schema.denials import denial_errors
from schema.documents import DocumentCache, Refused
from schema.engine.arguments import Arguments
from schema.engine.change import run_mutation
from schema.engine.compile import compile_operation
from schema.engine.engine import Engine
from schema.engine.plan import Unsupported
from schema.engine.roots import Plan, RootValue
from schema.gates import Gatekeeper
from schema.limits import Limits
from schema.live_pages import LiveOp
from schema.masks import MaskKeys
from schema.meter import Meter
from schema.operation import Operation
from schema.orders import LIST
from schema.reach import Reach
from schema.reference import GatedExecutor, Outcome, Reference
from schema.requests import OperationRequest, Ready
from schema.root import schema
from schema.runner import Runner
from tests.support.executors import CORE, difference
from tests.support.facts import ids_of
from tests.support.operations import Asked
from tests.support.world import KEY, World


@dataclass
class Completions:
    """For the callers of one tenant. ``outcomes`` counts what was refused, failed, or was completed by a plan."""

    world: World
    outcomes: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._arguments = Arguments(schema())
        self._gates = Gatekeeper(CORE)
        self._meter = Meter(CORE, Limits())
        self._documents = DocumentCache(CORE, Limits(), hide_suggestions=False)
        codecs = CursorCodec([KEY]), EventCursorCodec([KEY], epoch=7)
        database, hub = self.world.database, self.world.hub
        engine = Engine(schema(), CORE)
        self._runner = Runner(
            database,
            hub,
            *codecs,
            Reference(CORE),
            engine,
            utc_now,
            NOBODYS_BOOK,
            mask_keys=MaskKeys(KEY),
            reach=Reach(CORE, self._gates.all_needs),
        )

    async def change(self, asked: Asked) -> str | None:
        """Run a mutation, then let the reference complete what its resolvers answered. What differs, None when nothing
        does.
        """
        ready = self._ready(asked)
        if ready is None:
            self.outcomes["refused"] += 1
            return None
        operation, again = self._operation(asked, ready), self._ready(asked)
        assert again is not None
        heard: dict[str, Outcome] = {}
        plan = _listening(_compiled(ready, operation, self._arguments), heard)
        result = await self._changed(plan, ready.executor, operation)
        if not heard:
            self.outcomes["refused"] += 1  # an argument was
            return None
        again.executor.context_value = self._operation(asked, again)
        again.executor.go_on(heard)
        return self._compared(result, await self._runner.reference.execute(again.executor), "mutation")

    async def event(self, asked: Asked, source: Any) -> str | None:  # Any: as the subscription's resolver yields it
        """Complete an event by the plan and by the reference."""
        ready = self._ready(asked)
        if ready is None:
            self.outcomes["refused"] += 1
            return None
        engine, operation = self._runner.engine, self._operation(asked, ready)
        assert engine is not None
        done = await engine.complete_event(ready.document, ready.executor, operation, source)
        executor = ready.executor.for_event(source)
        executor.context_value = self._operation(asked, ready)
        expected = await self._runner.reference.execute(executor)
        if isinstance(done, str):
            self.outcomes[f"gave up: {done}"] += 1
            # A malformed argument below a row that is not there is no error.
            told = expected.errors or done == "argument"
            return None if told else f"the engine gave up where the reference answers {expected}"
        self.outcomes["engine"] += 1
        return self._compared(ExecutionResult(done[0], denial_errors(done[1]) or None), expected, "event")

    async def _changed(self, plan: Plan, executor: GatedExecutor, operation: Operation) -> ExecutionResult:
        """As the house runs a mutation."""
        executor.context_value = operation
        operation.variables = executor.variable_values
        outcomes: dict[str, Outcome] = {}
        try:
            data, denials = await run_mutation(plan, operation, executor.variable_values, outcomes)
        except Exception as error:
            self.outcomes[f"gave up: {error.reason if isinstance(error, Unsupported) else 'error'}"] += 1
            executor.go_on(outcomes)
            return await self._runner.reference.execute(executor)
        self.outcomes["engine"] += 1
        return ExecutionResult(data, denial_errors(denials) or None)

    def _ready(self, asked: Asked) -> Ready | None:
        """None when the operation is refused before it runs."""
        document = self._documents.get(asked.document)
        if isinstance(document, Refused):
            return None
        node = document.operation(asked.operation)
        assert not isinstance(node, Refused)
        variables = dict(asked.variables)
        executor = self._runner.reference.prepare(document, node, variables)
        if isinstance(executor, list):
            return None
        verdict = self._gates.judge_again(document, executor, self.world.principal(grants=asked.grants).permissions)
        if verdict.refused:
            return None
        cost = self._meter.cost_of(document, executor, None)
        return Ready(node.operation.value, document, node, asked.operation, variables, verdict, executor, cost)

    def _operation(self, asked: Asked, ready: Ready) -> Operation:
        request = OperationRequest(asked.document, asked.variables, asked.operation, None, "req-test")
        return self._runner.operation(request, ready, self.world.principal(grants=asked.grants))

    @staticmethod
    def _compared(result: ExecutionResult, expected: ExecutionResult, kind: str) -> str | None:
        return difference(_answer(result, kind), _answer(expected, kind))


def _answer(result: ExecutionResult, kind: str) -> Answer:
    return answer_of(result, "req-test", lambda _: None, kind)


def _compiled(ready: Ready, operation: Operation, arguments: Arguments) -> Plan:
    return compile_operation(CORE, ready.executor, operation.denied, arguments, operation.masked)


def _listening(plan: Plan, heard: dict[str, Outcome]) -> Plan:
    """The plan, whose resolvers tell what they answer."""
    return replace(
        plan,
        fields=tuple(
            (key, replace(part, resolver=_told(part.resolver, heard, key)) if isinstance(part, RootValue) else part)
            for key, part in plan.fields
        ),
    )


def _told(resolver: Callable[..., Any], heard: dict[str, Outcome], key: str) -> Callable[..., Any]:  # Any: any resolver
    async def resolve(*args: Any, **arguments: Any) -> Any:  # Any: as above
        assert key not in heard, f"{key} ran twice"
        heard[key] = Outcome()
        try:
            heard[key].value = await resolver(*args, **arguments)
        except Exception as error:
            heard[key].error = error
            raise
        return heard[key].value

    return resolve


async def sources_of(world: World) -> dict[str, list[Any]]:  # Any: as a subscription's resolver yields it
    """Events by root field: of rows that are there, and of one that is not."""
    reader = world.database.reader(world.tenants["acme"])
    page = await page_of_orders(reader, PageRequest((SortKey("created_at", descending=True),), 6))
    found = {
        f"{noun}Events": [
            {
                "type": f"{noun}.updated",
                "id": f"{prefix}_{id_}",
                "entity_id": id_,
                "patch": {"notes": "ö", "total": {"amount": "1.00"}, "list": [1, None, {"a": []}]},
                "ts": datetime(2026, 1, 2, 3, 4, 5, microsecond, UTC),
                "cursor": "abc",
            }
            for id_, microsecond in zip(
                [*await ids_of(world, f"{noun}s", count=3), "0" * 32], (0, 1, 120_000, 0), strict=True
            )
        ]
        for noun, prefix in (("order", "ord"), ("customer", "cus"), ("product", "prd"))
    }
    changes = [
        {"op": op, "id": f"ord_{row['id']}", "index": index, "patch": {"notes": None}, "node": row if index else None}
        for index, (op, row) in enumerate(zip(LiveOp, page.rows, strict=False))
    ]
    spec, binding = LIST, b"binding"
    found["ordersLive"] = [
        {"cursor": "a", "snapshot": (spec, page, binding), "changes": []},
        {"cursor": "b", "snapshot": None, "changes": changes},
    ]
    found["permissionsChanged"] = [{"cursor": "c"}]
    return found
