"""The mutations of customers: what they answer, what they refuse, and who may use which of their fields."""

import pytest

from db.ids import new_id
from tests.support.facts import Json, footprint, ids_of, row_of
from tests.support.lists import listed
from tests.support.world import World

CREATE = """mutation($input: CreateCustomerInput!) { createCustomer(input: $input) {
    customer { id name email city country version } userErrors { __typename code message field } } }"""
UPDATE = """mutation($input: UpdateCustomerInput!) { updateCustomer(input: $input) {
    customer { id name city version } userErrors { __typename code message field } } }"""
GOOD = {"name": "Zoë Müller", "email": "zoe@mueller.example", "city": "Köln", "country": "DE"}


async def a_customer(world: World) -> str:
    reply = await world.ask(CREATE, {"input": GOOD})
    public: str = reply.data["createCustomer"]["customer"]["id"]
    return public


async def test_a_customer_is_created_and_found_by_name_and_email(world: World) -> None:
    unique = f"q{new_id()[-12:]}"
    reply = await world.ask(CREATE, {"input": {**GOOD, "name": f"Zoë {unique}", "email": f"z@{unique}.example"}})
    made = reply.data["createCustomer"]
    assert made["userErrors"] == []
    assert made["customer"] == {**GOOD, **made["customer"], "version": 1, "name": f"Zoë {unique}"}
    assert await listed(world, "Customer", search=f"zoe {unique}") == [made["customer"]["id"].removeprefix("cus_")]
    assert await listed(world, "Customer", "viewer", search=f"zoe {unique}") != []


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"id": "nonsense"}, "INVALID", ["id"]),
        ({"id": "ord_" + "0" * 32}, "INVALID", ["id"]),
        ({"id": "cus_" + "0" * 32}, "NOT_FOUND", ["id"]),
        ({"name": None}, "REQUIRED", ["name"]),
        ({"email": "nobody"}, "INVALID", ["email"]),
        ({"country": None}, "REQUIRED", ["country"]),
        ({"expectedVersion": 7}, "CONFLICT", ["expectedVersion"]),
    ],
)
async def test_a_refused_change_is_told_with_code_and_field(
    world: World, given: Json, code: str, field: list[str]
) -> None:
    customer = await a_customer(world)
    before = await footprint(world)
    reply = await world.ask(UPDATE, {"input": {"id": customer, **given}})
    (error,) = reply.data["updateCustomer"]["userErrors"]
    assert (reply.data["updateCustomer"]["customer"], error["code"], error["field"]) == (None, code, field)
    assert await footprint(world) == before


async def test_a_foreign_customer_answers_like_an_unknown_one(world: World) -> None:
    (foreign,) = await ids_of(world, "customers", "globex")
    told = []
    for customer in (foreign, new_id()):
        reply = await world.ask(UPDATE, {"input": {"id": f"cus_{customer}", "name": "mine", "expectedVersion": 1}})
        told.append(reply.body)
    assert told[0] == told[1]
    assert (await row_of(world, "customers", foreign))["name"] != "mine"


CALLERS = {
    "nobody": (None, "UNAUTHENTICATED"),
    "manager": ("manager", "FORBIDDEN"),
    "without what identifies": (frozenset({"customers:read", "customers:write"}), "FORBIDDEN"),
    "admin": ("admin", None),
}


@pytest.mark.parametrize("caller", CALLERS)
async def test_an_email_is_written_by_those_who_may_write_and_see_it(world: World, caller: str) -> None:
    who, code = CALLERS[caller]
    customer = await a_customer(world)
    before = await footprint(world)
    principal = world.principal(grants=who) if isinstance(who, frozenset) else who
    for document, given in ((CREATE, GOOD), (UPDATE, {"id": customer, "email": "new@mueller.example"})):
        async with world.statements() as seen:
            reply = await world.ask(document.replace(" email city", " city"), {"input": given}, caller=principal)
        assert set(reply.codes) == ({code} if code else set())
        assert (seen == []) is (code is not None)
    assert (await footprint(world) == before) is (code is not None)


async def test_the_rest_of_a_customer_is_written_without_its_email(world: World) -> None:
    customer = await a_customer(world)
    caller = world.principal(grants=frozenset({"customers:read", "customers:write"}))
    reply = await world.ask(UPDATE, {"input": {"id": customer, "city": "Łódź"}}, caller=caller)
    assert reply.data["updateCustomer"] == {
        "customer": {"id": customer, "name": "Zoë Müller", "city": "Łódź", "version": 2},
        "userErrors": [],
    }
