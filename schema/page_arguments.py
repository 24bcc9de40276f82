"""A list's arguments, and the page that they ask for."""

import enum
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import strawberry

from db.pages import CursorCodec, Key, PageRequest, SortKey, binding_of
from db.search import query_words
from resolvers.errors import InvalidInput
from schema.filters import condition_of
from schema.operation import Operation
from schema.weights import DEFAULT_PAGE

if TYPE_CHECKING:
    from schema.connections import ListSpec

LARGEST_PAGE, EXPORT_PAGE = 100, 500
LARGEST_OFFSET = 10_000
MAX_SORTS = 3
MAX_SEARCH = 200


@strawberry.enum(description="Which way a list is sorted.")
class SortDirection(enum.Enum):
    """Ascending or descending."""

    ASC = "ASC"
    DESC = "DESC"


@strawberry.enum(description="Where rows without a value stand. Without it they stand last.")
class NullsOrder(enum.Enum):
    """First or last, whatever the direction."""

    FIRST = "FIRST"
    LAST = "LAST"


class PageArguments(NamedTuple):
    """A list's arguments as they came in."""

    first: int | None
    after: str | None
    last: int | None
    before: str | None
    where: Any  # Any: a noun's where-input
    order_by: Sequence[Any] | None
    search: str | None
    offset: int | None

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> "PageArguments":  # Any: an argument of any type
        """From the arguments by their Python names; one that is missing was left out."""
        unset = strawberry.UNSET
        return cls(*[None if value is unset else value for value in map(arguments.get, cls._fields)])

    def request(self, spec: "ListSpec", operation: Operation) -> tuple[PageRequest, bytes]:
        """The page that is asked for and what its cursors are bound to. Raises InvalidInput, BadCursor."""
        allows = operation.read.principal.permissions.allows
        largest = EXPORT_PAGE if allows("export:run") else LARGEST_PAGE
        sources = [name for name, gate in spec.sources.items() if gate is None or allows(gate)]
        whole = self.whole(largest, frozenset(sources))
        binding = binding_for(operation, spec.noun, whole)
        return self.placed(whole, binding, operation), binding

    def whole(self, largest: int, sources: frozenset[str] = frozenset()) -> PageRequest:
        """The page without its place: no cursor is looked at. Raises InvalidInput."""
        limit, backward, offset = self._limit(largest), self.last is not None, self._offset()
        if self.where is None and self.search is None and not self.order_by:
            return _usual(limit, backward, offset, sources)
        order, where = _order(self.order_by), condition_of(self.where)
        words = tuple(_words(self.search) or ())
        return PageRequest(order, limit, backward, offset=offset, where=where, words=words, sources=sources)

    def placed(self, whole: PageRequest, binding: bytes, operation: Operation) -> PageRequest:
        """The same after and before the cursors. Raises BadCursor."""
        if self.after is None and self.before is None:
            return whole
        cursors = operation.cursors
        after, before = _key(cursors, binding, self.after), _key(cursors, binding, self.before)
        return whole.between(after, before)

    def _limit(self, largest: int) -> int:
        if self.first is not None and self.last is not None:
            raise InvalidInput("Give first or last, not both.")
        size = self.first if self.first is not None else self.last if self.last is not None else DEFAULT_PAGE
        if not 0 <= size <= largest:
            raise InvalidInput(f"A page has from 0 to {largest} rows.")
        return size

    def _offset(self) -> int:
        if self.offset is None:
            return 0
        if self.last is not None or self.after is not None or self.before is not None:
            raise InvalidInput("offset goes with first alone.")
        if not 0 <= self.offset <= LARGEST_OFFSET:
            raise InvalidInput(f"An offset is from 0 to {LARGEST_OFFSET}; go on with after.")
        return self.offset


def binding_for(operation: Operation, noun: str, request: PageRequest) -> bytes:
    """What the cursors of a list are bound to. Raises BadValue."""
    return binding_of(operation.read.principal.tenant, noun, request.order, request.where, request.words)


@lru_cache(maxsize=1_024)
def _usual(limit: int, backward: bool, offset: int, sources: frozenset[str]) -> PageRequest:
    """A list as it is without a word on its order or what is in it: what most pages ask for."""
    return PageRequest(_order(None), limit, backward, offset=offset, sources=sources)


def _order(order_by: Sequence[Any] | None) -> tuple[SortKey, ...]:  # Any: a noun's sort-inputs
    if not order_by:
        return (SortKey("created_at", descending=True),)
    if len(order_by) > MAX_SORTS:
        raise InvalidInput(f"A list is sorted by at most {MAX_SORTS} fields.")
    if len({sort.field for sort in order_by}) < len(order_by):
        raise InvalidInput("A list is sorted by each field once.")
    return tuple(
        SortKey(sort.field.value, sort.direction is SortDirection.DESC, sort.nulls is not NullsOrder.FIRST)
        for sort in order_by
    )


def _words(search: str | None) -> list[str] | None:
    if search is None:
        return None
    if len(search) > MAX_SEARCH:
        raise InvalidInput(f"A search holds at most {MAX_SEARCH} characters.")
    if "\0" in search:
        raise InvalidInput("A search holds no NUL.")
    return query_words(search)


def _key(codec: CursorCodec, binding: bytes, cursor: str | None) -> Key | None:
    return None if cursor is None else codec.decode(binding, cursor)
