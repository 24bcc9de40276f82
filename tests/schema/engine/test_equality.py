"""Both executors answer alike: random operations of every kind, and every difference that was ever found.

More of the first kind, with other seeds: ``make fuzz``.
"""

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import StringValueNode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import queries

from auth.permissions import SYSTEM_ROLES
from schema.root import sdl
from tests.support.arguments import Facts
from tests.support.completions import Completions, sources_of
from tests.support.executors import CORE, Executors, facts_of
from tests.support.facts import ids_of
from tests.support.operations import Asked, Operations
from tests.support.originals import Originals
from tests.support.reached import Reached
from tests.support.world import World

pytestmark = [
    # graphql-core leaves what it has begun where an error ends a selection early: that is its way, not a fault of ours.
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SEED, COUNT, PARTS, CHANGES, EVENTS = 20_261_121, 2_000, 4, 200, 100
SHARE = 0.6
"""Of the operations that succeed, at least so many ran on the engine: else their equality says nothing of it."""
EVERYTHING, NO_EMAIL = (frozenset(SYSTEM_ROLES[role]) for role in ("admin", "viewer"))
MASKED = NO_EMAIL | {"customers:masked"}
_TEXTS = {"DateTime": "2026-01-01T00:00:00Z", "Decimal": "12.50", "JSON": "any"}

FOUND: dict[str, tuple[str, dict[str, Any], frozenset[str]]] = {  # Any: JSON
    "an edge of which all is skipped is an empty object": (
        "query($v: Boolean!) { orders(first: 2) { edges { cursor @skip(if: $v) } } }",
        {"v": True},
        EVERYTHING,
    ),
    "a fragment denied in two places is told once, at the first place in the data": (
        """{ b: orders(first: 2) { nodes { customer { ...C } } } a: customers(first: 1) { nodes { ...C } } }
        fragment C on Customer { name email }""",
        {},
        NO_EMAIL,
    ),
    "two selections of one denied field, merged, are told once": (
        "{ customers(first: 2) { nodes { email } nodes { name email } edges { node { email } } } }",
        {},
        NO_EMAIL,
    ),
    "a denied null that an error took away is not told": (
        "{ customers(first: 2) { nodes { email } } orders(first: -1) { totalCount } }",
        {},
        NO_EMAIL,
    ),
    "a denial stands where the data puts it, not where the document does": (
        """{ orders(first: 1) { edges { node { a: customer { x: email } } } nodes { number }
        edges { node { a: customer { y: email } } } } }""",
        {},
        NO_EMAIL,
    ),
    "a root of which all is skipped is an empty object": ("{ orders @skip(if: true) { totalCount } }", {}, EVERYTHING),
    "a condition that is null is refused alike": (
        "query($v: Boolean = true) { orders(first: 1) { totalCount @skip(if: $v) } }",
        {"v": None},
        EVERYTHING,
    ),
    "a malformed id beside a good list takes only itself away": (
        '{ orders(first: 1) { nodes { number } } order(id: "cus_1") { number } }',
        {},
        EVERYTHING,
    ),
    "nodes of several kinds, with one twice and one that is nowhere": (
        """query($ids: [ID!]!) { nodes(ids: $ids) { id __typename ... on Order { a: number customer { name } }
        ... on Customer { a: email } ... on Product { a: sku } } }""",
        {"ids": "some"},
        EVERYTHING,
    ),
    "a denied field of one kind is not told of another": (
        """query($ids: [ID!]!) { nodes(ids: $ids) { ... on Order { a: notes customer { email } }
        ... on Customer { a: email } } }""",
        {"ids": "some"},
        NO_EMAIL,
    ),
    "a denied kind is told once, and the others are there": (
        "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Customer { name } } }",
        {"ids": "some"},
        frozenset({"orders:read"}),
    ),
    "a malformed id among others takes only itself away": (
        'query($ids: [ID!]!) { nodes(ids: $ids) { id } node(id: "cus_1") { id } }',
        {"ids": "malformed"},
        EVERYTHING,
    ),
    "a page below each row, in both directions, counted": (
        """{ customers(first: 5) { nodes { id
        a: orders(first: 2) { totalCount totalCountIsEstimate pageInfo { hasNextPage hasPreviousPage endCursor }
            edges { cursor node { number createdAt items { sku } customer { name } } } }
        b: orders(last: 1, orderBy: [{field: TOTAL, direction: DESC}]) { nodes { number total { amount } }
            pageInfo { hasNextPage hasPreviousPage startCursor } }
        c: orders(where: {status: {in: [SHIPPED, PENDING]}}) { totalCount nodes { status } __typename } } } }""",
        {},
        EVERYTHING,
    ),
    "pages below pages": (
        """{ orders(first: 3) { nodes { customer { orders(first: 2) { nodes { number customer { id
        orders(first: 1) { nodes { id } } } } } } } } }""",
        {},
        EVERYTHING,
    ),
    "a nested page of one key in two places is one page": (
        "{ orders(first: 30) { nodes { customer { id orders(first: 1) { edges { cursor } } } } } }",
        {},
        EVERYTHING,
    ),
    "a nested page that is too large is an error at each place": (
        "{ customers(first: 2) { nodes { id orders(first: 101) { totalCount } } } }",
        {},
        EVERYTHING,
    ),
    "an empty nested page": (
        "{ customers(first: 2) { nodes { orders(first: 0) { nodes { id } pageInfo { hasNextPage endCursor } } } } }",
        {},
        EVERYTHING,
    ),
    "a mask in many places, under many names": (
        """{ customers(first: 3) { nodes { email ...C } edges { node { name email: email } } }
        orders(first: 2) { nodes { customer { ... on Customer { a: email } b: email ... on Node { id } } } } }
        fragment C on Customer { email whose: email orders(first: 1) { nodes { customer { email } } } }""",
        {},
        MASKED,
    ),
    "masked nodes of several kinds": (
        """query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Order { a: notes customer { email } }
        ... on Customer { a: email } } }""",
        {"ids": "some"},
        MASKED,
    ),
    "a filter by what is masked is refused": (
        '{ customers(where: {email: {startsWith: "a"}}) { totalCount } }',
        {},
        MASKED,
    ),
    "who asks, whole": (
        """{ viewer { user { id email name } tenant { slug } roles permissions { version grants }
        memberships { roles tenant { id } } __typename } }""",
        {},
        NO_EMAIL,
    ),
}
"""Name → document, variables, grants. Ids are those of rows that are there."""


@pytest.fixture(scope="module", autouse=True)
def left_over() -> Iterator[None]:
    """What the reference left is collected here, and not while another file's test runs."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def executors(world: World) -> Executors:
    return Executors.of(world)


@pytest.fixture(scope="module")
async def facts(world: World) -> Facts:
    return await facts_of(world, SEED)


@pytest.fixture(scope="module")
def drawn(facts: Facts) -> list[str]:
    """The first documents of a seed."""
    operations = Operations(CORE, facts, SEED)
    return [operations.draw().document for _ in range(300)]


@pytest.mark.parametrize("seed", range(SEED, SEED + PARTS))
async def test_both_executors_answer_random_operations_alike(world: World, seed: int) -> None:
    executors = Executors.of(world, await Originals.of(world), await Reached.of(world))
    operations = Operations(CORE, await facts_of(world, seed), seed)
    for index in range(COUNT // PARTS):
        asked = operations.draw()
        found = await executors.difference(asked)
        assert found is None, f"seed {seed}, operation {index}: {found}\n{asked}"
    assert executors.share >= SHARE, dict(executors.ran)


async def test_both_executors_complete_random_changes_alike(fresh_world: World) -> None:
    completions = Completions(fresh_world)
    operations = Operations(CORE, await facts_of(fresh_world, SEED), SEED)
    for index in range(CHANGES):
        asked = operations.change()
        found = await completions.change(asked)
        assert found is None, f"seed {SEED}, change {index}: {found}\n{asked}"
    outcomes = completions.outcomes
    assert outcomes["engine"] > CHANGES / 2, outcomes
    # A resolver may raise (a text that no column can hold), an argument below be malformed; nothing else is given up.
    assert set(outcomes) <= {"engine", "refused", "gave up: error"}, outcomes


async def test_both_executors_complete_random_events_alike(world: World, facts: Facts) -> None:
    completions, sources = Completions(world), await sources_of(world)
    operations = Operations(CORE, facts, SEED)
    for index in range(EVENTS):
        field = list(sources)[index % len(sources)]
        asked = operations.watch(field)
        for source in sources[field]:
            found = await completions.event(asked, source)
            assert found is None, f"seed {SEED}, event {index}: {found}\n{asked}"
    given_up = {"gave up: error", "gave up: argument"}
    assert set(completions.outcomes) <= {"engine", "refused", *given_up}, completions.outcomes
    assert completions.outcomes["engine"] > EVENTS, completions.outcomes


@pytest.mark.parametrize("name", FOUND)
async def test_a_difference_once_found_is_gone(world: World, executors: Executors, name: str) -> None:
    document, variables, grants = FOUND[name]
    if "ids" in variables:
        variables = {"ids": [*await some_ids(world), *(["ord_1"] if variables["ids"] == "malformed" else [])]}
    assert await executors.difference(Asked(document, variables, None, grants)) is None


def _text(text: str) -> st.SearchStrategy[StringValueNode]:
    return st.just(StringValueNode(value=text))


@given(
    document=queries(sdl(), custom_scalars={name: _text(text) for name, text in _TEXTS.items()}, allow_x00=False),
    role=st.sampled_from(sorted(SYSTEM_ROLES)),
)
@settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
async def test_both_executors_answer_what_hypothesis_makes_of_the_schema_alike(
    executors: Executors, document: str, role: str
) -> None:
    assert await executors.difference(Asked(document, {}, None, frozenset(SYSTEM_ROLES[role]))) is None


def test_the_same_seed_draws_the_same_operations(facts: Facts) -> None:
    one, other = Operations(CORE, facts, 5), Operations(CORE, facts, 5)
    assert [one.draw() for _ in range(50)] == [other.draw() for _ in range(50)]


@pytest.mark.parametrize(
    "sign",
    [
        *("fragment ", "... on ", "... {", "@skip(", "@include(", "a_", "__typename", " = ", "$v", "query Other"),
        *("after: ", "before: ", "last: ", "offset: ", "where: ", "orderBy: ", "search: ", "{and: "),
        *("edges", "nodes", "totalCount", "pageInfo", "items", "node(", "nodes(", "viewer"),
    ],
)
def test_a_seed_draws_every_kind_of_construct(drawn: list[str], sign: str) -> None:
    assert sum(sign in document for document in drawn) > 1


async def some_ids(world: World) -> list[str]:
    """Ids of several kinds, mixed; one twice, one that is nowhere."""
    found = [
        f"{prefix}_{id_}"
        for prefix, table in (("ord", "orders"), ("cus", "customers"), ("prd", "products"))
        for id_ in await ids_of(world, table, count=2)
    ]
    return [*found[::2], *found, "ord_01890000000070008000000000000000"]
