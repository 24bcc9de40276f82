"""Mutations: each resolver runs exactly once, whatever becomes of its payload, and both executors tell it alike."""

from typing import Any

import pytest

from tests.support.library import A, B, Desk, told
from tests.support.workshop import Workshop

NO_NULL = "Cannot return null for non-nullable field"


async def _both(
    text: str,
    variables: dict[str, Any] | None = None,  # Any: JSON
    denied: dict[str, str] | None = None,
    *,
    failing: bool = False,
) -> tuple[Desk[Workshop], Any]:  # Any: a result whose data are JSON
    """The house's answer, which is the reference's; each ran in a workshop of its own."""
    desk, other = (Desk(Workshop(failing=failing), denied or {}) for _ in range(2))
    answer, expected = await desk.answer(text, variables), await other.by_reference(text, variables)
    assert answer.data == expected.data
    assert sorted(map(str, told(answer))) == sorted(map(str, told(expected)))
    assert desk.library.did == other.library.did
    return desk, answer


async def test_a_payload_is_completed_by_its_plan() -> None:
    text = """mutation { make(label: "table", remarks: ["praise it", "blame it", "praise more"]) {
        job { label made worker { name } shout } count
        remarks { __typename text ... on Blame { by { name } } } } }"""
    desk, answer = await _both(text)
    made = answer.data["make"]
    assert made["job"]["shout"] == "TABLE"
    assert made["job"]["worker"] == {"name": "Ada of table"}
    assert [remark["__typename"] for remark in made["remarks"]] == ["Praise", "Blame", "Praise"]
    assert desk.engine.ran == {"engine": 1}
    assert desk.library.asked == [("workers", (A,), ("name",))]


async def test_root_fields_run_one_after_another_and_payloads_show_what_was_then() -> None:
    text = """mutation { a: make(label: "one") { job { worker { name } } }
        b: make(label: "two") { job { worker { name } } } }"""
    desk, answer = await _both(text)
    names = [answer.data[key]["job"]["worker"]["name"] for key in "ab"]
    assert names == ["Ada of one", "Ada of two"]
    assert desk.library.did == ["one", "two"]


async def test_a_resolver_that_raises_has_run_once_and_ends_the_operation_where_no_null_may_be() -> None:
    desk, answer = await _both('mutation { a: make(label: "broken") { count } b: make(label: "never") { count } }')
    assert (answer.data, told(answer)) == (None, [(["a"], "the vice is out")])
    assert desk.library.did == ["broken"]


async def test_a_nullable_field_that_raises_has_run_once_and_the_next_runs() -> None:
    text = 'mutation { a: attempt(label: "broken") { count } b: make(label: "b") { count } }'
    desk, answer = await _both(text)
    assert answer.data == {"a": None, "b": {"count": 1}}
    assert desk.library.did == ["broken", "b"]


async def test_a_resolver_that_answers_nothing_has_run_once() -> None:
    desk, answer = await _both('mutation { a: attempt(label: "lost") { count } b: make(label: "lost") { count } }')
    assert (answer.data, told(answer)) == (None, [(["b"], f"{NO_NULL} Mutation.make.")])
    assert desk.library.did == ["lost", "lost"]


@pytest.mark.parametrize("others", ["", 'before: make(label: "before") { job { worker { name } } }'])
async def test_a_payload_that_fails_is_completed_from_the_same_value(others: str) -> None:
    text = f"""mutation {{ {others} a: attempt(label: "a", count: null) {{ count job {{ label }} }}
        b: attempt(label: "b") {{ job {{ label worker {{ name }} }} }} }}"""
    desk, answer = await _both(text)
    assert answer.data["a"] is None
    assert answer.data["b"] == {"job": {"label": "b", "worker": {"name": "Ada of b"}}}
    assert told(answer) == [(["a", "count"], f"{NO_NULL} Payload.count.")]
    assert desk.library.did == (["before"] if others else []) + ["a", "b"]
    assert desk.engine.ran == {"null": 1}


async def test_what_was_finished_is_not_read_again() -> None:
    text = """mutation { a: make(label: "a") { job { worker { name } } }
        b: attempt(label: "b", count: null) { count } }"""
    desk, answer = await _both(text)
    assert answer.data == {"a": {"job": {"worker": {"name": "Ada of a"}}}, "b": None}
    assert [noun for noun, _, _ in desk.library.asked] == ["workers"]


async def test_a_relation_of_a_payload_that_fails_is_an_error_at_its_path() -> None:
    desk, answer = await _both('mutation { a: attempt(label: "a") { job { label helper { name } } } }', failing=True)
    assert answer.data == {"a": {"job": {"label": "a", "helper": None}}}
    assert told(answer) == [(["a", "job", "helper"], "workers are out")]
    assert desk.library.did == ["a"]


async def test_an_object_of_no_known_type_is_an_error_at_its_path() -> None:
    desk, answer = await _both('mutation { a: attempt(label: "a", remarks: ["praise", "shrug"]) { remarks { text } } }')
    assert answer.data == {"a": None}
    assert [path for path, _ in told(answer)] == [["a", "remarks", 1]]
    assert desk.engine.ran == {"type": 1}


async def test_an_argument_that_is_refused_comes_before_anything_runs() -> None:
    text = 'mutation($n: String = "x") { a: attempt(label: $n) { count } b: attempt(label: "b") { count } }'
    desk, answer = await _both(text, variables={"n": None})
    assert answer.data == {"a": None, "b": {"count": 1}}
    assert [path for path, _ in told(answer)] == [["a"]]
    assert desk.library.did == ["b"]
    assert desk.engine.ran == {"argument": 1}


async def test_a_denied_field_of_a_payload_is_a_null_and_told_once() -> None:
    text = """mutation { a: make(label: "a") { job { label helper { name } } }
        b: attempt(label: "b", count: null) { count job { label } } }"""
    desk, answer = await _both(text, denied={"Job.helper": "workers:read"})
    assert answer.data == {"a": {"job": {"label": "a", "helper": None}}, "b": None}
    assert [path for path, _ in told(answer)] == [["b", "count"], ["a", "job", "helper"]]
    assert desk.library.asked == []


async def test_a_denied_field_of_one_type_is_not_told_of_another() -> None:
    text = """mutation { make(label: "a", remarks: ["blame", "praise", "blame"]) {
        remarks { ... on Blame { x: by { name } } ... on Praise { y: text } } } }"""
    _, answer = await _both(text, denied={"Blame.by": "workers:read"})
    assert answer.data["make"]["remarks"] == [{"x": None}, {"y": "praise"}, {"x": None}]
    (error,) = answer.errors
    assert error.extensions["occurrences"] == 2


async def test_a_root_field_that_is_skipped_does_not_run() -> None:
    desk, answer = await _both('mutation { a: make(label: "a") @skip(if: true) { count } __typename }')
    assert answer.data == {"__typename": "Mutation"}
    assert desk.library.did == []
    assert B not in str(desk.library.asked)
