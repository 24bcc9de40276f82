"""Members and roles as an admin manages them: within the tenant, within what the admin has, and on record."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from auth.permissions import SYSTEM_ROLES, PermissionSet
from auth.principal import Principal
from db.ids import new_id
from db.scopes import scope_of
from tests.support.facts import Json, look, new_order, records_of, tenant_apart
from tests.support.world import World

ERRORS = "userErrors { code field }"
MEMBERS = """query($where: MemberWhere, $first: Int) {
    members(where: $where, first: $first, orderBy: [{field: EMAIL}]) {
    nodes { id email roles disabledAt } totalCount pageInfo { hasNextPage } } }"""
ROLES = "{ roles { name permissions scope system members version } }"
HAND_ON = "mutation($i: UpdateOrderInput!) { updateOrder(input: $i) { order { id } userErrors { code field } } }"
STAFF = ["manager@acme.example", "partner@acme.example"]
LIMITED = frozenset({"admin:members", "admin:roles", "orders:read"})
SELLER: dict[str, Any] = {"name": "seller", "permissions": ["orders:read"], "scope": "OWN"}


def of_role(verb: str, fields: str) -> str:
    kind = f"{verb[0].upper()}{verb[1:]}Input"
    return f"mutation($i: {kind}!) {{ {verb}(input: $i) {{ role {{ {fields} }} {ERRORS} }} }}"


def of_member(verb: str, kind: str = "MemberInput") -> str:
    return f"mutation($i: {kind}!) {{ {verb}(input: $i) {{ member {{ id roles disabledAt }} {ERRORS} }} }}"


CREATE = of_role("createRole", "name permissions scope system")
UPDATE, DELETE = of_role("updateRole", "permissions scope version"), of_role("deleteRole", "name")
ASSIGN, UNASSIGN = (of_member(verb, "MemberRoleInput") for verb in ("assignRole", "unassignRole"))


@dataclass(frozen=True, slots=True)
class House:
    """A tenant of a test's own: its admin, who asks, and a viewer."""

    world: World
    admin: Principal
    viewer: str

    async def ask(self, document: str, **given: Any) -> Any:  # Any: JSON
        variables = given if document.startswith("query") else {"i": given}
        reply = await self.world.ask(document, variables, caller=self.admin)
        assert reply.errors == [], reply.errors
        return next(iter(reply.data.values()))

    async def codes(self, document: str, **given: Any) -> list[str]:  # Any: JSON
        return [error["code"] for error in (await self.ask(document, **given))["userErrors"]]

    async def actions(self) -> list[str]:
        return [record["action"] for record in await records_of(self.world, self.admin)]


@pytest.fixture
async def house(world: World) -> House:
    admin, directory = await tenant_apart(world), world.database.directory
    membership = (admin.tenant.hex, "viewer")
    viewer = await directory.create_user(f"viewer-{new_id()}@house.example", "Zoë", None, membership)
    return House(world, admin, f"usr_{viewer}")


async def test_members_are_listed_within_the_tenant_with_their_roles(house: House) -> None:
    found = await house.ask(MEMBERS, first=1)
    assert (found["totalCount"], found["pageInfo"]["hasNextPage"]) == (2, True)
    (viewer,) = (await house.ask(MEMBERS, where={"email": {"startsWith": "viewer-"}}))["nodes"]
    assert (viewer["id"], viewer["roles"], viewer["disabledAt"]) == (house.viewer, ["viewer"], None)


async def test_a_role_is_made_given_changed_taken_and_removed_on_record(house: House) -> None:
    made = await house.ask(CREATE, **SELLER)
    assert made["role"] == {**SELLER, "system": False}
    assert (await house.ask(ASSIGN, userId=house.viewer, role="seller"))["member"]["roles"] == ["seller", "viewer"]
    changed = await house.ask(UPDATE, name="seller", permissions=["orders:*"], expectedVersion=1)
    assert changed["role"] == {"permissions": ["orders:*"], "scope": "OWN", "version": 2}
    assert await house.codes(DELETE, name="seller") == ["IN_USE"]
    assert (await house.ask(UNASSIGN, userId=house.viewer, role="seller"))["member"]["roles"] == ["viewer"]
    assert await house.codes(DELETE, name="seller") == []
    assert [each["name"] for each in await house.ask("query " + ROLES)] == sorted(SYSTEM_ROLES)
    assert await house.actions() == ["createRole", "assignRole", "updateRole", "unassignRole", "deleteRole"]


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ({"name": "admin"}, ["TAKEN"]),
        ({"name": "Seller"}, ["INVALID"]),
        ({"permissions": ["orders:reed"]}, ["INVALID"]),
        ({"description": "x" * 201}, ["INVALID"]),
    ],
)
async def test_a_role_that_makes_no_sense_is_not_made(house: House, given: Json, codes: list[str]) -> None:
    assert await house.codes(CREATE, **{**SELLER, **given}) == codes
    assert await house.actions() == []


async def test_nobody_makes_gives_or_changes_more_than_they_have(house: House) -> None:
    await house.ask(CREATE, name="strong", permissions=["customers:pii"])
    await house.ask(CREATE, name="wide", permissions=["orders:read"], scope="ALL")
    before = await house.ask("query " + ROLES), await house.actions()
    limited = replace(house.admin, permissions=PermissionSet(LIMITED))
    narrow = replace(limited, scope=scope_of(["ASSIGNED"], house.admin.user_id))
    for document, caller, given in (
        (CREATE, limited, {"name": "more", "permissions": ["customers:pii"]}),
        (CREATE, limited, {"name": "more", "permissions": ["admin:*"]}),
        (CREATE, narrow, {"name": "more", "permissions": ["orders:read"], "scope": "ALL"}),
        (UPDATE, limited, {"name": "strong", "permissions": []}),
        (UPDATE, limited, {"name": "wide", "permissions": ["customers:pii"]}),
        (DELETE, limited, {"name": "strong"}),
        (ASSIGN, limited, {"userId": house.viewer, "role": "admin"}),
        (ASSIGN, narrow, {"userId": house.viewer, "role": "wide"}),
        (of_member("removeMember"), limited, {"userId": f"usr_{house.admin.user_id}"}),
        (of_member("disableUser"), limited, {"userId": f"usr_{house.admin.user_id}"}),
    ):
        assert await replace(house, admin=caller).codes(document, **given) == ["BEYOND_YOURS"], (document, given)
    assert (await house.ask("query " + ROLES), await house.actions()) == before


async def test_a_system_role_is_not_changed_and_a_stale_version_neither(house: House) -> None:
    assert await house.codes(UPDATE, name="viewer", permissions=[]) == ["INVALID"]
    assert await house.codes(DELETE, name="viewer") == ["INVALID"]
    assert await house.codes(UPDATE, name="nobody", permissions=[]) == ["NOT_FOUND"]
    await house.ask(CREATE, **SELLER)
    assert await house.codes(UPDATE, name="seller", permissions=[], expectedVersion=9) == ["CONFLICT"]


async def test_the_last_admin_and_a_members_last_role_stay(house: House) -> None:
    admin = f"usr_{house.admin.user_id}"
    await house.ask(ASSIGN, userId=admin, role="viewer")
    assert await house.codes(UNASSIGN, userId=admin, role="admin") == ["LAST_ADMIN"]
    assert await house.codes(of_member("removeMember"), userId=admin) == ["LAST_ADMIN"]
    assert await house.codes(of_member("disableUser"), userId=admin) == ["LAST_ADMIN"]
    assert await house.codes(UNASSIGN, userId=house.viewer, role="viewer") == ["INVALID"]
    assert await house.actions() == ["assignRole"]


async def test_a_member_is_disabled_enabled_and_removed(house: House) -> None:
    for _ in range(2):  # again changes nothing, and is not on record again
        disabled = await house.ask(of_member("disableUser"), userId=house.viewer)
        assert disabled["member"]["disabledAt"] is not None
    assert (await house.ask(of_member("enableUser"), userId=house.viewer))["member"]["disabledAt"] is None
    assert (await house.ask(of_member("removeMember"), userId=house.viewer))["member"]["id"] == house.viewer
    assert await house.codes(of_member("removeMember"), userId=house.viewer) == ["NOT_FOUND"]
    assert await house.actions() == ["disableUser", "enableUser", "removeMember"]


async def test_somebody_of_another_tenant_is_told_of_like_nobody(house: House, world: World) -> None:
    (row,) = await look(world, "SELECT id FROM users WHERE email = $1", "viewer@acme.example")
    for document, given in (
        *((of_member(verb), {}) for verb in ("removeMember", "disableUser", "enableUser")),
        (ASSIGN, {"role": "viewer"}),
        (UNASSIGN, {"role": "viewer"}),
    ):
        foreign = await house.ask(document, userId=f"usr_{row['id']}", **given)
        assert foreign == await house.ask(document, userId=f"usr_{new_id()}", **given)
        assert [error["code"] for error in foreign["userErrors"]] == ["NOT_FOUND"]
    assert await house.actions() == []


@pytest.mark.parametrize("document", [MEMBERS, ROLES, CREATE, ASSIGN])
async def test_whoever_may_not_is_refused(house: House, document: str) -> None:
    asked: dict[str, Any] = {CREATE: {"i": SELLER}, ASSIGN: {"i": {"userId": house.viewer, "role": "viewer"}}}
    reply = await house.world.ask(document, asked.get(document), caller="manager")
    assert (reply.code, reply.data) == ("FORBIDDEN", None)
    assert await house.actions() == []


async def test_an_order_is_assigned_to_a_member_who_can_act_and_to_nobody_else(world: World) -> None:
    (seller, disabled) = await look(world, "SELECT id FROM users WHERE email = ANY($1) ORDER BY email", STAFF)
    (foreign,) = await look(world, "SELECT id FROM users WHERE email = $1", "viewer@globex.example")
    await look(world, "UPDATE memberships SET disabled_at = now() WHERE user_id = $1", disabled["id"])
    order = await new_order(world)
    try:
        for user in (disabled, foreign):
            given = {"id": order, "assignedToId": f"usr_{user['id']}"}
            (error,) = (await world.ask(HAND_ON, {"i": given})).data["updateOrder"]["userErrors"]
            assert error == {"code": "NOT_FOUND", "field": ["assignedToId"]}
    finally:
        await look(world, "UPDATE memberships SET disabled_at = NULL WHERE user_id = $1", disabled["id"])
    caller = replace(world.principal(), user_id=seller["id"], scope=scope_of(["ASSIGNED"], seller["id"]))
    find = "query($o: ID!) { order(id: $o) { id } }"
    for assignee, seen in ((f"usr_{seller['id']}", {"id": order}), (None, None)):
        answer = await world.ask(HAND_ON, {"i": {"id": order, "assignedToId": assignee}})
        assert answer.data["updateOrder"]["userErrors"] == []
        assert (await world.ask(find, {"o": order}, caller=caller)).data == {"order": seen}


async def test_a_role_says_what_its_members_may_be_elevated_to_within_what_its_maker_may(house: House) -> None:
    fields = of_role("createRole", "permissions elevatable")
    made = await house.ask(fields, **SELLER, elevatable=["customers:pii", "customers:pii"])
    assert made["role"] == {"permissions": ["orders:read"], "elevatable": ["customers:pii"]}
    changed = await house.ask(of_role("updateRole", "elevatable"), name="seller", elevatable=[])
    assert changed["role"] == {"elevatable": []}
    refused = {**SELLER, "name": "other"}
    assert await house.codes(CREATE, **refused, elevatable=["customers:pie"]) == ["INVALID"]
    assert await house.codes(CREATE, **refused, elevatable=["users:impersonate"]) == ["BEYOND_YOURS"]
    assert await house.codes(CREATE, **{**refused, "permissions": ["users:impersonate"]}) == ["INVALID"]
    assert await house.codes(UPDATE, name="seller", elevatable=None) == ["REQUIRED"]
    assert await house.actions() == ["createRole", "updateRole"]
    able = replace(house.admin, elevatable=frozenset({"users:impersonate"}))
    assert await replace(house, admin=able).codes(CREATE, **refused, elevatable=["users:impersonate"]) == []
    assert await house.codes(ASSIGN, userId=house.viewer, role="other") == ["BEYOND_YOURS"]
