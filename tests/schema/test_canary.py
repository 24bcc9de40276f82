"""The canary hears nothing in a healthy house, and every root field of one that shows what is another's."""

from dataclasses import replace
from uuid import uuid4

import pytest
from graphql import GraphQLObjectType

from auth.permissions import SYSTEM_ROLES
from auth.principal import Principal
from db.event_cursors import EventCursorCodec
from db.pages import CursorCodec
from db.tenancy import TenantId
from schema.canary import Canary, Side
from schema.canary_questions import LIMITS, Wanted, questions, watched
from schema.canary_rows import PLANTS
from schema.execute import Gateway
from schema.root import NODES
from schema.root import schema as whole_schema
from tests.support.world import KEY, World

CORE = whole_schema()._schema
WANTED = Wanted("mark", ("ord_1", "cus_1"), {"orders": "cursor"})


async def side(world: World, name: str) -> Side:
    """An admin of a new tenant."""
    slug = f"{name}-{uuid4().hex[:8]}"
    tenant = TenantId(await world.database.directory.create_tenant(slug, slug, SYSTEM_ROLES))
    email = f"a@{slug}.example"
    user = await world.database.directory.create_user(email, slug, None, (tenant.hex, "admin"))
    who: Principal = replace(
        world.principal(), tenant=tenant, tenant_slug=slug, tenant_name=slug, user_id=user, email=email, name=slug
    )
    return Side(who, slug)


@pytest.fixture
async def pair(world: World) -> tuple[Side, Side]:
    return await side(world, "larboard"), await side(world, "starboard")


def canary(world: World, left: Side, right: Side) -> Canary:
    codecs = CursorCodec([KEY]), EventCursorCodec([KEY], epoch=7)
    gateway = Gateway(world.database, world.hub, *codecs, introspection="everyone", limits=LIMITS)
    return Canary(gateway, world.hub, left, right)


async def test_in_a_healthy_house_nothing_is_shared_and_a_second_time_the_same_rows_are_used(
    world: World, pair: tuple[Side, Side]
) -> None:
    first = canary(world, *pair)
    assert await first.sing() == []
    assert first.asked > 100
    rows = [dict(each.rows) for each in pair]
    counts = [await world.count(table, "acme") for table in ("orders", "audit_log")]
    assert await canary(world, *pair).sing() == []
    assert [each.rows for each in pair] == rows
    assert [await world.count(table, "acme") for table in ("orders", "audit_log")] == counts


async def test_every_root_field_that_shows_what_is_anothers_is_heard(world: World, pair: tuple[Side, Side]) -> None:
    """One of the two is let into the other's tenant, and keeps its mark."""
    left, right = pair
    await canary(world, left, right).sing()
    inside = Side(replace(right.caller, user_id=left.caller.user_id), left.mark)
    leaks = await canary(world, inside, right).sing()
    query, subscription = CORE.query_type, CORE.subscription_type
    assert query is not None
    assert subscription is not None
    # what they tell holds no texts
    silent = {f"Query.{name}" for name in ("roles", "streams", "overview", "addressLists", "documents", "rateLimit")}
    assert {f"Query.{name}" for name in query.fields} - silent - set(leaks) == set()
    heard = {f"Subscription.{name}" for name in ("orderEvents", "ordersLive", "customerEvents", "productEvents")}
    assert heard <= set(leaks)
    assert {f"Mutation.{plant.update} answers [] for another tenant's row" for plant in PLANTS if plant.update} <= set(
        leaks
    )


def test_every_root_field_is_asked() -> None:
    query, subscription = CORE.query_type, CORE.subscription_type
    assert query is not None
    assert subscription is not None
    assert {each.root for each in questions(CORE, WANTED)} == {f"Query.{name}" for name in query.fields}
    assert {each.root for each in watched(CORE)} == {f"Subscription.{name}" for name in subscription.fields}


def test_every_noun_is_planted() -> None:
    planted = {plant.noun.title() for plant in PLANTS}
    assert {kind.type_name for kind in NODES._kinds.values()} <= planted
    mutations = CORE.mutation_type
    assert isinstance(mutations, GraphQLObjectType)
    assert {plant.create for plant in PLANTS} | {
        plant.update for plant in PLANTS if plant.update
    } <= mutations.fields.keys()


def test_lists_are_asked_for_whole_by_words_by_filters_and_by_cursor() -> None:
    asked = [each for each in questions(CORE, WANTED) if each.root == "Query.orders"]
    assert [each.whole for each in asked].count(True) == 1
    given = [each.variables.keys() - {"first"} for each in asked]
    assert [*map(set, given)].count({"where"}) >= 2
    assert {"search"} in map(set, given)
    assert {"after"} in map(set, given)
