"""Whoever asks, whatever changes: a house that keeps answers says what one says that keeps none."""

import json
import random
from dataclasses import replace

from auth.permissions import SYSTEM_ROLES, PermissionSet
from auth.principal import Principal
from db.ids import new_id
from db.scopes import scope_of
from tests.support.facts import Json, shop_of
from tests.support.kept import Keeper, keeping
from tests.support.world import World

SEED, ROUNDS = 52, 400
RANGE = {"range": {"from": "2026-09-01T00:00:00Z", "to": "2026-10-15T00:00:00Z"}}
"""Of now it would be another one at each question; its cursor tells where the log stood, which is not shown here."""
DOCUMENTS = (
    "query($range: TimeRange) { overview(range: $range) { orders statuses { status orders } revenue { amount } } }",
    "query @cached(ttl: 300) { orders(first: 4) { totalCount nodes { id notes total { amount } customer { name } } } }",
    "query @cached(ttl: 300) { customers(first: 3) { nodes { id name email orders(first: 1) { nodes { notes } } } } }",
    "query @cached(ttl: 300) { products(first: 3) { nodes { id name price { amount } } } }",
    "query @cached(ttl: 300) { customers(first: 3) { nodes { id name } } overview { timeZone } }",
    '{ viewer { user { id email } tenant { slug } roles permissions { granted } can(coordinate: "Order.total") } }',
)
NOTES = "mutation($id: ID!, $notes: String) { updateOrder(input: {id: $id, notes: $notes}) { order { id } } }"
NAME = "mutation($id: ID!, $name: String) { updateCustomer(input: {id: $id, name: $name}) { customer { id } } }"
CREATE = "mutation($input: CreateOrderInput!) { createOrder(input: $input) { order { id } } }"


def callers(world: World, chance: random.Random) -> list[Principal]:
    """Of two tenants, with every role and some of nobody's, people who see all rows and who see their own."""
    found = []
    for tenant in ("acme", "globex"):
        for grants in (*SYSTEM_ROLES.values(), ("orders:read",), ("orders:read", "customers:read")):
            usual = world.principal(tenant=tenant)
            for _ in range(2):
                user = new_id()
                scope = chance.choice([usual.scope, usual.scope, scope_of(["OWN"], user)])
                permissions = PermissionSet.of(grants)
                found.append(
                    replace(usual, user_id=user, permissions=permissions, scope=scope, email=f"{user}@x.example")
                )
    return found


async def test_answers_that_are_kept_are_those_that_would_be_made_now(fresh_world: World) -> None:
    chance = random.Random(SEED)
    async with keeping(fresh_world, size=200_000) as keeper:
        everybody = callers(fresh_world, chance)
        for number in range(ROUNDS):
            if chance.random() < 0.08:
                await change(keeper, chance, number)
            who, document = chance.choice(everybody), chance.choice(DOCUMENTS)
            told = json.loads((await keeper.answer(document, RANGE, who)).body)
            made = await keeper.plain.ask(document, RANGE, caller=who)
            assert told == made.body, f"seed {SEED}, round {number}: {document} as {who}"
        counted = keeper.cache.counted
        assert counted["hit"] > ROUNDS / 8, counted
        assert counted["miss"] > ROUNDS / 8, counted


async def change(keeper: Keeper, chance: random.Random, number: int) -> None:
    """Something that shows in the answers."""
    tenant, what = chance.choice(["acme", "globex"]), chance.randrange(3)
    admin = keeper.world.principal(tenant=tenant)
    document, said = await _drawn(keeper, tenant, what, number)
    reply = await keeper.world.ask(document, said, caller=admin)
    assert reply.errors == []


async def _drawn(keeper: Keeper, tenant: str, what: int, number: int) -> tuple[str, Json]:
    admin = keeper.plain.principal(tenant=tenant)
    if what == 0:
        return CREATE, {"input": (await shop_of(keeper.plain, tenant)).draft(notes=f"new {number}")}
    noun = "orders" if what == 1 else "customers"
    found = await keeper.plain.ask(f"{{ {noun}(first: 2) {{ nodes {{ id }} }} }}", caller=admin)
    row = found.data[noun]["nodes"][-1]["id"]
    return (
        (NOTES, {"id": row, "notes": f"note {number}"}) if what == 1 else (NAME, {"id": row, "name": f"Name {number}"})
    )
