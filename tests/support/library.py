"""A tiny schema of declared fields over rows in memory, whose batch functions can be made to misbehave."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Generic, Protocol, TypeVar, cast

import strawberry
from graphql import ExecutionResult, GraphQLSchema

from auth.permissions import PermissionSet
from db.event_cursors import EventCursorCodec
from db.pages import CursorCodec
from db.tenancy import TenantId
from resolvers.context import ReadContext
from schema.denials import denial_errors
from schema.documents import Document, DocumentCache
from schema.engine.arguments import Arguments
from schema.engine.engine import Engine
from schema.fields import by_id, column, computed, embedded, root_field, to_many, to_one
from schema.limits import Limits
from schema.masks import MaskKeys
from schema.operation import Operation
from schema.reference import GatedExecutor, Reference

KEY = b"a key for tests, 32 bytes long.."
A, B, C, D = ("0" * 31 + digit for digit in "abcd")
SHELF = f"shf_{A}"


class Row:
    """As the driver's record: values in order, found by name too."""

    def __init__(self, values: Mapping[str, Any]) -> None:  # Any: a column's value
        self._values = dict(values)

    def __iter__(self) -> Iterator[Any]:  # Any: a column's value
        return iter(self._values.values())

    def __getitem__(self, name: str) -> Any:  # Any: a column's value
        return self._values[name]

    def keys(self) -> list[str]:
        return list(self._values)


@dataclass
class Library:
    """Shelves, books and people by key. ``asked`` remembers each call: which noun, which keys, which columns."""

    shelves: dict[str, dict[str, Any]] = field(  # Any: a column's value
        default_factory=lambda: {A: {"id": A, "label": "Novels", "owner": C, "keeper": D, "height": 2}}
    )
    people: dict[str, dict[str, Any]] = field(  # Any: as above
        default_factory=lambda: {C: {"id": C, "name": "Cleo"}, D: {"id": D, "name": "Dan"}}
    )
    books: dict[str, list[dict[str, Any]]] = field(  # Any: as above
        default_factory=lambda: {
            A: [
                {"shelf": A, "title": "One", "author": C, "pages": 100, "price": 5},
                {"shelf": A, "title": "Two", "author": D, "pages": 200, "price": 6},
                {"shelf": A, "title": "Three", "author": C, "pages": 300, "price": 7},
            ]
        }
    )
    asked: list[tuple[str, tuple[str, ...], tuple[str, ...] | None]] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)
    """Nouns whose function raises."""
    answers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = field(default_factory=dict)  # Any: rows by key
    """By noun: what is done to a function's answer before it is given."""

    async def find_shelves(
        self, _: ReadContext, keys: Sequence[str], columns: Sequence[str] | None
    ) -> dict[str, Any]:  # Any: rows
        found = {key: _row(self.shelves[key], columns) for key in keys if key in self.shelves}
        return self._answer("shelves", keys, columns, found)

    async def find_people(
        self, _: ReadContext, keys: Sequence[str], columns: Sequence[str] | None
    ) -> dict[str, Any]:  # Any: rows
        found = {key: _row(self.people[key], columns) for key in keys if key in self.people}
        return self._answer("people", keys, columns, found)

    async def find_books(
        self, _: ReadContext, keys: Sequence[str], columns: Sequence[str] | None
    ) -> dict[str, Any]:  # Any: rows
        found = {key: [_row(book, columns) for book in self.books[key]] for key in keys if key in self.books}
        return self._answer("books", keys, columns, found)

    def _answer(
        self, noun: str, keys: Sequence[str], columns: Sequence[str] | None, found: dict[str, Any]
    ) -> dict[str, Any]:  # Any: rows by key
        self.asked.append((noun, tuple(keys), None if columns is None else tuple(columns)))
        if noun in self.failing:
            raise ConnectionError(f"{noun} are out")
        return self.answers[noun](found) if noun in self.answers else found

    def schema(self) -> strawberry.Schema:
        """The language of this library."""
        library = self

        @strawberry.type
        class Person:
            name: str = column("name")

        @strawberry.type
        class Price:
            amount: int = column("amount")
            text: str = computed(lambda amount: f"{amount}.00", "amount")

        @strawberry.type
        class Book:
            title: str = column("title")
            pages: int = column("pages")
            sheets: int | None = computed(lambda pages: pages // 2 or None, "pages")
            weight: float = column("pages")
            price: Price = embedded(amount="price")
            author: Person = to_one(library.find_people, key="author")

        @strawberry.type
        class Shelf:
            label: str | None = column("label")
            height: int | None = column("height")
            owner: Person | None = to_one(library.find_people, key="owner")
            keeper: Person = to_one(library.find_people, key="keeper")
            books: list[Book] = to_many(library.find_books, key="id", at_most=10)
            lent: list[Book] = to_many(library.find_books, key="owner", at_most=10)

        @strawberry.type
        class Query:
            shelf: Shelf | None = by_id(library.find_shelves, "shf")
            opened: bool = root_field(lambda: True, gate=None)
            closed: bool = strawberry.field(resolver=lambda: False)

        return strawberry.Schema(query=Query)


def _row(values: Mapping[str, Any], columns: Sequence[str] | None) -> Row:  # Any: a column's value
    return Row(values if columns is None else {name: values[name] for name in columns})


class Place(Protocol):
    """Something with a language of its own; ``asked`` remembers each call of a batch function."""

    asked: list[tuple[str, tuple[str, ...], tuple[str, ...] | None]]

    def schema(self) -> strawberry.Schema: ...


P = TypeVar("P", bound=Place)


@dataclass
class Desk(Generic[P]):
    """Runs documents over a library, or another place: by the engine, which may hand on, or by the reference alone."""

    library: P
    denied: dict[str, str] = field(default_factory=dict)
    masked: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        schema = self.library.schema()
        self.core: GraphQLSchema = schema._schema
        self.engine = Engine(schema, self.core)
        self.arguments = Arguments(schema)
        self._reference = Reference(self.core)
        self.documents = DocumentCache(self.core, Limits(), hide_suggestions=False)

    def document(self, text: str) -> Document:
        document = self.documents.get(text)
        assert isinstance(document, Document), document
        return document

    def executor(
        self,
        text: str,
        variables: dict[str, Any] | None = None,  # Any: JSON
        name: str | None = None,
    ) -> GatedExecutor:
        principal = SimpleNamespace(tenant=TenantId("0" * 32), permissions=PermissionSet(frozenset()))
        nobody = cast(ReadContext, SimpleNamespace(reader=nullcontext(), principal=principal))
        codecs = CursorCodec([KEY]), EventCursorCodec([KEY], epoch=1)
        operation = Operation(nobody, *codecs, self.denied, self.masked, MaskKeys(KEY))
        executor = self._reference.build(self.document(text).node, name, variables or {}, operation)
        assert isinstance(executor, GatedExecutor), executor
        return executor

    async def by_reference(self, text: str, variables: dict[str, Any] | None = None) -> ExecutionResult:  # Any: JSON
        return await self._reference.execute(self.executor(text, variables))

    async def by_engine(
        self,
        text: str,
        variables: dict[str, Any] | None = None,
        name: str | None = None,  # Any: JSON
    ) -> Any:  # Any: JSON, None: not run
        executor = self.executor(text, variables, name)
        done = await self.engine.run(self.document(text), executor, executor.context_value)
        return None if isinstance(done, str) else done[0]

    async def answer(self, text: str, variables: dict[str, Any] | None = None) -> ExecutionResult:  # Any: JSON
        """What the house answers, once: by the engine, with the reference going on where the engine gave up."""
        executor = self.executor(text, variables)
        done = await self.engine.run(self.document(text), executor, executor.context_value)
        if isinstance(done, str):
            return await self._reference.execute(executor)
        return ExecutionResult(done[0], denial_errors(done[1]) or None)

    async def event(self, text: str, source: Any, *, compiled: bool = True) -> ExecutionResult:  # Any: a source event
        """The response for one event of a stream, by the engine if it can."""
        executor = self.executor(text)
        if compiled:
            done = await self.engine.complete_event(self.document(text), executor, executor.context_value, source)
            if not isinstance(done, str):
                return ExecutionResult(done[0], denial_errors(done[1]) or None)
        of_event = executor.for_event(source)
        return await self._reference.execute(of_event)

    async def both(self, text: str, variables: dict[str, Any] | None = None) -> ExecutionResult:  # Any: JSON
        """What the house answers: the engine's, which must be the reference's, or else the reference's."""
        done = await self.by_engine(text, variables)
        expected = await self.by_reference(text, variables)
        if done is not None:
            assert list(done.items()) == list((expected.data or {}).items())
            assert not expected.errors
        return expected

    @property
    def calls(self) -> Counter[str]:
        return Counter(noun for noun, _, _ in self.library.asked)


def told(result: ExecutionResult) -> list[tuple[list[str | int], str]]:
    """Each error's path and message."""
    return [(list(error.path or ()), error.message) for error in result.errors or ()]
