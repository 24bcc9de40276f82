"""Rows look like those of a real business."""

from datetime import datetime

import pytest

from db.seed import EPOCH
from db.seed.orders import order_rows
from db.seed.parties import customer_rows, plain
from db.seed.plan import TenantPlan, plan_demo
from db.seed.rhythm import as_text, milliseconds, rhythm_until


def columns(plan: TenantPlan, rows: bytes) -> list[list[str]]:
    return [line.split("\t") for line in rows.decode().splitlines()]


def test_names_look_like_those_of_real_people() -> None:
    plan = plan_demo(10_000, 1, EPOCH)[0]
    rows = columns(plan, customer_rows(plan, 0))
    names = [row[1] for row in rows]
    assert any("'" in name for name in names)
    assert any("-" in name for name in names)
    assert max(map(len, names)) > 60
    assert len(set(names)) > 600
    accented = sum(not name.isascii() for name in names)
    assert 0.2 < accented / len(names) < 0.8
    assert all(row[3].isascii() and row[3].endswith(".example") and row[3] == row[3].lower() for row in rows)


def test_notes_are_on_a_third_of_the_orders_and_some_are_long() -> None:
    plan = plan_demo(10_000, 1, EPOCH)[0]
    rows = columns(plan, order_rows(plan, 0) + order_rows(plan, 1))
    notes = [row[5] for row in rows if row[5] != r"\N"]
    assert 0.27 < len(notes) / len(rows) < 0.33
    assert 900 < max(map(len, notes)) < 1_600
    assert any("'" in note and not note.isascii() for note in notes)
    due = sum(row[6] != r"\N" for row in rows)
    assert 0.62 < due / len(rows) < 0.72


def test_old_orders_are_settled_and_new_ones_are_open() -> None:
    plan = plan_demo(20_000, 1, EPOCH)[0]
    oldest, newest = ([row[2] for row in columns(plan, order_rows(plan, index))] for index in (0, 3))
    settled = sum(status in {"DELIVERED", "CANCELLED", "REFUNDED"} for status in oldest)
    assert settled / len(oldest) > 0.97
    assert {"PENDING", "CONFIRMED"} & set(newest[-10:])


def test_orders_keep_working_days_and_grow_in_number() -> None:
    rhythm = rhythm_until(milliseconds(EPOCH))
    moments = [datetime.fromisoformat(as_text(rhythm.at(place / 20_000))) for place in range(20_000)]
    assert moments == sorted(moments)
    weekdays = [sum(moment.weekday() == day for moment in moments) for day in range(7)]
    assert weekdays[1] > 3 * weekdays[6]
    first_year = sum((EPOCH - moment).days >= 365 for moment in moments)
    assert first_year < 0.45 * len(moments)
    assert moments[-1] < EPOCH


@pytest.mark.parametrize(
    ("text", "mailbox"),
    [("Łukasz", "lukasz"), ("D'Angelo", "dangelo"), ("von Döbeln", "von-dobeln"), ("Weiß", "weiss")],
)
def test_a_mailbox_name_is_the_name_in_plain_letters(text: str, mailbox: str) -> None:
    assert plain(text) == mailbox
