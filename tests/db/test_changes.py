"""How a row of any noun is written: held, inserted, changed, with its words kept."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from db import customers, products
from db.changes import insert_row, insert_words, lock_row, update_row
from db.errors import Duplicate
from db.events import EventDraft
from db.ids import new_id
from db.list_statements import Listing
from db.statements import Statement
from db.tenancy import Row
from tests.support.plant import NOON, Floor

EVENT = EventDraft("customer.updated", "customer", "0" * 32, 2, None, {"id": "0" * 32})
LATER = NOON + timedelta(days=300)
NOUNS = {"customers": customers.LISTING, "products": products.LISTING}


def new_row(floor: Floor, table: str, **changes: Any) -> dict[str, Any]:  # Any: columns
    """A planted row with an id of its own."""
    row = {**floor.rows[table][0], "id": new_id(), **({"sku": new_id()} if table == "products" else {}), **changes}
    del row["tenant_id"]
    return row


async def inserted(floor: Floor, table: str, **changes: Any) -> Row:  # Any: columns
    async with floor.writer() as writer:
        row = await insert_row(writer, NOUNS[table], new_row(floor, table, **changes))
        await insert_words(writer, NOUNS[table], row)
        writer.record(EVENT)
    return row


async def changed(floor: Floor, listing: Listing, row_id: str, **changes: Any) -> Row:  # Any: columns
    async with floor.writer() as writer:
        row = await lock_row(writer, listing, row_id)
        assert row is not None
        after = await update_row(writer, listing, row, changes, LATER)
        writer.record(EVENT)
    return after


async def words(floor: Floor, noun: str, row_id: str) -> set[tuple[int, str]]:
    rows = await floor.raw(f"SELECT source, term FROM {noun}_terms WHERE {noun}_id = $1", row_id)
    return {(row["source"], row["term"]) for row in rows}


@pytest.mark.parametrize("table", NOUNS)
async def test_a_row_is_read_as_it_was_written(fresh_floor: Floor, table: str) -> None:
    given = new_row(fresh_floor, table, name="Crème 🎉")
    async with fresh_floor.writer() as writer:
        assert dict(await insert_row(writer, NOUNS[table], given)) == given
        held = await lock_row(writer, NOUNS[table], given["id"])
        assert held is not None
        assert dict(held) == given


@pytest.mark.parametrize("table", NOUNS)
async def test_a_change_grows_the_version_by_one_and_touches_nothing_else(fresh_floor: Floor, table: str) -> None:
    row = await inserted(fresh_floor, table)
    after = await changed(fresh_floor, NOUNS[table], row["id"], name="Öl")
    assert dict(after) == {**row, "name": "Öl", "version": 2, "updated_at": LATER}


@pytest.mark.parametrize("table", NOUNS)
async def test_the_time_of_a_change_never_goes_back(fresh_floor: Floor, table: str) -> None:
    ahead = LATER + timedelta(days=1)
    row = await inserted(fresh_floor, table, updated_at=ahead)
    assert (await changed(fresh_floor, NOUNS[table], row["id"], name="Öl"))["updated_at"] == ahead


async def test_only_the_words_of_a_changed_text_are_written_anew(fresh_floor: Floor) -> None:
    row = await inserted(fresh_floor, "customers", name="Zoë Müller", email="zoe@old.example")
    assert await words(fresh_floor, "customer", row["id"]) == {
        *((0, word) for word in ("zoe", "muller")),
        *((1, word) for word in ("zoe", "old", "example")),
    }
    before = await fresh_floor.raw(
        "SELECT xmin::text FROM customer_terms WHERE customer_id = $1 AND source = 0", row["id"]
    )
    await changed(fresh_floor, customers.LISTING, row["id"], email="mueller@new.example")
    assert await words(fresh_floor, "customer", row["id"]) == {
        *((0, word) for word in ("zoe", "muller")),
        *((1, word) for word in ("mueller", "new", "example")),
    }
    after = await fresh_floor.raw(
        "SELECT xmin::text FROM customer_terms WHERE customer_id = $1 AND source = 0", row["id"]
    )
    assert after == before


async def test_the_words_of_two_texts_in_one_source_stay_whole_when_one_changes(fresh_floor: Floor) -> None:
    row = await inserted(fresh_floor, "products", name="Blue Lamp", sku="LMP-1")
    await changed(fresh_floor, products.LISTING, row["id"], name="Green Lamp")
    assert {word for _, word in await words(fresh_floor, "product", row["id"])} == {"green", "lamp", "lmp", "1"}


async def test_a_change_without_texts_leaves_the_words_alone(fresh_floor: Floor) -> None:
    row = await inserted(fresh_floor, "products", name="Blue Lamp")
    before = await words(fresh_floor, "product", row["id"])
    await changed(fresh_floor, products.LISTING, row["id"], price=1)
    assert await words(fresh_floor, "product", row["id"]) == before != set()


@pytest.mark.parametrize("table", NOUNS)
async def test_a_locked_row_is_held_against_other_writers(fresh_floor: Floor, table: str) -> None:
    row_id = fresh_floor.rows[table][0]["id"]
    impatient = Statement(f"SELECT 1 FROM {table} WHERE id = $1 FOR UPDATE NOWAIT", ("id",), {})
    async with fresh_floor.writer() as writer:
        await lock_row(writer, NOUNS[table], row_id)
        with pytest.raises(asyncpg.LockNotAvailableError):
            await fresh_floor.reader().fetch(impatient, id=row_id)


@pytest.mark.parametrize("table", NOUNS)
async def test_a_row_that_does_not_exist_cannot_be_locked(floor: Floor, table: str) -> None:
    async with floor.writer() as writer:
        assert await lock_row(writer, NOUNS[table], "0" * 32) is None


async def test_a_unique_key_that_is_taken_is_told_and_nothing_is_written(fresh_floor: Floor) -> None:
    first, second = (row["sku"] for row in fresh_floor.rows["products"][:2])
    before = await fresh_floor.raw("SELECT p::text FROM products p ORDER BY id")
    with pytest.raises(Duplicate):
        await inserted(fresh_floor, "products", sku=first)
    with pytest.raises(Duplicate):
        await changed(fresh_floor, products.LISTING, fresh_floor.rows["products"][1]["id"], sku=first)
    assert await fresh_floor.raw("SELECT p::text FROM products p ORDER BY id") == before
    assert second != first
