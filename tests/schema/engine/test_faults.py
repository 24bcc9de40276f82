"""Faults below the fields: both executors tell the same errors at the same paths, nothing of another row is shown, and
a database that does not answer is not asked the same twice.
"""

import gc
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any

import pytest
from structlog.testing import capture_logs

from db.errors import DatabaseAway, PoolExhausted, QueryTimeout
from schema.documents import Refused
from schema.execute import Answer
from tests.support.executors import CORE, Executors, ask, facts_of
from tests.support.facts import ids_of, shop_of
from tests.support.library import SHELF, A, B, C, Desk, Library
from tests.support.operations import Operations
from tests.support.world import World

pytestmark = [
    # graphql-core leaves what it has begun where an error ends a selection early: that is its way, not a fault of ours.
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SEED, OPERATIONS, ROUNDS = 20_261_129, 100, 200
TABLES = ("orders", "order_items", "unnest", "announcements")
"""Those that the engine reads by statements of their own, as the reference does."""
ERRORS = (QueryTimeout("late"), PoolExhausted("none"), DatabaseAway("away"), KeyError("secret"))


@pytest.fixture(scope="module", autouse=True)
def left_over() -> Iterator[None]:
    """What the reference left is collected here, and not while another file's test runs."""
    yield
    gc.collect()


@contextmanager
def failing(world: World, *tables: str, error: Exception) -> Iterator[Counter[str]]:
    """Statements that read one of the tables first raise the error; counts what each table was asked."""
    asked: Counter[str] = Counter()

    def observe(sql: str) -> None:
        found = re.search(r"\bFROM (\w+)", sql)
        table = found.group(1) if found else ""
        asked[table] += 1
        if table in tables:
            raise error

    world.database.observer = observe
    try:
        yield asked
    finally:
        world.database.observer = None


Told = tuple[Any, list[tuple[Any, str]], str | None]  # Any: JSON, and a path


async def both(world: World, document: str, **variables: object) -> Told:
    """The data, each error's path and code, and the answer's code: alike by the engine and by the reference."""
    executors, caller = Executors.of(world), world.principal()
    answer = await ask(executors.compiled, document, variables, caller)
    body, expected = (
        json.loads(each.body) for each in (answer, await ask(executors.reference, document, variables, caller))
    )
    errors, others = (
        sorted((error.get("path"), error["extensions"]["code"]) for error in each.get("errors", ()))
        for each in (body, expected)
    )
    assert (body.get("data"), errors) == (expected.get("data"), others)
    return body.get("data"), errors, answer.code


@pytest.mark.parametrize(
    ("error", "code"), [*zip(ERRORS, ("OPERATION_TIMEOUT", "OVERLOADED", "OVERLOADED"), strict=False)]
)
async def test_what_needed_the_failure_is_null_and_the_rest_is_there(world: World, error: Exception, code: str) -> None:
    order = f"ord_{(await ids_of(world, 'orders'))[0]}"
    text = "query($o: ID!) { a: order(id: $o) { id } b: order(id: $o) { id items { sku } } }"
    with failing(world, "order_items", error=error):
        data, errors, refused = await both(world, text, o=order)
    assert data == {"a": {"id": order}, "b": None}
    assert errors == [(["b", "items"], code)]
    assert refused is None


async def test_each_of_many_objects_that_needed_it_has_an_error_of_its_own(world: World) -> None:
    ids = [
        f"{prefix}_{id_}"
        for prefix, table in (("ord", "orders"), ("cus", "customers"))
        for id_ in await ids_of(world, table, count=2)
    ]
    with failing(world, "customers", error=QueryTimeout("late")):
        data, errors, refused = await both(world, "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)
    assert data == {"nodes": [{"id": ids[0]}, {"id": ids[1]}, None, None]}
    assert errors == [(["nodes", 2], "OPERATION_TIMEOUT"), (["nodes", 3], "OPERATION_TIMEOUT")]
    assert refused is None


AWAY = {
    "a list": "{ orders(first: 2) { nodes { number customer { name } } } }",
    "a row that may be missing": "query($o: ID!) { order(id: $o) { number customer { name } } }",
    "several root fields": "query($o: ID!, $c: ID!) { order(id: $o) { number } node(id: $c) { id } }",
    "a resolver of its own": "{ overview { orders } }",
    "objects of any kind": "query($o: ID!) { node(id: $o) { id } }",
}


@pytest.mark.parametrize("what", AWAY)
async def test_a_database_that_is_away_is_asked_once_for_each_root_field_and_the_whole_answer_says_so(
    world: World, what: str
) -> None:
    ids = {"o": f"ord_{(await ids_of(world, 'orders'))[0]}", "c": f"cus_{(await ids_of(world, 'customers'))[0]}"}
    given = {name: value for name, value in ids.items() if f"${name}" in AWAY[what]}
    everything = (*TABLES, "customers", "event_heads", "order_hours", "identity_head", "")
    with failing(world, *everything, error=DatabaseAway("away")):
        data, errors, refused = await both(world, AWAY[what], **given)
    assert (data, refused) == (None, "OVERLOADED")
    assert {code for _, code in errors} == {"OVERLOADED"}
    with failing(world, *everything, error=DatabaseAway("away")) as asked:
        await ask(Executors.of(world).compiled, AWAY[what], given, world.principal())
    assert asked.total() == (2 if what == "several root fields" else 1)


async def test_what_did_not_answer_is_not_asked_again_and_what_is_finished_is_not_read_again(world: World) -> None:
    order = f"ord_{(await ids_of(world, 'orders'))[0]}"
    text = """query($o: ID!) { products(first: 2) { nodes { name } } a: order(id: $o) { number }
        b: order(id: $o) { items { sku } } }"""
    with failing(world, "order_items", error=QueryTimeout("late")) as asked:
        answer = await ask(Executors.of(world).compiled, text, {"o": order}, world.principal())
    body = json.loads(answer.body)
    assert body["data"]["b"] is None
    assert body["data"]["a"]["number"]
    assert asked == {"products": 1, "orders": 2, "order_items": 1}


@pytest.mark.parametrize("part", ["totalCount", "pageInfo { hasPreviousPage }"])
async def test_a_count_or_a_look_around_that_takes_too_long_is_not_tried_twice(world: World, part: str) -> None:
    page = await world.ask("{ orders(first: 2) { pageInfo { endCursor } } }")
    after = page.data["orders"]["pageInfo"]["endCursor"]
    seen: list[str] = []

    def observe(sql: str) -> None:
        seen.append(sql)
        if "notes" not in sql:
            raise QueryTimeout("late")

    text = f"query($after: String) {{ orders(first: 2, after: $after) {{ nodes {{ notes }} {part} }} }}"
    world.database.observer = observe
    try:
        answer = await ask(Executors.of(world).compiled, text, {"after": after}, world.principal())
    finally:
        world.database.observer = None
    assert answer.code == "OPERATION_TIMEOUT"
    assert len([sql for sql in seen if "notes" not in sql]) == 1


async def test_both_executors_tell_random_operations_over_failing_tables_alike(world: World) -> None:
    executors, random = Executors.of(world), Random(SEED)
    operations = Operations(CORE, await facts_of(world, SEED), SEED)
    for index in range(OPERATIONS):
        asked, error = operations.draw(), random.choice(ERRORS)
        with failing(world, *random.sample(TABLES, random.choice((1, 1, 2))), error=error), capture_logs():
            left, right = [await executors.ask(each, asked) for each in (executors.compiled, executors.reference)]
        found, expected = (_told_by(answer) for answer in (left, right))
        assert found == expected, f"operation {index}: {found} is not {expected}\n{asked}"
    assert executors.ran["unavailable"] > 2, executors.ran


async def test_a_mutation_whose_payload_cannot_be_read_wrote_once(world: World) -> None:
    executors, before = Executors.of(world), await world.count("orders")
    text = """mutation($input: CreateOrderInput!) { createOrder(input: $input) {
        userErrors { code } order { id items { sku } } } }"""
    variables = {"input": (await shop_of(world)).draft()}
    with failing(world, "order_items", error=KeyError("secret")) as asked, capture_logs():
        answer = await ask(executors.compiled, text, variables, world.principal())
    assert asked["order_items"]
    body = json.loads(answer.body)
    assert body["data"] == {"createOrder": {"userErrors": [], "order": None}}
    assert [error["path"] for error in body["errors"]] == [["createOrder", "order", "items"]]
    assert b"secret" not in answer.body
    assert await world.count("orders") == before + 1
    assert executors.ran == {"error": 1}


def _told_by(answer: Answer) -> tuple[object, ...]:
    """Data, in order, and the nulls that errors made; for no data at all also the code depends on what came first."""
    body = json.loads(answer.body)
    data, errors = body.get("data"), body.get("errors", ())
    nulls = _nulls_of(data, [error.get("path") or () for error in errors])
    return json.dumps(data), nulls, None if data is None else (answer.code, answer.status)


def _nulls_of(data: Any, paths: Iterable[Sequence[str | int]]) -> set[tuple[str | int, ...]]:  # Any: JSON
    """The nulls that errors at these paths made. Which of several failures that share one is told depends on which came
    first, with any executor.
    """
    return {_null_of(data, path) for path in paths}


def _null_of(data: Any, path: Sequence[str | int]) -> tuple[str | int, ...]:  # Any: JSON
    for length, step in enumerate(path):
        if data is None:
            return tuple(path[:length])
        data = data[step]
    return tuple(path)


# ---- the same of functions that lie --------------------------------------------------------------------------------

Answers = dict[str, Any]  # Any: rows by key


def _too_few(found: Answers) -> Answers:
    return {key: rows for key, rows in found.items() if key not in {A, C}}


def _foreign(found: Answers) -> Answers:
    return {B: next(iter(found.values()), None), **found}


def _nulls(found: Answers) -> Answers:
    return dict.fromkeys(found)


LIES: tuple[Callable[[Answers], Answers], ...] = (_too_few, _foreign, _nulls)
SHAPES: dict[str, dict[str, str | None]] = {
    "shelf": {"label": None, "height": None, "owner": "person", "keeper": "person", "books": "book", "lent": "book"},
    "book": {"title": None, "pages": None, "sheets": None, "author": "person"},
    "person": {"name": None},
}


def _selection(random: Random, kind: str) -> str:
    """Fields of a kind, some twice under other names."""
    fields = SHAPES[kind]
    parts = ["__typename"]
    for number in range(random.choice((1, 2, 3, 4))):
        name, inner = random.choice(list(fields.items()))
        alias = f"a{number}: " if random.random() < 0.4 else ""
        parts.append(alias + name + (f" {_selection(random, inner)}" if inner else ""))
    return f"{{ {' '.join(parts)} }}"


async def test_both_executors_tell_functions_that_fail_or_lie_alike() -> None:
    random, desks = Random(SEED), (Desk(Library()), Desk(Library()))
    for index in range(ROUNDS):
        roots = [f'r{number}: shelf(id: "{SHELF}") {_selection(random, "shelf")}' for number in range(3)]
        text = f"{{ {' '.join(roots[: random.choice((1, 1, 2, 3))])} }}"
        if isinstance(desks[0].documents.get(text), Refused):
            continue  # too many names
        out = set(random.sample(("people", "books", "shelves"), random.choice((0, 1, 1))))
        lies = {noun: random.choice(LIES) for noun in ("people", "books") if random.random() < 0.5}
        for desk in desks:
            desk.library.failing, desk.library.answers = out, lies
        ours, theirs = await desks[0].answer(text), await desks[1].by_reference(text)
        assert json.dumps(ours.data) == json.dumps(theirs.data), f"round {index}: {text}"
        found, expected = (
            _nulls_of(each.data, [error.path or () for error in each.errors or ()]) for each in (ours, theirs)
        )
        assert found == expected, f"round {index}: {text}"
