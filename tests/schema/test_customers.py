"""Customers as they are spoken: an email address is for those who may see it, in every way it could be seen."""

import pytest

from db.ids import new_id
from schema.scalars import write_time
from tests.support.facts import Json, ids_of, look, row_of
from tests.support.lists import LISTS, listed, rows_of, said
from tests.support.world import World

CUSTOMER = """query($id: ID!) { node(id: $id) { ... on Customer {
    id name email city country version createdAt updatedAt } } }"""


async def test_every_field_of_a_customer_says_what_the_row_holds(world: World) -> None:
    (id_,) = await ids_of(world, "customers")
    row = await row_of(world, "customers", id_)
    reply = await world.ask(CUSTOMER, {"id": f"cus_{id_}"}, caller="manager")
    assert reply.body == {
        "data": {
            "node": {
                "id": f"cus_{id_}",
                **{name: row[name] for name in ("name", "email", "city", "country", "version")},
                "createdAt": write_time(row["created_at"]),
                "updatedAt": write_time(row["updated_at"]),
            }
        }
    }


@pytest.mark.parametrize(
    ("where", "sql"),
    [
        ({"name": {"startsWith": "A"}}, "name >= 'A' AND name < 'B'"),
        ({"name": {"contains": "é"}}, "position('é' in name) > 0"),
        ({"email": {"startsWith": "info@"}}, "email LIKE 'info@%'"),
        ({"email": {"contains": ".example"}}, "email LIKE '%.example%'"),
        ({"country": {"in": ["DE", "FR"]}}, "country IN ('DE', 'FR')"),
        ({"city": {"ne": "Berlin"}}, "city <> 'Berlin'"),
        ({"city": {"isNull": True}}, "false"),
        ({"createdAt": {"lt": "2026-01-01T00:00:00Z"}}, "created_at < '2026-01-01Z'"),
        ({"updatedAt": {"gte": "2026-01-01T00:00:00Z"}}, "updated_at >= '2026-01-01Z'"),
        ({"or": [{"country": {"eq": "DE"}}, {"not": {"name": {"contains": "a"}}}]}, "country='DE' OR name !~ 'a'"),
    ],
)
async def test_a_filter_finds_what_sql_says(world: World, where: Json, sql: str) -> None:
    assert set(await listed(world, "Customer", where=where)) == await said(world, "Customer", sql)


async def test_customers_are_found_by_their_ids(world: World) -> None:
    ids = await ids_of(world, "customers", "acme", 3)
    publics = [f"cus_{id_}" for id_ in [*ids, *await ids_of(world, "customers", "globex", 3), new_id()]]
    assert set(await listed(world, "Customer", where={"id": {"in": publics}})) == set(ids)


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize(
    ("field", "column"),
    [("NAME", "name_key"), ("EMAIL", "email"), ("CREATED_AT", "created_at"), ("UPDATED_AT", "updated_at")],
)
async def test_a_list_is_sorted_as_asked(world: World, field: str, column: str, direction: str) -> None:
    found = await listed(world, "Customer", orderBy=[{"field": field, "direction": direction}])
    rows = {row["id"]: row for row in await rows_of(world, "Customer")}
    assert len(found) == len(rows)
    values = [(rows[id_][column], id_) for id_ in found]
    assert values == sorted(values, reverse=direction == "DESC")


async def test_names_are_found_by_their_words_without_accents_and_case(world: World) -> None:
    sql = "SELECT id, name FROM customers WHERE tenant_id = $1 AND name ~ '[éüñçłö]' ORDER BY id LIMIT 5"
    for row in await look(world, sql, world.tenants["acme"].hex):
        assert row["id"] in await listed(world, "Customer", "viewer", search=row["name"].upper()), row["name"]


async def test_a_viewer_cannot_find_customers_by_the_words_of_their_email(world: World) -> None:
    (id_,) = await ids_of(world, "customers", "initech")
    await look(world, "UPDATE customers SET email = 'quixotic@post.example' WHERE id = $1", id_)
    await look(
        world, "INSERT INTO customer_terms SELECT tenant_id, id, 1, 'quixotic' FROM customers WHERE id = $1", id_
    )
    for role, found in (("admin", [id_]), ("manager", [id_]), ("viewer", [])):
        assert await listed(world, "Customer", world.principal(role, "initech"), search="quixot") == found
    assert await listed(world, "Customer", "admin", search="quixot") == []


GATED: list[Json] = [
    {"where": {"email": {"startsWith": "a"}}},
    {"where": {"not": {"and": [{"email": {"isNull": False}}]}}},
    {"orderBy": [{"field": "EMAIL"}]},
    {"orderBy": [{"field": "NAME"}, {"field": "EMAIL", "direction": "DESC"}]},
]


@pytest.mark.parametrize("arguments", GATED, ids=lambda value: ascii(value)[:60])
@pytest.mark.parametrize(
    ("caller", "code"),
    [(None, "UNAUTHENTICATED"), ("partner", "FORBIDDEN"), ("viewer", "FORBIDDEN"), ("manager", None)],
)
async def test_nobody_filters_or_sorts_by_an_email_they_may_not_see(
    world: World, arguments: Json, caller: str | None, code: str | None
) -> None:
    async with world.statements() as seen:
        reply = await world.ask(LISTS["Customer"], arguments, caller=caller)
    assert reply.code == code
    if code is not None:
        assert ("data" in reply.body, seen) == (False, [])
        assert set(reply.codes) == {code}


@pytest.mark.parametrize(("caller", "code"), [(None, "UNAUTHENTICATED"), ("partner", "FORBIDDEN")])
async def test_who_may_not_read_customers_gets_none(world: World, caller: str | None, code: str) -> None:
    for document in (
        "{ customers { nodes { name } } }",
        "{ customers { totalCount } }",
        "{ orders { nodes { number customer { name } } } }",
    ):
        async with world.statements() as seen:
            reply = await world.ask(document, caller=caller)
        assert (reply.code, "data" in reply.body, seen) == (code, False, [])


async def test_a_denied_email_is_null_with_one_error_a_selection_and_is_not_read(world: World) -> None:
    document = """{ customers(first: 7) { nodes { name email mail: email } edges { node { ...e } } } }
        fragment e on Customer { email }"""
    async with world.statements() as seen:
        reply = await world.ask(document, caller="viewer")
    nodes = reply.data["customers"]["nodes"]
    assert len(nodes) == 7
    assert all(node["name"] and node["email"] is None and node["mail"] is None for node in nodes)
    assert all(edge["node"] == {"email": None} for edge in reply.data["customers"]["edges"])
    assert "@" not in str(reply.data)
    expected = {"code": "FORBIDDEN", "permission": "customers:pii", "coordinate": "Customer.email", "occurrences": 7}
    assert sorted(map(str, (error["path"] for error in reply.errors))) == sorted(
        map(
            str,
            (
                ["customers", "nodes", 0, "email"],
                ["customers", "nodes", 0, "mail"],
                ["customers", "edges", 0, "node", "email"],
            ),
        )
    )
    assert all(error["extensions"] == {**expected, "requestId": "req-test"} for error in reply.errors)
    assert len(seen) == 1


async def test_a_denied_email_behind_orders_costs_one_error_at_the_first(world: World) -> None:
    document = "{ orders(first: 20) { nodes { number customer { name email } } } }"
    reply = await world.ask(document, caller="viewer")
    (error,) = reply.errors
    assert error["path"] == ["orders", "nodes", 0, "customer", "email"]
    assert error["extensions"]["occurrences"] == 20
    assert "@" not in str(reply.data)
    async with world.statements() as seen:
        await world.ask(document, caller="viewer")
    assert not any("email" in statement for statement in seen)
    assert (await world.ask(document, caller="manager")).errors == []
