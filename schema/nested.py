"""Nested connections: a page of the rows that belong to each parent, for all parents in one statement.

``connection_of(…)`` declares one. It offers what a root list offers but ``search`` and ``offset``; its cursors are
bound to the parent as well, and go on in the parent's own list only.
"""

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import strawberry

from db.nested import scoped
from db.pages import PageRequest
from schema.connections import Listed, ListSpec
from schema.declarations import DECLARATION, PageOf
from schema.directives import requires
from schema.fields import Info, given
from schema.loading import BatchFunction
from schema.operation import Operation
from schema.page_arguments import LARGEST_PAGE, PageArguments, binding_for
from schema.weights import paged

Counts = Callable[..., Awaitable[Any]]
"""``async (ctx, keys, request) -> {key: (count, whether it is an estimate)}``"""


@dataclass(frozen=True, slots=True)
class NestedSpec:
    """What a nested list is made of: the list that it is a part of, and how it is read for many parents.

    ``pages(ctx, keys, request, columns)`` and ``counts(ctx, keys, request)`` answer for every key; ``link`` is the
    column of the listed rows that holds the parent's key.
    """

    whole: ListSpec
    link: str
    pages: BatchFunction
    counts: Counts


@dataclass(frozen=True, slots=True)
class NestedPages:
    """What one selection of a nested list asks for, the same for all its parents but for the cursors."""

    spec: NestedSpec
    arguments: PageArguments
    request: PageRequest
    binding: bytes
    """Of the whole list: equal ones ask for the same."""
    operation: Operation

    @classmethod
    def asked(cls, spec: NestedSpec, arguments: PageArguments, operation: Operation) -> "NestedPages":
        """Judges all but the cursors. Raises InvalidInput, BadValue."""
        request = arguments.whole(LARGEST_PAGE)
        return cls(spec, arguments, request, binding_for(operation, spec.whole.noun, request), operation)

    @property
    def has_cursors(self) -> bool:
        return self.arguments.after is not None or self.arguments.before is not None

    def request_for(self, key: str) -> PageRequest:
        """The page of one parent, as ``NestedSpec.pages`` takes it. Raises BadCursor."""
        if not self.has_cursors:
            return self.request
        binding = binding_for(self.operation, self.spec.whole.noun, scoped(self.request, self.spec.link, key))
        return self.arguments.placed(self.request, binding, self.operation)

    def same(self, request: PageRequest) -> Hashable:
        """What tells the request from others of the same function."""
        return self.binding, request.limit, request.backward, request.after, request.before

    async def load(self, key: str) -> Listed | None:
        """One parent's list, read together with the others'."""
        request, loaders = self.request_for(key), self.operation.loaders
        same = self.same(request)
        page = await loaders.of(self.spec.pages, (request, None), same).load(key)
        counting = partial(loaders.of(self.spec.counts, (request,), same).load, key)
        return None if page is None else Listed(self.spec.whole, page, None, self.operation, counting=counting)


def connection_of(
    spec: NestedSpec, *, key: str, noun: str, module: str, gate: str, description: str
) -> Any:  # Any: a field specifier
    """A connection below each row, by the row's ``key`` column: ``orders: Connection[Order] = connection_of(…)``.

    The inputs are the noun's own, ``OrderWhere`` and ``OrderSort`` of its ``module``: found when the schema is built,
    so that two nouns may hang on each other.
    """
    where_input: Any = Annotated[f"{noun}Where", strawberry.lazy(module)]
    sort_input: Any = Annotated[f"{noun}Sort", strawberry.lazy(module)]

    async def resolve(  # noqa: PLR0917  # the arguments of a list, as Relay names them
        root: Any,  # Any: a row
        info: Info,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        last: int | None = strawberry.UNSET,
        before: str | None = strawberry.UNSET,
        where: Any = strawberry.UNSET,  # Any: replaced below by the noun's own input
        order_by: Any = strawberry.UNSET,  # Any: as above
    ) -> Any:  # Any: a Listed
        given_in = (first, after, last, before, where, order_by, None, None)
        asked = NestedPages.asked(spec, PageArguments(*map(given, given_in)), info.context)
        return await asked.load(root[key])

    resolve.__annotations__.update({"where": where_input | None, "order_by": list[sort_input] | None})
    del resolve.__annotations__["return"]
    return strawberry.field(
        resolver=resolve,
        directives=[*requires(gate), *paged()],
        description=description,
        metadata={DECLARATION: PageOf(spec, key)},
    )
