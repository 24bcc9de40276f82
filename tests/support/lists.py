"""A list asked for through the gateway and the same list said in SQL."""

from typing import Any

import asyncpg

from auth.principal import Principal
from tests.support.facts import look
from tests.support.world import World

_LIST = """query($first: Int, $where: %sWhere, $orderBy: [%sSort!], $search: String) {
    %s(first: $first, where: $where, orderBy: $orderBy, search: $search) { totalCount nodes { id } } }"""
LISTS = {noun: _LIST % (noun, noun, f"{noun.lower()}s") for noun in ("Order", "Customer", "Product")}
PREFIX = {"Order": "ord", "Customer": "cus", "Product": "prd"}


async def listed(
    world: World,
    noun: str,
    caller: Principal | str = "admin",
    **arguments: Any,  # Any: JSON
) -> list[str]:
    """The ids of a list's first 500 rows, as hex digits; of 100 for those who may not have more."""
    who = world.principal(caller) if isinstance(caller, str) else caller
    first = 500 if who.permissions.allows("export:run") else 100
    reply = await world.ask(LISTS[noun], {"first": first, **arguments}, caller=who)
    assert reply.errors == [], reply.errors
    found = reply.data[f"{noun.lower()}s"]
    ids = [node["id"] for node in found["nodes"]]
    assert found["totalCount"] >= len(ids)
    assert all(public.startswith(PREFIX[noun] + "_") for public in ids)
    return [public.partition("_")[2] for public in ids]


async def said(world: World, noun: str, where: str, *args: object, tenant: str = "acme") -> set[str]:
    """The ids of the tenant's rows that a SQL condition over ``t`` finds; its own arguments begin at $2."""
    sql = f"SELECT id FROM {noun.lower()}s AS t WHERE tenant_id = $1 AND ({where})"
    return {row["id"] for row in await look(world, sql, world.tenants[tenant].hex, *args)}


async def rows_of(world: World, noun: str, tenant: str = "acme") -> list[asyncpg.Record]:
    """All of the tenant's rows."""
    return await look(world, f"SELECT * FROM {noun.lower()}s WHERE tenant_id = $1", world.tenants[tenant].hex)
