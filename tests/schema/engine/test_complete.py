"""Completing an event: by the plan, alike to the reference, and nothing of another row when something fails."""

from typing import Any

import pytest

from tests.support.library import A, B, Desk, Row, told
from tests.support.workshop import NOON, Workshop

NO_NULL = "Cannot return null for non-nullable field"
EVENT = {"label": "table", "worker": A, "made": NOON}


async def _both(selections: str, source: Any, *, failing: bool = False) -> tuple[Desk[Workshop], Any]:  # Any: a source
    """The house's answer to an event, which is the reference's."""
    desk = Desk(Workshop(failing=failing))
    text = f"subscription {{ worked {{ {selections} }} }}"
    answer, expected = await desk.event(text, source), await desk.event(text, source, compiled=False)
    assert answer.data == expected.data
    assert sorted(map(str, told(answer))) == sorted(map(str, told(expected)))
    return desk, answer


@pytest.mark.parametrize("kind", [dict, Row])
async def test_an_event_is_completed_by_its_plan_whatever_kind_of_row_it_is(kind: Any) -> None:  # Any: a mapping
    desk, answer = await _both("made label __typename worker { name } shout also: made", kind(EVENT))
    assert list(answer.data["worked"].items()) == [
        ("made", "2026-11-21T12:00:00Z"),
        ("label", "table"),
        ("__typename", "Job"),
        ("worker", {"name": "Ada"}),
        ("shout", "TABLE"),
        ("also", "2026-11-21T12:00:00Z"),
    ]
    assert desk.engine.ran == {"engine": 1}


async def test_two_events_of_one_stream_share_nothing() -> None:
    desk = Desk(Workshop())
    text = "subscription { worked { label worker { name } } }"
    for label, worker, name in (("one", A, "Ada"), ("two", B, "Ben"), ("three", A, "Ada")):
        answer = await desk.event(text, {**EVENT, "label": label, "worker": worker})
        assert answer.data == {"worked": {"label": label, "worker": {"name": name}}}
    assert desk.calls == {"workers": 3}


async def test_a_source_without_a_column_is_an_error_at_its_path() -> None:
    desk, answer = await _both("label made", {"label": "table"})
    assert answer.data is None
    assert [path for path, _ in told(answer)] == [["worked", "made"]]
    assert desk.engine.ran == {"error": 1}


async def test_a_null_where_none_may_be_is_an_error_at_its_path() -> None:
    desk, answer = await _both("label", {**EVENT, "label": None})
    assert (answer.data, told(answer)) == (None, [(["worked", "label"], f"{NO_NULL} Job.label.")])
    assert desk.engine.ran == {"null": 1}


async def test_a_relation_that_fails_is_an_error_at_its_path() -> None:
    _, answer = await _both("label helper { name }", EVENT, failing=True)
    assert answer.data == {"worked": {"label": "table", "helper": None}}
    assert told(answer) == [(["worked", "helper"], "workers are out")]


async def test_an_exception_as_a_source_is_an_error_at_the_root() -> None:
    desk, answer = await _both("__typename", ValueError("no event"))
    assert (answer.data, told(answer)) == (None, [(["worked"], "no event")])
    assert desk.engine.ran == {"value": 1}


async def test_a_row_that_is_missing_is_null_where_it_may_be() -> None:
    _, answer = await _both("label helper { name }", {**EVENT, "worker": "0" * 32})
    assert answer.data == {"worked": {"label": "table", "helper": None}}
