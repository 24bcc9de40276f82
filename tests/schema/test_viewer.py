"""The viewer: who is asking."""

from dataclasses import replace

import pytest

from auth.permissions import SYSTEM_ROLES
from tests.support.facts import look
from tests.support.world import World

VIEWER = """{ viewer { user { id email name } tenant { id slug name } roles permissions { version grants }
    memberships { roles tenant { id slug name } } } }"""


async def test_nobody_has_no_viewer(world: World) -> None:
    reply = await world.ask(VIEWER, caller=None)
    assert (reply.code, "data" in reply.body) == ("UNAUTHENTICATED", False)


@pytest.mark.parametrize("role", ["admin", "manager", "viewer", "partner"])
@pytest.mark.parametrize("tenant", ["acme", "globex"])
async def test_a_viewer_is_who_asks_in_which_tenant_with_which_grants(world: World, role: str, tenant: str) -> None:
    sql = """SELECT u.id, u.email, u.name, t.id AS tenant, t.slug, t.name AS tenant_name
             FROM users u JOIN memberships m ON m.user_id = u.id JOIN tenants t ON t.id = m.tenant_id
             WHERE u.email = $1"""
    (row,) = await look(world, sql, f"{role}@{tenant}.example")
    caller = replace(world.principal(role, tenant), user_id=row["id"], name=row["name"])
    reply = await world.ask(VIEWER, caller=caller)
    viewer = reply.data["viewer"]
    assert viewer["user"] == {"id": f"usr_{row['id']}", "email": row["email"], "name": row["name"]}
    assert (viewer["tenant"]["id"], viewer["tenant"]["slug"]) == (f"ten_{row['tenant']}", tenant)
    assert viewer["roles"] == [role]
    assert viewer["permissions"] == {"version": "v1", "grants": sorted(SYSTEM_ROLES[role])}
    own = {"id": f"ten_{row['tenant']}", "slug": tenant, "name": row["tenant_name"]}
    assert viewer["memberships"] == [{"roles": [role], "tenant": own}]


async def test_who_has_no_grants_may_still_ask_who_they_are(world: World) -> None:
    nobody = world.principal(grants=frozenset())
    reply = await world.ask("{ viewer { permissions { grants } } }", caller=nobody)
    assert reply.body == {"data": {"viewer": {"permissions": {"grants": []}}}}


async def test_a_viewer_costs_a_tenant_nothing(world: World) -> None:
    async with world.statements() as seen:
        await world.ask(VIEWER)
    assert seen == []


async def test_a_key_and_a_peer_are_told_of_their_own_tenant_alone(world: World) -> None:
    (row,) = await look(world, "SELECT id FROM users WHERE email = $1", "viewer@acme.example")
    await world.database.directory.put_membership(world.tenants["globex"].hex, row["id"], "viewer")
    ask = "{ viewer { memberships { tenant { slug } } } }"
    caller = replace(world.principal("viewer"), user_id=row["id"])
    try:
        for who, slugs in ((caller, ["acme", "globex"]), (replace(caller, key_name="north", by_peer=True), ["acme"])):
            found = (await world.ask(ask, caller=who)).data["viewer"]["memberships"]
            assert [each["tenant"]["slug"] for each in found] == slugs
    finally:
        await look(
            world,
            "DELETE FROM memberships WHERE user_id = $1 AND tenant_id = $2",
            row["id"],
            world.tenants["globex"].hex,
        )
