"""Announcements are read by page, by id, by count and by their words; nothing takes one back."""

import asyncpg
import pytest

from db.announcements import (
    announcements_by_id,
    count_of_announcements,
    has_announcements,
    insert_announcement,
    page_of_announcements,
)
from db.events import EventDraft
from db.ids import new_id
from db.pages import PageRequest, SortKey
from tests.support.plant import ANNOUNCEMENTS, MINE, NOON, THEIRS, Floor, as_runtime, planted

NEWEST = PageRequest((SortKey("created_at", descending=True),), 4)
ROWS = planted(MINE)["announcements"]


async def test_a_page_holds_the_newest_announcements(floor: Floor) -> None:
    page = await page_of_announcements(floor.reader(), NEWEST, ("kind",))
    right = sorted(ROWS, key=lambda row: (row["created_at"], row["id"]), reverse=True)[:4]
    assert [(row["id"], row["kind"]) for row in page.rows] == [(row["id"], row["kind"]) for row in right]
    assert await has_announcements(floor.reader(), page, ahead=True)
    assert not await has_announcements(floor.reader(), page, ahead=False)
    assert await count_of_announcements(floor.reader(), NEWEST) == (ANNOUNCEMENTS, False)


async def test_announcements_come_by_their_ids_and_foreign_ones_do_not(floor: Floor) -> None:
    theirs = planted(THEIRS)["announcements"][0]["id"]
    found = await announcements_by_id(floor.reader(), [ROWS[0]["id"], theirs, "0" * 32])
    assert {key: dict(row) for key, row in found.items()} == {
        ROWS[0]["id"]: {name: value for name, value in ROWS[0].items() if name != "tenant_id"}
    }


async def test_a_new_announcement_is_found_by_the_words_of_its_text(fresh_floor: Floor) -> None:
    new = {**ROWS[1], "id": new_id(), "kind": "NOTICE", "text": "Quagga crossing", "created_at": NOON}
    del new["tenant_id"]
    async with fresh_floor.writer() as writer:
        assert dict(await insert_announcement(writer, new)) == new
        writer.record(EventDraft("announcement.made", "announcement", new["id"], 1, None, new))
    request = PageRequest(NEWEST.order, 5, words=("quagga",), sources=frozenset({"text"}))
    assert [row["id"] for row in (await page_of_announcements(fresh_floor.reader(), request)).rows] == [new["id"]]


@pytest.mark.parametrize("statement", ["UPDATE announcements SET text = 'no'", "DELETE FROM announcements"])
async def test_what_was_announced_cannot_be_unsaid(floor: Floor, statement: str) -> None:
    async with as_runtime(floor.dsns, MINE) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)


@pytest.mark.parametrize("columns", [{"kind": "NOTICE", "text": None}, {"kind": "LUNCH"}])
async def test_a_notice_without_a_text_and_an_unknown_bell_are_refused_by_the_table(
    fresh_floor: Floor, columns: dict[str, str | None]
) -> None:
    new = {name: value for name, value in ROWS[0].items() if name != "tenant_id"} | {"id": new_id()} | columns
    with pytest.raises(asyncpg.CheckViolationError):
        async with fresh_floor.writer() as writer:
            await insert_announcement(writer, new)
