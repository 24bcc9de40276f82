"""Tenants are strangers: whatever operation two of them run, no value that one is shown is ever shown to the other."""

from collections import Counter
from dataclasses import replace

import pytest

from auth.permissions import SYSTEM_ROLES
from tests.support.executors import CORE
from tests.support.operations import Asked, Operations
from tests.support.overheard import Overheard
from tests.support.strangers import EVERYWHERE, Strangers, open_strangers
from tests.support.world import World

SEED, COUNT, CHANGES, SUBSCRIPTIONS = 20_261_129, 1_000, 60, 6
CHOSEN = ("where", "types", "first", "orderBy")
"""What a subscription is asked for, now and then."""
LEAST = 150
"""Values that each is shown at least: else that none is shared says nothing."""
ALL = frozenset(SYSTEM_ROLES["admin"])

pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
async def strangers(world: World) -> Strangers:
    return await open_strangers(world, SEED)


async def test_random_operations_of_two_tenants_share_no_value(strangers: Strangers) -> None:
    operations = Operations(CORE, strangers.facts, SEED, EVERYWHERE)
    for index in range(COUNT):
        asked = operations.draw()
        found = await strangers.leaked(asked)
        assert found == [], f"seed {SEED}, operation {index}: {found}\n{asked}"
    assert min(len(strangers.left.seen), len(strangers.right.seen)) >= LEAST
    engine = strangers.gateway.engine
    assert engine is not None
    assert engine.ran["engine"] > COUNT * 0.7, Counter(engine.ran)


async def test_random_changes_of_one_tenant_show_and_change_nothing_of_the_other(strangers: Strangers) -> None:
    operations = Operations(CORE, strangers.facts, SEED)
    drawn = [operations.change() for _ in range(CHANGES)]
    for me, other in ((strangers.left, strangers.right), (strangers.right, strangers.left)):
        before = await strangers.prints(other)
        for index, asked in enumerate(drawn):
            found = await strangers.change(me, other, asked)
            assert found == [], f"seed {SEED}, change {index}: {found}\n{asked}"
        assert await strangers.prints(other) == before


async def test_random_subscriptions_of_two_tenants_share_no_value(strangers: Strangers) -> None:
    operations, overheard = Operations(CORE, strangers.facts, SEED), Overheard(strangers, SEED)
    assert CORE.subscription_type is not None
    drawn = [operations.watch(field, *CHOSEN) for field in CORE.subscription_type.fields for _ in range(SUBSCRIPTIONS)]
    assert await overheard.leaked(drawn) == [], f"seed {SEED}"
    assert overheard.frames >= len(drawn)
    assert overheard.refused < len(drawn)


async def test_the_look_out_hears_what_a_stranger_is_told(strangers: Strangers) -> None:
    """With a caller who follows the other's tenant."""
    asked = Asked("subscription { customerEvents { customer { name } } }", {}, None, ALL)
    left, right = (
        replace(strangers.left, seen=set(), caller=strangers.right.caller),
        replace(strangers.right, seen=set()),
    )
    assert await Overheard(replace(strangers, left=left, right=right), SEED + 1).leaked([asked]) != []


def test_every_root_field_that_reads_is_asked() -> None:
    assert CORE.query_type is not None
    # What is registered for everybody: who is shown which is asked where they are listed; and numbers without rows.
    shared = {"documents", "rateLimit"}
    assert set(CORE.query_type.fields) == set(EVERYWHERE) | shared


@pytest.mark.parametrize(
    "document",
    [
        "{ orders(first: 5) { nodes { id } } }",
        "{ orders(first: 5) { nodes { total { amount } } } }",
        "{ orders(first: 5) { nodes { createdAt } } }",
        "{ customers(first: 1) { nodes { email } } }",
        "{ customers(first: 5) { nodes { country } } }",
        "{ orders(first: 1) { nodes { items { product { name } } } } }",
        "{ overview { revenue { amount } } }",
        "{ orders { totalCount } }",
        "{ viewer { user { id } } }",
    ],
)
async def test_the_look_out_sees_what_a_stranger_is_shown(strangers: Strangers, document: str) -> None:
    """With a caller who reads the other's tenant."""
    asked = Asked(document, {}, None, ALL)
    left, right = replace(strangers.left, seen=set(), most=0), replace(strangers.right, seen=set())
    told = replace(strangers, left=replace(left, caller=right.caller), right=right)
    assert await told.leaked(asked) != []
