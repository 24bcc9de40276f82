"""Waves: what several places ask of one function is asked once, and a failure takes away only what needed it."""

import asyncio
from typing import Any

import pytest

from schema.engine.waves import Waves
from schema.loading import Unanswered
from tests.support.library import SHELF, A, C, D, Desk, Library, told

Rows = dict[str, str]


async def test_one_relation_under_several_names_is_asked_once_with_all_columns() -> None:
    desk = Desk(Library())
    text = f'{{ shelf(id: "{SHELF}") {{ books {{ title }} b: books {{ pages }} keeper {{ name }} owner {{ name }} }} }}'
    data = await desk.by_engine(text)
    assert data["shelf"]["b"] == [{"pages": 100}, {"pages": 200}, {"pages": 300}]
    assert (data["shelf"]["keeper"], data["shelf"]["owner"]) == ({"name": "Dan"}, {"name": "Cleo"})
    assert desk.library.asked[1:] == [("books", (A,), ("title", "pages")), ("people", (D, C), ("name",))]


async def test_root_fields_are_read_together() -> None:
    desk = Desk(Library())
    other = f"shf_{'1' * 32}"
    text = f"""{{ a: shelf(id: "{SHELF}") {{ label }} b: shelf(id: "{other}") {{ label }}
        c: shelf(id: "{SHELF}") {{ height }} }}"""
    assert await desk.by_engine(text) == {"a": {"label": "Novels"}, "b": None, "c": {"height": 2}}
    assert desk.library.asked == [("shelves", (A, "1" * 32), ("label", "height"))]


async def test_a_failure_is_told_where_it_was_needed_and_the_rest_is_there() -> None:
    desk = Desk(Library(failing={"books"}))
    text = f'{{ a: shelf(id: "{SHELF}") {{ label }} b: shelf(id: "{SHELF}") {{ books {{ title }} }} opened }}'
    answer = await desk.answer(text)
    assert answer.data == {"a": {"label": "Novels"}, "b": None, "opened": True}
    assert told(answer) == [(["b", "books"], "books are out")]
    assert desk.calls == {"shelves": 2, "books": 2}


async def test_branches_that_failed_keep_no_others_waiting() -> None:
    desk = Desk(Library(failing={"books"}))
    deep = "owner { name } keeper { name }"
    text = f"""{{ a: shelf(id: "{SHELF}") {{ books {{ title }} b: books {{ author {{ name }} }} {deep} }}
        b: shelf(id: "{SHELF}") {{ {deep} }} }}"""
    answer = await desk.answer(text)
    assert answer.data == {"a": None, "b": {"owner": {"name": "Cleo"}, "keeper": {"name": "Dan"}}}


class Held:
    """A function that answers when it is told to."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.begun, self.may = asyncio.Event(), asyncio.Event()

    async def __call__(self, _: object, keys: list[str]) -> Rows:
        self.asked.append(keys)
        self.begun.set()
        await self.may.wait()
        return {key: key.upper() for key in keys if key != "nowhere"}


def waves() -> Waves:
    nobody: Any = None  # Any: a context that nothing here asks
    return Waves(nobody, Unanswered())


async def test_a_key_is_asked_once_and_one_that_is_nowhere_is_missing() -> None:
    run, held = waves(), Held()
    held.may.set()
    assert await run.load(held, ["a", "nowhere"], ()) == {"a": "A"}
    assert await run.load(held, ["nowhere", "b", "a"], ()) == {"b": "B", "a": "A"}
    assert held.asked == [["a", "nowhere"], ["b"]]


async def test_other_arguments_are_another_question() -> None:
    run, held = waves(), Held()
    held.may.set()
    for same in ("one", "other"):
        assert await run.load(held, ["a"], (), same) == {"a": "A"}
    assert held.asked == [["a"], ["a"]]


async def test_a_wave_waits_for_the_branch_that_is_not_there_yet() -> None:
    run, held, late = waves(), Held(), asyncio.Event()
    held.may.set()

    async def soon() -> object:
        return await run.load(held, ["a"], ())

    async def later() -> object:
        await late.wait()
        return await run.load(held, ["b"], ())

    asked = asyncio.ensure_future(run.all([soon, later, soon]))
    await asyncio.sleep(0)
    assert held.asked == []
    late.set()
    assert await asked == [{"a": "A"}, {"b": "B"}, {"a": "A"}]
    assert held.asked == [["a", "b"]]


async def test_a_branch_that_asks_nothing_keeps_nobody_waiting() -> None:
    run, held = waves(), Held()
    held.may.set()

    async def nothing() -> None:
        await asyncio.sleep(0)

    async def below() -> object:
        return await run.all([lambda: run.load(held, ["a"], ()), nothing])

    assert await run.all([nothing, below, nothing]) == [None, [{"a": "A"}, None], None]


async def test_a_caller_who_goes_away_leaves_nothing_behind() -> None:
    run, held, before = waves(), Held(), asyncio.all_tasks()

    async def asks(key: str) -> object:
        return await run.all([lambda: run.load(held, [key], ()), lambda: run.load(held, [key * 2], ())])

    asked = asyncio.ensure_future(run.each([lambda: asks("a"), lambda: asks("b")]))
    await held.begun.wait()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert asyncio.all_tasks() <= before
    assert held.asked == [["a", "aa", "b", "bb"]]
