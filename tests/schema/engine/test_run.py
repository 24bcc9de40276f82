"""Running a plan: one call per relation of a level, and nothing of another row when a batch function misbehaves."""

import pytest

from tests.support.library import SHELF, A, B, C, D, Desk, Library, Row, told

TITLES = f'{{ shelf(id: "{SHELF}") {{ label books {{ title author {{ name }} }} }} }}'
OWNER = f'{{ shelf(id: "{SHELF}") {{ label owner {{ name }} }} }}'
NO_NULL = "Cannot return null for non-nullable field"


async def test_each_relation_is_called_once_with_the_columns_that_are_needed() -> None:
    desk = Desk(Library())
    text = f'{{ shelf(id: "{SHELF}") {{ keeper {{ name }} books {{ sheets author {{ name }} }} }} }}'
    data = await desk.by_engine(text)
    assert data["shelf"]["books"][2] == {"sheets": 150, "author": {"name": "Cleo"}}
    assert desk.library.asked == [
        ("shelves", (A,), ("keeper", "id")),
        ("people", (D,), ("name",)),
        ("books", (A,), ("pages", "author")),
        ("people", (C,), ("name",)),
    ]


async def test_a_row_that_does_not_exist_is_null() -> None:
    desk = Desk(Library())
    assert await desk.by_engine(f'{{ shelf(id: "shf_{B}") {{ label }} }}') == {"shelf": None}


async def test_a_missing_row_of_a_nullable_relation_is_null() -> None:
    desk = Desk(Library(people={}))
    assert await desk.by_engine(OWNER) == {"shelf": {"label": "Novels", "owner": None}}


async def test_an_empty_key_of_a_nullable_relation_is_null_and_asks_nobody() -> None:
    library = Library()
    library.shelves[A]["owner"] = None
    desk = Desk(library)
    assert await desk.by_engine(OWNER) == {"shelf": {"label": "Novels", "owner": None}}
    assert desk.calls["people"] == 0


async def test_an_empty_key_of_a_to_many_relation_is_an_empty_list() -> None:
    library = Library()
    library.shelves[A]["owner"] = None
    answer = await Desk(library).both(f'{{ shelf(id: "{SHELF}") {{ lent {{ title }} }} }}')
    assert answer.data == {"shelf": {"lent": []}}


async def test_too_few_rows_of_a_to_many_relation_are_what_there_is() -> None:
    answer = await Desk(Library(books={})).both(TITLES)
    assert answer.data == {"shelf": {"label": "Novels", "books": []}}


async def test_a_missing_row_where_none_may_be_is_an_error_at_its_path_and_nothing_of_another_row() -> None:
    library = Library()
    del library.people[D]
    desk = Desk(library)
    answer = await desk.both(TITLES)
    assert answer.data == {"shelf": None}
    assert told(answer) == [(["shelf", "books", 1, "author"], f"{NO_NULL} Book.author.")]
    assert desk.engine.ran == {"error": 1}


async def test_a_function_that_raises_is_an_error_at_each_path_that_needed_it() -> None:
    desk = Desk(Library(failing={"people"}))
    answer = await desk.both(OWNER)
    assert answer.data == {"shelf": {"label": "Novels", "owner": None}}
    assert told(answer) == [(["shelf", "owner"], "people are out")]


async def test_a_null_in_a_column_that_may_hold_none_is_an_error_at_its_path() -> None:
    library = Library()
    library.books[A][1]["title"] = None
    desk = Desk(library)
    answer = await desk.both(TITLES)
    assert answer.data == {"shelf": None}
    assert told(answer) == [(["shelf", "books", 1, "title"], f"{NO_NULL} Book.title.")]
    assert desk.engine.ran == {"null": 1}


async def test_a_whole_number_beyond_32_bits_is_an_error_at_its_path() -> None:
    library = Library()
    library.shelves[A]["height"] = 2**31
    desk = Desk(library)
    answer = await desk.both(f'{{ shelf(id: "{SHELF}") {{ height label }} }}')
    assert answer.data == {"shelf": {"height": None, "label": "Novels"}}
    assert [path for path, _ in told(answer)] == [["shelf", "height"]]


@pytest.mark.parametrize("height", [None, 2**31 - 1, -(2**31), 0])
async def test_a_whole_number_of_32_bits_or_none_is_written_as_it_is(height: int | None) -> None:
    library = Library()
    library.shelves[A]["height"] = height
    assert await Desk(library).by_engine(f'{{ shelf(id: "{SHELF}") {{ height }} }}') == {"shelf": {"height": height}}


async def test_rows_of_keys_that_nobody_asked_for_are_shown_nowhere() -> None:
    library = Library()
    library.answers["people"] = lambda found: {B: Row({"name": "Nobody's"}), **found}
    answer = await Desk(library).both(TITLES)
    assert answer.errors is None
    assert "Nobody's" not in str(answer.data)


async def test_a_row_that_is_null_is_as_one_that_is_missing() -> None:
    library = Library()
    library.answers["people"] = lambda found: dict.fromkeys(found)
    answer = await Desk(library).both(OWNER)
    assert answer.data == {"shelf": {"label": "Novels", "owner": None}}
    assert answer.errors is None


async def test_a_null_among_rows_where_none_may_be_is_an_error_at_its_path() -> None:
    library = Library()
    library.answers["books"] = lambda found: {key: [None, *rows] for key, rows in found.items()}
    answer = await Desk(library).both(TITLES)
    assert answer.data == {"shelf": None}
    assert told(answer) == [(["shelf", "books", 0], f"{NO_NULL} Shelf.books.")]


async def test_a_failing_root_field_takes_only_itself_away() -> None:
    desk = Desk(Library())
    answer = await desk.both(f'{{ bad: shelf(id: "shf_1") {{ label }} good: shelf(id: "{SHELF}") {{ label }} }}')
    assert answer.data == {"bad": None, "good": {"label": "Novels"}}
    assert [path for path, _ in told(answer)] == [["bad"]]


async def test_a_malformed_argument_gives_the_run_up_before_anything_is_read() -> None:
    desk = Desk(Library())
    text = f'{{ good: shelf(id: "{SHELF}") {{ label }} bad: shelf(id: "shf_1") {{ label }} }}'
    assert await desk.by_engine(text) is None
    assert desk.library.asked == []
