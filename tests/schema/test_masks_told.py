"""Masks as callers meet them: in lists, searches, filters, payloads and streams of the whole house."""

import asyncio
import json
from contextlib import aclosing
from uuid import uuid4

import pytest

from auth.permissions import SYSTEM_ROLES
from auth.principal import Principal
from db.event_cursors import EventCursorCodec
from tests.support.facts import Json, footprint, ids_of, row_of
from tests.support.originals import Originals
from tests.support.world import KEY, World

LIST = "query($search: String) { customers(first: 50, search: $search) { nodes { id email } totalCount } }"
UPDATE = """mutation($i: UpdateCustomerInput!) { updateCustomer(input: $i) { customer { email } userErrors { code
    ... on ConflictError { current { ... on Customer { email } } } } } }"""
ONE = "query($id: ID!) { node(id: $id) { ... on Customer { email } } }"
EVENTS = "subscription($after: String) { customerEvents(after: $after) { type patch customer { name email } } }"


def support(world: World, *more: str, tenant: str = "acme") -> Principal:
    grants = frozenset((*SYSTEM_ROLES["viewer"], "customers:masked", *more))
    return world.principal(grants=grants, tenant=tenant)


async def test_a_list_shows_masks_and_no_error(world: World) -> None:
    reply = await world.ask(LIST, caller=support(world))
    whole = await world.ask(LIST, caller="manager")
    assert reply.errors == []
    masked = {node["id"]: node["email"] for node in reply.data["customers"]["nodes"]}
    emails = {node["id"]: node["email"] for node in whole.data["customers"]["nodes"]}
    assert masked.keys() == emails.keys()
    assert len(set(masked.values())) == len(set(emails.values()))
    assert all(mask.startswith("hash:") and len(mask) == 29 for mask in masked.values())


async def test_one_address_has_one_code_in_a_tenant_and_another_in_another(world: World) -> None:
    codes = []
    for tenant in ("acme", "globex"):
        made = {"name": "Zoë", "email": "zoe@twins.example", "city": "Köln", "country": "DE"}
        create = "mutation($i: CreateCustomerInput!) { createCustomer(input: $i) { customer { id } } }"
        for _ in range(2):
            reply = await world.ask(create, {"i": made}, caller=world.principal(tenant=tenant))
            id_ = reply.data["createCustomer"]["customer"]["id"]
            who = support(world, tenant=tenant)
            seen = await world.ask(
                "query($id: ID!) { node(id: $id) { ... on Customer { email } } }", {"id": id_}, caller=who
            )
            codes.append(seen.data["node"]["email"])
    assert codes[0] == codes[1] != codes[2] == codes[3]


async def test_a_masked_field_cannot_be_searched(world: World) -> None:
    (id_,) = await ids_of(world, "customers")
    address = (await row_of(world, "customers", id_))["email"]
    mailbox = address.split("@")[0]
    for search in (address, mailbox):
        found = await world.ask(LIST, {"search": search}, caller=support(world))
        without = await world.ask(LIST, {"search": search}, caller="viewer")
        assert found.data["customers"]["totalCount"] == without.data["customers"]["totalCount"]
    assert (await world.ask(LIST, {"search": address}, caller="manager")).data["customers"]["totalCount"] > 0


@pytest.mark.parametrize(
    "arguments",
    [
        'where: {email: {eq: "a@b.example"}}',
        'where: {or: [{not: {email: {contains: "a"}}}]}',
        "where: {email: {isNull: true}}",
        "orderBy: [{field: EMAIL}]",
        "orderBy: [{field: NAME}, {field: EMAIL, direction: DESC}]",
    ],
)
async def test_a_masked_field_cannot_be_filtered_or_sorted(world: World, arguments: str) -> None:
    reply = await world.ask(f"{{ customers({arguments}) {{ totalCount }} }}", caller=support(world))
    assert (reply.code, reply.data) == ("FORBIDDEN", None)
    assert reply.errors[0]["extensions"]["permission"] == "customers:pii"


async def test_who_may_write_but_sees_masks_gives_no_value_to_try(world: World) -> None:
    (id_,) = await ids_of(world, "customers")
    who, before = support(world, "customers:write"), await footprint(world)
    reply = await world.ask(UPDATE, {"i": {"id": f"cus_{id_}", "email": "a@b.example"}}, caller=who)
    assert (reply.code, reply.data) == ("FORBIDDEN", None)
    assert await footprint(world) == before


async def test_payloads_and_conflicts_show_masks(world: World) -> None:
    (id_,) = await ids_of(world, "customers")
    address = (await row_of(world, "customers", id_))["email"]
    who = support(world, "customers:write")
    told = []
    for version in (None, 99):
        given = {"id": f"cus_{id_}", "city": "Łódź", "expectedVersion": version}
        told.append((await world.ask(UPDATE, {"i": given}, caller=who)).data["updateCustomer"])
    assert told[0]["customer"]["email"].startswith("hash:")
    assert told[1]["userErrors"][0]["current"]["email"] == told[0]["customer"]["email"]
    assert address not in json.dumps(told)


async def changes_of(world: World, caller: Principal | str, *changes: Json) -> list[Json]:
    """What a stream tells of changes to a customer, and of its name at last."""
    (id_,) = await ids_of(world, "customers")
    tenant = world.tenants["acme"]
    here = EventCursorCodec([KEY], epoch=7).encode(tenant, await world.hub.head(tenant))
    end = f"The End of {uuid4().hex}"
    for change in (*changes, {"name": end}):
        reply = await world.ask(UPDATE, {"i": {"id": f"cus_{id_}", **change}})
        assert reply.data["updateCustomer"]["userErrors"] == []
    stream = await world.subscribe(EVENTS, {"after": here}, caller=caller)
    told: list[Json] = []
    async with aclosing(stream), asyncio.timeout(60):
        async for frame in stream:
            told.append(json.loads(frame.payload)["data"]["customerEvents"])
            if told[-1]["patch"].get("name") == end:
                break
    return told


async def test_a_stream_tells_the_mask_of_a_change_and_nothing_behind_it(world: World) -> None:
    emails: tuple[Json, ...] = ({"email": "one@new.example"}, {"email": "two@new.example"})
    masked = await changes_of(world, support(world), *emails)
    assert [event["patch"].keys() & {"email", "name"} for event in masked] == [{"email"}, {"email"}, {"name"}]
    codes = [event["patch"]["email"] for event in masked[:2]]
    assert len(set(codes)) == 2
    assert masked[-1]["customer"]["email"] == codes[1]
    assert "new.example" not in json.dumps(masked)


async def test_a_stream_tells_who_sees_neither_nothing_of_the_change(world: World) -> None:
    hidden = await changes_of(world, "viewer", {"email": "three@new.example"})
    assert [event["patch"].keys() & {"email", "name"} for event in hidden] == [{"name"}]
    assert hidden[0]["customer"]["email"] is None


async def test_nothing_of_an_original_is_in_any_answer(world: World) -> None:
    originals = await Originals.of(world)
    reply = await world.ask(LIST, caller=support(world))
    assert not originals.leaked(json.dumps(reply.body, ensure_ascii=False).encode(), support(world).permissions)
    whole = json.dumps((await world.ask(LIST, caller="manager")).body, ensure_ascii=False).encode()
    assert originals.leaked(whole, support(world).permissions), "the look-out sees nothing"
