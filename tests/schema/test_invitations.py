"""Inviting, as an admin does it: within the tenant, within what the admin has, and on record."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from auth.permissions import PermissionSet
from auth.principal import Elevation
from db.clock import utc_now
from db.ids import new_id
from db.scopes import scope_of
from tests.schema.test_members import House, house  # noqa: F401  a fixture
from tests.support.facts import Json, look
from tests.support.world import World

LIST = """query($where: InvitationWhere) { invitations(where: $where, orderBy: [{field: EMAIL}]) {
    nodes { id email roles inviterId revokedAt acceptedAt } totalCount } }"""
INVITE = """mutation($i: InviteMemberInput!) { inviteMember(input: $i) {
    invitation { id email roles version } link userErrors { code field } } }"""
REVOKE = """mutation($i: RevokeInvitationInput!) { revokeInvitation(input: $i) {
    invitation { id revokedAt } userErrors { code field } } }"""


def somebody() -> str:
    return f"{uuid4().hex[:12]}@new.example"


async def test_an_address_is_invited_listed_and_the_invitation_revoked(house: House) -> None:  # noqa: F811
    email = somebody()
    made = await house.ask(INVITE, email=f" {email.upper()} ", roles=["viewer", "partner", "viewer"])
    assert made["invitation"] | {"id": ""} == {"id": "", "email": email, "roles": ["partner", "viewer"], "version": 1}
    id_, token = made["invitation"]["id"], made["link"].removeprefix("/auth/invitation?token=")
    (row,) = await look(house.world, "SELECT * FROM invitations WHERE email = $1", email)
    assert row["token_hash"] == hashlib.sha256(token.encode()).digest()
    (listed,) = (await house.ask(LIST, where={"email": {"eq": email}}))["nodes"]
    assert (listed["id"], listed["inviterId"]) == (id_, f"usr_{house.admin.user_id}")
    assert (await house.ask(REVOKE, id=id_))["invitation"]["revokedAt"] is not None
    assert await house.codes(REVOKE, id=id_) == ["INVALID"]
    assert await house.actions() == ["inviteMember", "revokeInvitation"]
    (kept,) = await look(house.world, "SELECT string_agg(a::text, '') FROM audit_log a WHERE entity = 'invitation'")
    assert token not in kept[0]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"email": "nobody"}, "INVALID"),
        ({"email": "zоe@new.example"}, "INVALID"),  # a Cyrillic o
        ({"email": "a\x00b@new.example"}, "INVALID"),
        ({"roles": []}, "INVALID"),
        ({"roles": ["viewer", "emperor"]}, "NOT_FOUND"),
        ({"roles": [f"r{n}" for n in range(21)]}, "INVALID"),
    ],
)
async def test_what_makes_no_sense_invites_nobody(house: House, given: Json, code: str) -> None:  # noqa: F811
    asked: dict[str, Any] = {"email": somebody(), "roles": ["viewer"], **given}
    answer = await house.ask(INVITE, **asked)
    assert ([each["code"] for each in answer["userErrors"]], answer["link"]) == ([code], None)
    assert (await house.ask(LIST))["totalCount"] == 0
    assert await house.actions() == []


async def test_nobody_invites_to_more_than_they_have(house: House) -> None:  # noqa: F811
    limited = replace(house.admin, permissions=PermissionSet(frozenset({"admin:members", "orders:read"})))
    narrow = replace(house.admin, scope=scope_of(["ASSIGNED"], house.admin.user_id))
    for caller, role in ((limited, "admin"), (limited, "viewer"), (narrow, "viewer")):
        codes = await replace(house, admin=caller).codes(INVITE, email=somebody(), roles=[role])
        assert codes == ["BEYOND_YOURS"]
    assert await house.actions() == []


async def test_whoever_may_invite_for_a_while_only_does_not(house: House) -> None:  # noqa: F811
    usual = PermissionSet(frozenset({"orders:read", "products:read"}))
    elevation = Elevation(new_id(), frozenset({"admin:members"}), utc_now() + timedelta(minutes=5), usual)
    elevated = replace(house.admin, permissions=PermissionSet(usual.grants | elevation.grants), elevation=elevation)
    assert await replace(house, admin=elevated).codes(INVITE, email=somebody(), roles=["partner"]) == ["BEYOND_YOURS"]
    assert (await house.ask(LIST))["totalCount"] == 0


async def test_a_member_is_not_invited_and_another_tenants_user_is_like_anybody(
    house: House,  # noqa: F811
) -> None:
    (row,) = await look(house.world, "SELECT email FROM users WHERE id = $1", house.admin.user_id)
    assert await house.codes(INVITE, email=row["email"], roles=["viewer"]) == ["TAKEN"]
    for email in ("viewer@acme.example", somebody()):
        assert await house.codes(INVITE, email=email, roles=["viewer"]) == []


async def test_another_tenants_invitation_is_told_of_like_none(house: House, world: World) -> None:  # noqa: F811
    made = await world.ask(INVITE, {"i": {"email": somebody(), "roles": ["viewer"]}}, caller=house.admin)
    foreign = made.data["inviteMember"]["invitation"]["id"]
    for id_ in (foreign, f"inv_{new_id()}"):
        answer = await world.ask(REVOKE, {"i": {"id": id_}})
        assert [each["code"] for each in answer.data["revokeInvitation"]["userErrors"]] == ["NOT_FOUND"]
    assert (await world.ask(LIST, {"where": {"id": {"eq": foreign}}})).data["invitations"]["nodes"] == []
    (row,) = (await house.ask(LIST))["nodes"]
    assert row["revokedAt"] is None


@pytest.mark.parametrize("document", [LIST, INVITE, REVOKE])
async def test_whoever_may_not_is_refused(house: House, document: str) -> None:  # noqa: F811
    given = {INVITE: {"email": somebody(), "roles": ["viewer"]}, REVOKE: {"id": f"inv_{new_id()}"}}.get(document)
    reply = await house.world.ask(document, {"i": given} if given else {}, caller="manager")
    assert (reply.code, reply.data) == ("FORBIDDEN", None)
    assert await house.actions() == []
