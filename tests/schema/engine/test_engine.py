"""The engine's door: which plan runs, how many are kept, and that nothing runs twice which must not."""

import asyncio
import gc
import json
from types import FunctionType

import pytest
from graphql import Token

from db.event_cursors import EventCursorCodec
from db.pages import CursorCodec
from schema.documents import PLANS_KEPT, DocumentCache
from schema.engine.engine import FIELD
from schema.execute import Answer, Gateway, OperationRequest
from schema.limits import Limits
from schema.variants import Found
from tests.support.executors import Executors, ask
from tests.support.facts import CREATE, footprint, shop_of
from tests.support.library import SHELF, Desk, Library
from tests.support.world import KEY, World

FLAGS = 5
CHOOSY = f"""query({", ".join(f"$v{index}: Boolean = false" for index in range(FLAGS))}) {{ shelf(id: "{SHELF}") {{
    {" ".join(f"l{index}: label @include(if: $v{index})" for index in range(FLAGS))} }} }}"""


async def test_each_set_of_conditions_has_its_own_answer_and_few_plans_are_kept() -> None:
    desk = Desk(Library())
    for number in range(2**FLAGS):
        chosen = {f"v{index}": bool(number >> index & 1) for index in range(FLAGS)}
        data = await desk.by_engine(CHOOSY, chosen)
        assert set(data["shelf"]) == {f"l{index}" for index in range(FLAGS) if chosen[f"v{index}"]}
    assert len(desk.document(CHOOSY).plans) == PLANS_KEPT
    assert desk.engine.ran == {"engine": 2**FLAGS}


async def test_a_plan_that_was_pushed_out_is_made_again_where_somebody_knew_its_place() -> None:
    desk, places = Desk(Library()), dict[int, Found]()
    for number in [*range(2 * PLANS_KEPT), *range(2 * PLANS_KEPT)]:
        chosen = {f"v{index}": bool(number >> index & 1) for index in range(FLAGS)}
        executor, place = desk.executor(CHOOSY, chosen), places.setdefault(number, Found())
        done = await desk.engine.run(desk.document(CHOOSY), executor, executor.context_value, place)
        assert not isinstance(done, str)
        assert set(done[0]["shelf"]) == {f"l{index}" for index in range(FLAGS) if chosen[f"v{index}"]}
    assert len(desk.document(CHOOSY).plans) == PLANS_KEPT
    assert sum(place.plan is not None and place.plan.value is not None for place in places.values()) == PLANS_KEPT


async def test_a_plan_is_used_again() -> None:
    desk = Desk(Library())
    text = f'{{ shelf(id: "{SHELF}") {{ label }} }}'
    await desk.by_engine(text)
    weight = desk.documents.weight
    await desk.by_engine(text)
    assert len(desk.document(text).plans) == 1
    assert desk.documents.weight == weight


async def test_a_plan_weighs_by_the_fields_that_it_writes_out() -> None:
    desk = Desk(Library())

    async def weight_of(fields: str) -> int:
        text = f'{{ shelf(id: "{SHELF}") {{ {fields} }} }}'
        desk.document(text)
        before = desk.documents.weight
        await desk.by_engine(text)
        return desk.documents.weight - before

    few, many = await weight_of("label"), await weight_of(" ".join(f"l{n}: label" for n in range(25)))
    assert many - few > 24 * FIELD


async def test_the_conditions_of_other_operations_make_no_variant_of_a_plan() -> None:
    desk = Desk(Library())
    others = "".join(f"query q{n}($v: Boolean!) {{ opened @skip(if: $v) }} " for n in range(9))
    text = f"{others} query asked($v: ID!) {{ shelf(id: $v) {{ label }} }}"
    for value in (SHELF, f"shf_{'1' * 32}"):
        await desk.by_engine(text, {"v": value}, "asked")
    assert len(desk.document(text).plans) == 1


async def test_what_cannot_be_compiled_is_remembered_and_counted_each_time() -> None:
    desk = Desk(Library())
    for _ in range(3):
        assert await desk.by_engine("{ closed }") is None
    assert desk.engine.ran == {"resolver": 3}
    assert len(desk.document("{ closed }").plans) == 1


async def test_arguments_are_those_of_each_request() -> None:
    desk = Desk(Library())
    text = "query($id: ID!) { shelf(id: $id) { label } }"
    assert await desk.by_engine(text, {"id": SHELF}) == {"shelf": {"label": "Novels"}}
    assert await desk.by_engine(text, {"id": f"shf_{'1' * 32}"}) == {"shelf": None}


async def test_callers_with_other_grants_never_share_a_plan(world: World) -> None:
    executors = Executors.of(world)
    text = "{ customers(first: 1) { nodes { email } } }"
    for role, hidden in (("admin", False), ("viewer", True), ("manager", False), ("viewer", True)):
        answer = await ask(executors.compiled, text, {}, world.principal(role))
        (node,) = json.loads(answer.body)["data"]["customers"]["nodes"]
        assert (node["email"] is None) is hidden
    assert executors.ran == {"engine": 4}


async def test_who_lacks_another_permission_of_the_same_field_is_told_of_that_one() -> None:
    desk, text = Desk(Library()), f'{{ shelf(id: "{SHELF}") {{ label }} }}'
    for permission in ("shelves:read", "labels:read"):
        desk.denied = {"Shelf.label": permission}
        answer = await desk.answer(text)
        assert [(error.extensions or {})["permission"] for error in answer.errors or ()] == [permission]


@pytest.mark.parametrize(
    "text",
    [
        "{" + "orders { nodes { customer { " * 8 + "id" + " } } }" * 8 + "}",
        "{ " + " ".join(f"a{index}: orders {{ totalCount }}" for index in range(100)) + " }",
        "{ orders { nodes { ...A } } } fragment A on Order { ...B } fragment B on Order { ...A }",
        "{ orders { nodes { id " + "@skip(if: false) " * 60 + "} } }",
    ],
    ids=["deep", "aliased", "cyclic", "directed"],
)
async def test_a_hostile_document_is_refused_before_it_is_planned(world: World, text: str) -> None:
    executors = Executors.of(world)
    async with world.statements() as seen:
        answer = await ask(executors.compiled, text, {}, world.principal())
    assert answer.code in {"QUERY_LIMIT_EXCEEDED", "GRAPHQL_VALIDATION_FAILED"}
    assert (executors.ran, seen) == ({}, [])


async def test_a_mutation_runs_once_and_by_its_plan(world: World) -> None:
    executors = Executors.of(world)
    draft = (await shop_of(world)).draft()
    before = await world.count("orders")
    answer = await ask(executors.compiled, CREATE, {"input": draft}, world.principal())
    assert not answer.has_errors
    assert await world.count("orders") == before + 1
    assert executors.ran == {"engine": 1}


async def test_a_mutation_that_is_refused_wrote_nothing(world: World) -> None:
    executors = Executors.of(world)
    draft = (await shop_of(world)).draft(items=[])
    before = await footprint(world)
    await ask(executors.compiled, CREATE, {"input": draft}, world.principal())
    assert await footprint(world) == before


async def test_a_caller_who_goes_away_leaves_no_read_behind(world: World) -> None:
    executors = Executors.of(world)
    before = asyncio.all_tasks()
    text = "{ a: orders { totalCount } b: customers { totalCount } c: products { totalCount } }"
    asked = asyncio.create_task(ask(executors.compiled, text, {}, world.principal()))
    await asyncio.sleep(0.001)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    assert asyncio.all_tasks() <= before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{ orders(first: 1) { totalCount } }", {"engine": "compiled"}),
        ("{ viewer { roles } }", {"engine": "compiled"}),
        ("{ __schema { queryType { name } } }", {"engine": "reference:introspection"}),
        ("{ orders(first: -1) { totalCount } }", {"engine": "reference:error"}),
    ],
)
async def test_an_answer_says_what_ran_it_only_where_that_is_told_and_asked_for(
    world: World, text: str, told: dict[str, str]
) -> None:
    codecs = CursorCodec([KEY]), EventCursorCodec([KEY], epoch=7)
    for tells in (True, False):
        gateway = Gateway(world.database, world.hub, *codecs, tell_engine=tells)
        for asked in ({"engine": True}, {"engine": "yes"}, None):
            answer = await gateway.answer(OperationRequest(text, {}, None, asked, "req-test"), world.principal())
            assert isinstance(answer, Answer)
            expected = told if tells and asked == {"engine": True} else None
            assert json.loads(answer.body).get("extensions") == expected


async def test_a_gateway_without_an_engine_has_nothing_to_count(world: World) -> None:
    executors = Executors.of(world)
    assert executors.reference.engine is None
    answer = await ask(executors.reference, "{ orders(first: 1) { totalCount } }", {}, world.principal())
    assert not answer.has_errors


async def test_a_document_that_is_pushed_out_is_gone_at_once_with_its_plans() -> None:
    desk = Desk(Library())
    desk.documents = DocumentCache(desk.core, Limits(), hide_suggestions=False, size=1, share=1)
    assert await desk.by_engine(f'{{ shelf(id: "{SHELF}") {{ label }} }}') is not None
    gc.collect()  # what making it left behind
    before = _parts()
    gc.disable()
    try:
        assert await desk.by_engine(f'{{ shelf(id: "{SHELF}") {{ label }} }} # other') is not None
        now = _parts()
    finally:
        gc.enable()
    assert now == before


def _parts() -> tuple[int, int]:
    """The tokens and the plans' functions that there are."""
    objects = gc.get_objects()
    tokens = sum(isinstance(each, Token) for each in objects)
    return tokens, sum(isinstance(each, FunctionType) and each.__code__.co_filename == "<plan>" for each in objects)
