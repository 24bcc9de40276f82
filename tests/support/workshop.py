"""A tiny schema of what is no row of a query: payloads of mutations, objects of abstract types, events of a stream."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import strawberry
from strawberry.schema.config import StrawberryConfig

from resolvers.context import ReadContext
from schema.fields import Info, column, given, held, resolved, root_field, to_one
from schema.operation import Operation
from schema.scalars import SCALARS
from tests.support.library import A, B, Row

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@dataclass
class Remark:
    """The source of a remark: ``kind`` decides its type."""

    kind: str
    text: str | None
    by: Row | None = None


@dataclass
class Made:
    """The source of a payload."""

    row: Row | None
    remarks: list[Any] | None  # Any: a Remark, or what should be none
    count: Any  # Any: an int, or what should be none


@strawberry.type
class Worker:
    name: str = column("name")


@strawberry.interface
class Said:
    text: str


@strawberry.type
class Praise(Said):
    @classmethod
    def is_type_of(cls, source: Any, _: object) -> bool:  # Any: a Remark
        return isinstance(source, Remark) and source.kind == "praise"


@strawberry.type
class Blame(Said):
    by: Worker | None

    @classmethod
    def is_type_of(cls, source: Any, _: object) -> bool:  # Any: a Remark
        return isinstance(source, Remark) and source.kind == "blame"


@dataclass
class Workshop:
    """Jobs and workers. ``did`` remembers what mutations did, ``asked`` what batch functions were asked for."""

    workers: dict[str, dict[str, Any]] = field(  # Any: a column's value
        default_factory=lambda: {A: {"id": A, "name": "Ada"}, B: {"id": B, "name": "Ben"}}
    )
    did: list[str] = field(default_factory=list)
    asked: list[tuple[str, tuple[str, ...], tuple[str, ...] | None]] = field(default_factory=list)
    failing: bool = False
    """Whether workers cannot be found."""

    async def find_workers(
        self, _: ReadContext, keys: Sequence[str], columns: Sequence[str] | None
    ) -> dict[str, Any]:  # Any: rows
        self.asked.append(("workers", tuple(keys), None if columns is None else tuple(columns)))
        if self.failing:
            raise ConnectionError("workers are out")
        return {key: Row({"id": key, **self.workers[key]}) for key in keys if key in self.workers}

    async def make(
        self,
        info: Info,
        label: str,
        remarks: list[str] | None = strawberry.UNSET,
        count: int | None = 1,
    ) -> Any:  # Any: a Made
        """Renames its worker. "broken" raises, "lost" answers nothing; a remark's kind is its first word."""
        self.did.append(label)
        assert isinstance(info.context, Operation)
        if label == "broken":
            raise ConnectionError("the vice is out")
        if label == "lost":
            return None
        self.workers[A]["name"] = f"Ada of {label}"
        said = [Remark(text.split()[0], text, Row(self.workers[B])) for text in given(remarks) or ()]
        return Made(Row({"id": A, "label": label, "worker": A, "made": NOON}), said, count)

    async def watch(self) -> AsyncIterator[Any]:  # Any: a source event
        yield {}

    def schema(self) -> strawberry.Schema:
        """The language of this workshop."""
        workshop = self

        @strawberry.type
        class Job:
            label: str = column("label")
            made: datetime = column("made")
            worker: Worker = to_one(workshop.find_workers, key="worker")
            helper: Worker | None = to_one(workshop.find_workers, key="worker")
            shout: str = resolved(lambda _, label: label.upper(), "label")

        @strawberry.type
        class Payload:
            job: Job | None = held("row")
            remarks: list[Said]
            count: int

        @strawberry.type
        class Query:
            idle: bool = root_field(lambda: True, gate=None)

        @strawberry.type
        class Mutation:
            make: Payload = root_field(workshop.make, gate=None)
            attempt: Payload | None = root_field(workshop.make, gate=None)

        @strawberry.type
        class Subscription:
            worked: Job = strawberry.subscription(resolver=workshop.watch)  # type: ignore[assignment]  # typed as its stream

        return strawberry.Schema(
            query=Query,
            mutation=Mutation,
            subscription=Subscription,
            types=[Praise, Blame],
            config=StrawberryConfig(scalar_map=SCALARS),
        )
