"""All rows as lines: whole, as their caller may, paid as they go, and honest about where they end."""

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest

from tests.support.database import Dsns
from tests.support.server import Front, serving, settings_for
from tests.web.test_budgets import budget_lines, budgets
from tests.web.test_graphql_audit import log

PATH = "/v1/orders/export"
COUNT = "{ orders { totalCount } }"
PAGE = 7
BASE = 2
"""What a page costs without its rows."""


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.rest.variables.EXPORT_PAGE", PAGE)


async def export(
    front: Front, query: str = "", accept: str = "*/*", headers: Mapping[str, str] | None = None
) -> httpx2.Response:
    given = headers or await front.bearer()
    return await front.client.get(f"{PATH}?{query}", headers={**given, "Accept": accept})


def rows(answer: httpx2.Response) -> list[Any]:  # Any: JSON
    assert answer.headers["content-type"] == "application/x-ndjson; charset=utf-8"
    return [json.loads(line) for line in answer.content.splitlines()]


async def exported(front: Front) -> list[dict[str, Any]]:  # Any: JSON
    """Their records, newest first."""
    return await log(front, {"operationName": {"eq": "ExportOrders"}})


async def test_every_order_is_a_line_once_in_the_order_that_was_asked_for(front: Front) -> None:
    count = (await front.post(COUNT, headers=await front.bearer())).json()["data"]["orders"]["totalCount"]
    answer = await export(front, "sort=-number")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.headers["content-disposition"] == 'attachment; filename="orders.ndjson"'
    numbers = [each["number"] for each in rows(answer)]
    assert len(numbers) == len(set(numbers)) == count > 2 * PAGE
    assert numbers == sorted(numbers, reverse=True)
    (found,) = {each["status"] for each in rows(await export(front, "status=SHIPPED"))}
    assert found == "SHIPPED"


async def test_csv_holds_the_same_for_whoever_asks_for_it(front: Front) -> None:
    plain = rows(await export(front, "sort=number"))
    answer = await export(front, "sort=number", "text/csv, application/x-ndjson;q=0.5")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="orders.csv"'
    table = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    told = [(each["id"], each["number"], each["total"]["amount"], each["notes"] or "") for each in plain]
    assert [(each["id"], each["number"], each["total.amount"], each["notes"]) for each in table] == told


async def test_it_goes_on_from_a_cursor_and_is_on_record_with_its_rows(front: Front) -> None:
    whole = rows(await export(front, "sort=number"))
    first = await front.client.get("/v1/orders?pageSize=10&sort=number", headers=await front.bearer())
    rest = rows(await export(front, f"sort=number&cursor={first.json()['meta']['nextCursor']}"))
    assert rest == whole[10:]
    (newest, *_) = await exported(front)
    assert (newest["action"], newest["kind"], newest["outcome"]) == ("exportOrders", "QUERY", "ALLOWED")


async def test_without_the_permission_nothing_is_read_and_the_try_is_on_record(front: Front) -> None:
    answer = await export(front, headers=await front.bearer("manager"))
    assert (answer.status_code, answer.json()["data"]) == (403, None)
    assert answer.json()["error"] == {"code": "FORBIDDEN", "message": "This needs the permission export:run."}
    assert "DENIED" in {each["outcome"] for each in await exported(front)}
    nobody = await front.client.get(PATH)
    assert nobody.status_code == 401


@pytest.mark.parametrize(
    ("query", "accept", "status", "code"),
    [
        ("page=2", "*/*", 400, "VALIDATION_ERROR"),
        ("first=5000", "*/*", 400, "VALIDATION_ERROR"),
        ("cursor=nonsense", "*/*", 400, "VALIDATION_ERROR"),
        ("status=NONE", "*/*", 400, "VALIDATION_ERROR"),
        ("", "application/json", 406, "BAD_REQUEST"),
        ("", "text/csv;q=0", 406, "BAD_REQUEST"),
    ],
)
async def test_what_cannot_be_told_is_refused_in_the_envelope(
    front: Front, query: str, accept: str, status: int, code: str
) -> None:
    answer = await export(front, query, accept)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_it_is_paid_by_the_rows_that_are_told_however_many_a_page_may_hold(seeded_dsns: Dsns) -> None:
    async with serving(settings_for(seeded_dsns, **budgets(tenant=900))) as front:
        paid = 0.0
        for query in ("search=nobody-has-this", "status=REFUNDED", "status=DELIVERED"):
            told = len(rows(await export(front, query)))
            taken, returned, _ = (float(line.split()[1]) for line in await budget_lines(front) if "tenant" in line)
            paid, before = taken - returned, paid
            assert paid - before == told + BASE * max(1, -(-told // PAGE))


async def test_a_budget_that_is_used_up_ends_it_with_a_line_from_which_to_go_on(seeded_dsns: Dsns) -> None:
    async with serving(settings_for(seeded_dsns, **budgets())) as front:
        whole = rows(await export(front, "sort=number"))
    async with serving(settings_for(seeded_dsns, **budgets(user=20))) as front:
        *told, last = rows(await export(front, "sort=number"))
        assert told == whole[: len(told)]
        assert PAGE <= len(told) < len(whole)
        assert (last["error"]["code"], last["meta"]["rows"]) == ("RATE_LIMITED", len(told))
        assert 1 <= last["error"]["retryAfter"] <= 60
        refused = await export(front, f"sort=number&cursor={last['meta']['nextCursor']}", "text/csv")
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "RATE_LIMITED")
        assert int(refused.headers["retry-after"]) >= 1
    async with serving(settings_for(seeded_dsns, **budgets())) as front:
        rest = rows(await export(front, f"sort=number&cursor={last['meta']['nextCursor']}"))
        assert told + rest == whole
        front.app.state.draining.set()
        *some, stopped = rows(await export(front, "sort=number"))
        assert (some, stopped["error"]["code"]) == (whole[:PAGE], "DRAINING")
