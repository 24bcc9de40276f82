"""Connections: one declaration per list, Relay's words, keyset cursors.

``listing(…)`` declares a root list with all its arguments; the types below answer it for any noun. Cursors, counts
and the look past a page's ends cost nothing unless they are selected.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

import strawberry

from db.pages import Page, PageRequest
from schema.caching.declared import cacheable
from schema.declarations import DECLARATION, ListOf
from schema.fields import Info, given, root_gate
from schema.operation import Operation
from schema.page_arguments import PageArguments, binding_for
from schema.weights import COUNTING, paged, weighs

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ListSpec:
    """What a list is made of. ``sources``: the word sources of its search, each with the permission its words need."""

    noun: str
    page: Callable[..., Awaitable[Page]]
    count: Callable[..., Awaitable[tuple[int, bool]]]
    beyond: Callable[..., Awaitable[bool]]
    sources: Mapping[str, str | None]


@dataclass(slots=True)
class Listed:
    """A page with what is needed to answer the rest of its connection."""

    spec: ListSpec
    page: Page
    binding: bytes | None
    """None: found when a cursor is asked for."""
    operation: Operation
    counted: tuple[int, bool] | None = None
    counting: Callable[[], Awaitable[tuple[int, bool]]] | None = None
    """What counts this list together with others like it."""

    @classmethod
    async def read(
        cls,
        spec: ListSpec,
        request: PageRequest,
        binding: bytes,
        operation: Operation,
        columns: Sequence[str] | None = None,
    ) -> "Listed":
        """The page that is asked for; ``columns`` None means all."""
        page = await operation.unanswered.ask(
            lambda: spec.page(operation.read, request, columns), lambda: (spec.page, binding, request.place)
        )
        return cls(spec, page, binding, operation)

    def cursor_of(self, row: Any) -> str:  # Any: a row
        return self.operation.cursors.encode(self._bound(), self.page.key_of(row))

    async def count(self) -> tuple[int, bool]:
        if self.counted is None:
            count, request = self.spec.count, self.page.request
            counting = self.counting or partial(count, self.operation.read, request)
            self.counted = await self.operation.unanswered.ask(counting, lambda: (count, self._bound()))
        return self.counted

    async def goes_on(self, *, ahead: bool) -> bool:
        """Whether there are rows after the page, or (not ``ahead``) before it."""
        beyond = self.spec.beyond
        return await self.operation.unanswered.ask(
            lambda: beyond(self.operation.read, self.page, ahead=ahead),
            lambda: (beyond, self._bound(), self.page.request.place, ahead),
        )

    def _bound(self) -> bytes:
        if self.binding is None:
            self.binding = binding_for(self.operation, self.spec.noun, self.page.request)
        return self.binding


@strawberry.type(description="Where a page stands in its list.", directives=weighs("0"))
class PageInfo:
    """Relay's PageInfo; both ends are true to the list, whichever way it was read."""

    @strawberry.field
    async def has_next_page(self, root: strawberry.Parent[Any]) -> bool:  # Any: a Listed
        return bool(await root.goes_on(ahead=True))

    @strawberry.field
    async def has_previous_page(self, root: strawberry.Parent[Any]) -> bool:  # Any: a Listed
        return bool(await root.goes_on(ahead=False))

    @strawberry.field
    def start_cursor(self, root: strawberry.Parent[Any]) -> str | None:  # Any: a Listed
        return root.cursor_of(root.page.rows[0]) if root.page.rows else None

    @strawberry.field
    def end_cursor(self, root: strawberry.Parent[Any]) -> str | None:  # Any: a Listed
        return root.cursor_of(root.page.rows[-1]) if root.page.rows else None


async def _total_count(root: strawberry.Parent[Any]) -> int:  # Any: a Listed
    return int((await root.count())[0])


async def _is_estimate(root: strawberry.Parent[Any]) -> bool:  # Any: a Listed
    return bool((await root.count())[1])


@strawberry.type(directives=weighs("0"))
class Edge(Generic[T]):
    """A row and its cursor."""

    @strawberry.field
    def cursor(self, root: strawberry.Parent[Any]) -> str:  # Any: (Listed, row)
        return str(root[0].cursor_of(root[1]))

    @strawberry.field
    def node(self, root: strawberry.Parent[Any]) -> T:  # Any: (Listed, row)
        node: T = root[1]
        return node


@strawberry.type
class Connection(Generic[T]):
    """A page of a list."""

    @strawberry.field
    def edges(self, root: strawberry.Parent[Any]) -> list[Edge[T]]:  # Any: a Listed
        edges: list[Any] = [(root, row) for row in root.page.rows]
        return edges

    @strawberry.field
    def nodes(self, root: strawberry.Parent[Any]) -> list[T]:  # Any: a Listed
        return list(root.page.rows)

    @strawberry.field
    def page_info(self, root: strawberry.Parent[Any]) -> PageInfo:  # Any: a Listed
        page_info: PageInfo = root
        return page_info

    total_count: int = strawberry.field(
        resolver=_total_count,
        directives=weighs(COUNTING),
        description="How many rows the whole list has: exact up to 10,000, beyond it the planner's estimate.",
    )
    total_count_is_estimate: bool = strawberry.field(
        resolver=_is_estimate, directives=weighs(COUNTING), description="Whether totalCount is an estimate."
    )


def listing(
    spec: ListSpec, *, where: type, sort: type, gate: str | None, description: str
) -> Any:  # Any: a field specifier
    """A root list with all its arguments: ``orders: Connection[Order] = listing(…)``."""

    async def resolve(  # noqa: PLR0913, PLR0917  # the arguments of a list, as Relay names them
        info: Info,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        last: int | None = strawberry.UNSET,
        before: str | None = strawberry.UNSET,
        where: Any = strawberry.UNSET,  # Any: replaced below by the noun's own input
        order_by: Any = strawberry.UNSET,  # Any: as above
        search: str | None = strawberry.UNSET,
        offset: int | None = strawberry.UNSET,
    ) -> Any:  # Any: a Listed
        given_in = (first, after, last, before, where, order_by, search, offset)
        arguments = PageArguments(*map(given, given_in))
        return await Listed.read(spec, *arguments.request(spec, info.context), info.context)

    resolve.__annotations__.update({"where": where | None, "order_by": list[sort] | None})  # type: ignore[valid-type]
    del resolve.__annotations__["return"]
    directives, metadata = [*root_gate(gate), *paged(), *cacheable()], {DECLARATION: ListOf(spec)}
    return strawberry.field(resolver=resolve, directives=directives, description=description, metadata=metadata)
