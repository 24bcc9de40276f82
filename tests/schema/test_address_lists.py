"""Address lists as an admin sets them: within the tenant, within what the admin has, and on record."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from auth.permissions import SYSTEM_ROLES, PermissionSet
from auth.principal import Principal
from tests.support.facts import Json, records_of, tenant_apart
from tests.support.world import World

LISTS = "{ addressLists { permission networks } }"
SET = """mutation($i: SetAddressListInput!) { setAddressList(input: $i) {
    addressLists { permission networks } userErrors { code field message } } }"""
OFFICE = ["203.0.113.0/24", "2001:db8::/32"]


@dataclass(frozen=True, slots=True)
class Gate:
    """A tenant of a test's own, and its admin, who asks from the office."""

    world: World
    admin: Principal

    async def set(
        self, caller: Principal | None = None, address: str | None = "203.0.113.9", **given: object
    ) -> Any:  # Any: JSON
        reply = await self.world.ask(SET, {"i": given}, caller=caller or self.admin, address=address)
        assert reply.errors == [], reply.errors
        return reply.data["setAddressList"]

    async def refusal(
        self, caller: Principal | None = None, address: str | None = "203.0.113.9", **given: object
    ) -> tuple[str, str]:
        """Code and field of the only problem."""
        answer = await self.set(caller, address, **given)
        (error,) = answer["userErrors"]
        assert answer["addressLists"] is None
        return error["code"], ".".join(error["field"])

    async def lists(self) -> Any:  # Any: JSON
        return await self.world.database.directory.address_lists.of_tenant(self.admin.tenant.hex)

    async def record(self) -> list[Mapping[str, Any]]:  # Any: columns
        return await records_of(self.world, self.admin)


@pytest.fixture
async def gate(world: World) -> Gate:
    return Gate(world, await tenant_apart(world))


async def test_lists_are_set_changed_and_taken_away_on_record(gate: Gate) -> None:
    everything = {"permission": "*", "networks": OFFICE}
    assert (await gate.set(networks=OFFICE))["addressLists"] == [everything]
    admins: Json = {"permission": "admin:*", "networks": ["203.0.113.8/29"]}
    assert (await gate.set(**admins))["addressLists"] == [everything, admins]
    assert (await gate.world.ask(LISTS, caller=gate.admin)).data == {"addressLists": [everything, admins]}
    assert (await gate.set(networks=[]))["addressLists"] == [admins]
    assert (await gate.set(networks=[]))["userErrors"] == []  # again changes nothing, and is not on record again
    record = await gate.record()
    assert [(row["action"], row["entity_id"], row["address"]) for row in record] == [
        ("setAddressList", "*", "203.0.113.9"),
        ("setAddressList", "admin:*", "203.0.113.9"),
        ("setAddressList", "*", "203.0.113.9"),
    ]
    assert "203.0.113.8/29" in str(record[1]["changes"])


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"networks": ["everywhere"]}, ("INVALID", "networks")),
        ({"networks": ["203.0.113.9/24"]}, ("INVALID", "networks")),
        ({"networks": [f"10.0.{n}.0/24" for n in range(51)]}, ("INVALID", "networks")),
        ({"networks": OFFICE, "permission": "orders:fly"}, ("INVALID", "permission")),
        ({"networks": OFFICE, "permission": ""}, ("INVALID", "permission")),
        ({"networks": OFFICE, "permission": "\0"}, ("INVALID", "permission")),
    ],
)
async def test_a_list_that_makes_no_sense_is_not_set(gate: Gate, given: Json, refusal: tuple[str, str]) -> None:
    assert await gate.refusal(**given) == refusal
    assert (await gate.lists(), await gate.record()) == ({}, [])


@pytest.mark.parametrize("permission", ["*", "admin:*", "admin:addresses"])
@pytest.mark.parametrize("address", ["198.51.100.1", None])
async def test_nobody_locks_themselves_out(gate: Gate, permission: str, address: str | None) -> None:
    refused = await gate.refusal(address=address, permission=permission, networks=OFFICE)
    assert refused == ("LOCKS_YOU_OUT", "networks")
    assert (await gate.lists(), await gate.record()) == ({}, [])


async def test_what_does_not_decide_over_lists_may_be_bound_to_anywhere(gate: Gate) -> None:
    assert (await gate.set(address="198.51.100.1", permission="orders:write", networks=OFFICE))["userErrors"] == []
    assert await gate.lists() == {"orders:write": OFFICE}


async def test_nobody_binds_more_than_they_have(gate: Gate) -> None:
    limited = replace(gate.admin, permissions=PermissionSet.of(["admin:addresses"]))
    for permission in ("orders:write", "admin:*"):
        refused = await gate.refusal(limited, permission=permission, networks=OFFICE)
        assert refused == ("BEYOND_YOURS", "permission")
    assert (await gate.lists(), await gate.record()) == ({}, [])


async def test_a_tenant_has_so_many_lists_and_no_more(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auth.address_desk.MOST_LISTS", 1)
    await gate.set(networks=OFFICE)
    answer = await gate.set(networks=OFFICE, permission="orders:*")
    assert [error["code"] for error in answer["userErrors"]] == ["TOO_MANY"]
    assert await gate.lists() == {"*": OFFICE}
    assert (await gate.set(networks=["203.0.113.9"]))["userErrors"] == []


async def test_another_tenants_lists_are_neither_seen_nor_changed(gate: Gate, world: World) -> None:
    await gate.set(networks=OFFICE, permission="orders:write")
    assert (await world.ask(LISTS)).data == {"addressLists": []}
    reply = await world.ask(SET, {"i": {"permission": "orders:write", "networks": []}})
    assert reply.data["setAddressList"] == {"addressLists": [], "userErrors": []}
    assert await gate.lists() == {"orders:write": OFFICE}


@pytest.mark.parametrize("document", [LISTS, SET])
async def test_whoever_may_not_is_refused(gate: Gate, document: str) -> None:
    await gate.set(networks=OFFICE, permission="orders:write")
    before = await gate.lists()
    manager = replace(gate.admin, permissions=PermissionSet.of(SYSTEM_ROLES["manager"]))
    variables: Json = {"i": {"networks": []}} if document == SET else {}
    for caller, code in ((manager, "FORBIDDEN"), (None, "UNAUTHENTICATED")):
        reply = await gate.world.ask(document, variables, caller=caller)
        assert (reply.code, reply.data) == (code, None)
        assert OFFICE[0] not in str(reply.body)
    assert await gate.lists() == before
