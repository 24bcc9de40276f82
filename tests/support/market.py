"""A tiny schema with a list below each row, whose batch functions can be made to misbehave."""

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import strawberry

from db.nested import scoped
from db.pages import Page, PageRequest
from resolvers.context import ReadContext
from schema.connections import Connection, ListSpec
from schema.fields import by_id, column, to_many, to_one
from schema.filters import StringFilter, filter_on
from schema.nested import NestedSpec, connection_of
from schema.page_arguments import SortDirection
from tests.support.library import A, B, C, Row

MARKET = f"mkt_{A}"
HERE = "tests.support.market"
Changed = Callable[[dict[str, Any]], dict[str, Any]]
"""What is done to a function's answer before it is given."""


@dataclass
class Market:
    """One market with three stalls and what they sell: two things, one, none. ``changed`` spoils answers."""

    asked: list[tuple[str, tuple[str, ...], tuple[str, ...] | None]] = field(default_factory=list)
    changed: dict[str, Changed] = field(default_factory=dict)

    async def find_markets(
        self, _: ReadContext, keys: Sequence[str], columns: Sequence[str] | None
    ) -> dict[str, Any]:  # Any: rows
        return self._answer("markets", keys, columns, {key: Row({"id": key}) for key in keys})

    async def find_stalls(
        self, _: ReadContext, keys: Sequence[str], columns: Sequence[str] | None
    ) -> dict[str, Any]:  # Any: rows
        stalls = [Row({"id": id_, "name": f"stall {id_[-1]}"}) for id_ in (A, B, C)]
        return self._answer("stalls", keys, columns, dict.fromkeys(keys, stalls))

    async def find_makers(
        self, _: ReadContext, keys: Sequence[str], columns: Sequence[str] | None
    ) -> dict[str, Any]:  # Any: rows
        return self._answer("makers", keys, columns, {key: Row({"id": key, "name": f"maker {key}"}) for key in keys})

    async def find_goods(
        self, _: ReadContext, keys: Sequence[str], request: PageRequest, columns: Sequence[str] | None
    ) -> dict[str, Any]:  # Any: pages
        pages = {key: Page.of(scoped(request, "stall", key), goods_of(key)[: request.limit + 1]) for key in keys}
        return self._answer("goods", keys, columns, pages)

    async def count_goods(
        self, _: ReadContext, keys: Sequence[str], request: PageRequest
    ) -> dict[str, Any]:  # Any: counts
        return self._answer("counts", keys, None, {key: (len(goods_of(key)), False) for key in keys})

    def _answer(
        self, noun: str, keys: Sequence[str], columns: Sequence[str] | None, found: dict[str, Any]
    ) -> dict[str, Any]:  # Any: rows, or pages
        self.asked.append((noun, tuple(keys), None if columns is None else tuple(columns)))
        return self.changed[noun](found) if noun in self.changed else found

    def schema(self) -> strawberry.Schema:
        """The language of this market."""
        market = self

        @strawberry.type
        class Maker:
            name: str = column("name")

        @strawberry.type
        class Good:
            label: str = column("label")
            maker: Maker = to_one(market.find_makers, key="maker")

        spec = NestedSpec(
            ListSpec("good", _no, _no, _nothing_beyond, {}), "stall", market.find_goods, market.count_goods
        )

        listed, offered = (
            connection_of(spec, key="id", noun="Good", module=HERE, gate="goods:read", description=text)
            for text in ("What it sells.", "The same, where it may fail.")
        )

        @strawberry.type
        class Stall:
            name: str = column("name")
            goods: Connection[Good] = listed
            offers: Connection[Good] | None = offered

        @strawberry.type
        class Square:
            stalls: list[Stall] = to_many(market.find_stalls, key="id", at_most=10)

        @strawberry.type
        class Query:
            square: Square | None = by_id(market.find_markets, "mkt")

        return strawberry.Schema(query=Query)


def goods_of(stall: str) -> list[Any]:  # Any: rows
    """What a stall sells."""
    return [
        Row(
            {
                "id": f"{stall[-1]}{number}",
                "stall": stall,
                "label": f"{stall[-1]}{number}",
                "maker": f"m{number}",
                "created_at": number,
            }
        )
        for number in range({A: 2, B: 1}.get(stall, 0))
    ]


async def _no(*_: object) -> Any:  # Any: nothing
    raise AssertionError("a nested list is never read as a whole")


async def _nothing_beyond(_: ReadContext, page: Page, *, ahead: bool) -> bool:
    return ahead and page.more


@strawberry.input
class GoodWhere:
    """Conditions on a good."""

    label: StringFilter | None = filter_on("label")


@strawberry.enum
class GoodSortField(enum.Enum):
    """What goods can be sorted by."""

    LABEL = "label"


@strawberry.input
class GoodSort:
    """One field of an order."""

    field: GoodSortField
    direction: SortDirection = SortDirection.ASC
