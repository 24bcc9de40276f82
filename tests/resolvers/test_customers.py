"""The rules by which customers change."""

import json
from typing import Any

import pytest

from db.ids import new_id
from resolvers.customers import CustomerPatch, NewCustomer, create_customer, update_customer
from resolvers.errors import Conflict, NotFound, Problems
from tests.support.facts import footprint, ids_of, newest, row_of
from tests.support.world import USER, World

GOOD = NewCustomer("Zoë Müller", "zoe@mueller.example", "Köln", "DE")


def patch(customer: str, version: int | None = None, **changes: Any) -> CustomerPatch:  # Any: columns
    return CustomerPatch(customer, version, changes)


async def test_a_new_customer_is_logged_and_audited_with_the_row(world: World) -> None:
    row = await create_customer(world.write_context(), GOOD)
    assert (row["name"], row["name_key"], row["version"], row["created_by"]) == ("Zoë Müller", "zoe muller", 1, USER)
    event, audit = await newest(world, "event_log"), await newest(world, "audit_log")
    assert (event["type"], event["entity"], event["entity_id"]) == ("customer.created", "customer", row["id"])
    assert (event["before"], json.loads(event["after"])["email"]) == (None, "zoe@mueller.example")
    assert (audit["action"], audit["entity_id"], audit["actor_id"]) == ("createCustomer", f"cus_{row['id']}", USER)
    assert (await row_of(world, "customers", row["id"]))["city"] == "Köln"


@pytest.mark.parametrize("email", ["a@b.c", "o'neill+x@sub.host.example", "é@münchen.example", "a" * 64 + "@b.example"])
async def test_an_address_that_could_be_one_is_taken(world: World, email: str) -> None:
    row = await create_customer(world.write_context(), NewCustomer("Z", email, "Köln", "DE"))
    assert row["email"] == email


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": " "}, "REQUIRED"),
        ({"name": "n" * 201}, "TOO_LONG"),
        ({"city": ""}, "REQUIRED"),
        ({"city": "c" * 101}, "TOO_LONG"),
        ({"country": ""}, "REQUIRED"),
        ({"country": "de"}, "INVALID"),
        ({"country": "ÄÖ"}, "INVALID"),
        ({"country": "GER"}, "TOO_LONG"),
        ({"email": ""}, "REQUIRED"),
        ({"email": "nobody"}, "INVALID"),
        ({"email": "a@b"}, "INVALID"),
        ({"email": "a b@c.example"}, "INVALID"),
        ({"email": "a@b@c.example"}, "INVALID"),
        ({"email": "a@.example"}, "INVALID"),
        ({"email": "a" * 65 + "@b.example"}, "INVALID"),
        ({"email": "a@" + "b" * 250 + ".example"}, "TOO_LONG"),
    ],
)
async def test_a_value_that_no_customer_has_is_refused_new_or_patched(
    world: World, changes: dict[str, str], code: str
) -> None:
    (customer,) = await ids_of(world, "customers")
    held = await footprint(world)
    given = {"name": GOOD.name, "email": GOOD.email, "city": GOOD.city, "country": GOOD.country, **changes}
    for change in (
        create_customer(world.write_context(), NewCustomer(**given)),
        update_customer(world.write_context(), CustomerPatch(customer, None, changes)),
    ):
        with pytest.raises(Problems) as caught:
            await change
        assert [(p.code, p.field) for p in caught.value.problems] == [(code, list(changes))]
    assert await footprint(world) == held


async def test_every_fault_is_told_at_once(world: World) -> None:
    with pytest.raises(Problems) as caught:
        await create_customer(world.write_context(), NewCustomer("", "x", "c" * 101, "xx"))
    assert {(p.code, *p.field) for p in caught.value.problems} == {
        *(("REQUIRED", "name"), ("INVALID", "email"), ("TOO_LONG", "city"), ("INVALID", "country"))
    }


async def test_an_update_changes_what_it_names_and_logs_both_images(world: World) -> None:
    row = await create_customer(world.write_context(), GOOD)
    after = await update_customer(world.write_context(), patch(row["id"], 1, city="Łódź", name=GOOD.name))
    assert dict(after) == {**row, "city": "Łódź", "version": 2, "updated_at": after["updated_at"]}
    event, audit = await newest(world, "event_log"), await newest(world, "audit_log")
    assert (event["type"], event["version"]) == ("customer.updated", 2)
    assert (json.loads(event["before"])["city"], json.loads(event["after"])["city"]) == ("Köln", "Łódź")
    assert json.loads(audit["changes"]).keys() == {"city", "version", "updated_at"}


async def test_a_patch_that_changes_nothing_writes_nothing(world: World) -> None:
    row = await create_customer(world.write_context(), GOOD)
    held = await footprint(world)
    assert await update_customer(world.write_context(), patch(row["id"], name=GOOD.name, email=GOOD.email)) == row
    assert await update_customer(world.write_context(), patch(row["id"])) == row
    assert await footprint(world) == held


async def test_a_stale_version_is_a_conflict_and_an_unknown_or_foreign_customer_is_not_found(world: World) -> None:
    row, (foreign,) = await create_customer(world.write_context(), GOOD), await ids_of(world, "customers", "globex")
    await update_customer(world.write_context(), patch(row["id"], city="Łódź"))
    held = await footprint(world)
    with pytest.raises(Conflict) as stale:
        await update_customer(world.write_context(), patch(row["id"], 1, city="Zürich"))
    assert (stale.value.current["version"], stale.value.current["city"]) == (2, "Łódź")
    told = set()
    for unknown in (foreign, new_id()):
        with pytest.raises(NotFound) as missing:
            await update_customer(world.write_context(), patch(unknown, 1, city="Zürich"))
        told.add((missing.value.code, missing.value.message, *missing.value.field))
    assert told == {("NOT_FOUND", "There is no such customer.", "id")}
    assert await footprint(world) == held
