"""A word drives a search or is probed row by row: both find the same rows, of one tenant."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import ColumnElement, Integer, Table, bindparam, select

from db.customers import LISTING as CUSTOMERS
from db.list_statements import Listing
from db.orders import LISTING as ORDERS
from db.products import LISTING as PRODUCTS
from db.search import query_words, words_of
from db.statements import compile_statement
from db.tenancy import TenantId
from db.words import DRIVER_LIMIT, WordSource, counted, driven, matches, probed, sampled, word_values
from tests.support.plant import MINE, THEIRS, Floor, planted
from tests.support.properties import bounded

WORDS = st.one_of(
    st.sampled_from(["zo", "zoe", "mu", "s", "brulee", "260314", "0000007", "李", "sku", "cafe"]),
    st.sampled_from(["o", "9", "glas", "nobody"]),
    st.text("aeozmüß李9", min_size=1, max_size=3).map(lambda t: next(iter(words_of(t)), "a")),
)
LISTINGS = st.sampled_from([ORDERS, CUSTOMERS, PRODUCTS])


def chosen(listing: Listing) -> st.SearchStrategy[list[WordSource]]:
    return st.lists(st.sampled_from(listing.sources), min_size=1, unique_by=lambda source: source.name)


SEARCHES = LISTINGS.flatmap(lambda listing: st.tuples(st.just(listing), chosen(listing)))


async def found(floor: Floor, listing: Listing, sources: list[WordSource], word: str, way: str) -> set[str]:
    """The ids of my rows that have the word, found by driving or by probing."""
    table = listing.table
    having = (driven if way == "driven" else probed)(table, sources, 0)
    statement = compile_statement(select(table.c.id).where(table.c.tenant_id == bindparam("tenant"), having))
    return {row["id"] for row in await floor.reader().fetch(statement, **word_values([word]))}


def expected(listing: Listing, sources: list[WordSource], word: str, tenant: TenantId = MINE) -> set[str]:
    """The same decided over the planted rows, by the words that they were kept under."""
    rows, names = planted(tenant), {source.name for source in sources}
    customers = {row["id"]: row for row in rows["customers"]}

    def texts(row: dict[str, str]) -> list[str]:
        match listing.noun:
            case "order":
                customer = customers[row["customer_id"]]
                return [
                    *([row["number"], row["notes"]] if "text" in names else []),
                    *([customer["name"]] if "customer_name" in names else []),
                ]
            case "customer":
                return [row[name] for name in ("name", "email") if name in names]
        return [row["name"], row["sku"]]

    return {
        row["id"] for row in rows[f"{listing.noun}s"] if any(held.startswith(word) for held in words_of(*texts(row)))
    }


@bounded(80)
@given(SEARCHES, WORDS)
async def test_driving_and_probing_find_the_rows_that_hold_the_word(
    floor: Floor, search: tuple[Listing, list[WordSource]], word: str
) -> None:
    right = expected(*search, word)
    assert await found(floor, *search, word, "driven") == right
    assert await found(floor, *search, word, "probed") == right


@pytest.mark.parametrize("way", ["driven", "probed"])
async def test_another_tenants_word_finds_nothing_here(floor: Floor, way: str) -> None:
    sources = list(CUSTOMERS.sources)
    assert expected(CUSTOMERS, sources, "b22", THEIRS)
    assert await found(floor, CUSTOMERS, sources, "b22", way) == set()


@pytest.mark.parametrize("way", ["driven", "probed"])
async def test_a_source_that_is_not_allowed_is_not_searched(floor: Floor, way: str) -> None:
    by_name, by_email = CUSTOMERS.sources
    assert await found(floor, CUSTOMERS, [by_email], "a11", way)
    assert await found(floor, CUSTOMERS, [by_name], "a11", way) == set()


@bounded(40)
@given(SEARCHES, WORDS)
async def test_a_word_is_counted_by_its_places_and_gathered_by_its_rows(
    floor: Floor, search: tuple[Listing, list[WordSource]], word: str
) -> None:
    listing, sources = search
    right = expected(listing, sources, word)
    statement = compile_statement(select(counted(listing.table, sources, 0)))
    places = (await floor.reader().fetch(statement, **word_values([word])))[0][0]
    assert places >= len(right)
    assert bool(places) is bool(right)
    for ids in (matches(listing.table, sources, 0), sampled(listing.table, sources, places + 1)):
        rows = await floor.reader().fetch(compile_statement(ids), **word_values([word]))
        assert sorted(row[0] for row in rows) == sorted(right)


def test_a_count_goes_no_further_than_just_past_the_limit() -> None:
    sql = compile_statement(select(counted(ORDERS.table, ORDERS.sources, 0))).sql
    assert f"LIMIT {DRIVER_LIMIT + 1}" in sql


def test_each_word_is_bounded_by_the_prefix_and_what_follows_it() -> None:
    assert word_values(query_words("Zoë 9")) == {"w0": "zoe", "x0": "zof", "w1": "9", "x1": ":"}


def test_a_words_values_are_the_only_parameters_beside_the_tenant() -> None:
    having = driven(ORDERS.table, ORDERS.sources, 3)
    statement = compile_statement(select(bindparam("one", 1, type_=Integer)).where(having))
    assert set(statement.names) == {"one", "tenant", "w3", "x3"}


@pytest.mark.parametrize("way", [driven, probed, counted])
@pytest.mark.parametrize("listing", [ORDERS, CUSTOMERS, PRODUCTS], ids=lambda listing: listing.noun)
def test_the_tenant_is_asked_for_in_every_table_of_words(
    listing: Listing, way: Callable[[Table, Sequence[WordSource], int], ColumnElement[object]]
) -> None:
    sql = compile_statement(select(way(listing.table, listing.sources, 0))).sql
    for source in listing.sources:
        searched = sql.count(f"{source.terms.name}.source = ")
        assert searched > 0
        assert sql.count(f"{source.terms.name}.tenant_id = $") == searched
