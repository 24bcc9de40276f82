"""A caller's permissions, watched over a real connection: what changes them is told, what ends them ends the stream."""

from typing import Any

from tests.support.members import end_in, past_every_door, person
from tests.support.server import Front
from tests.support.streams import Block

WATCH = 'subscription { permissionsChanged { version grants fields(type: "Customer") { name access } } }'
ASK = "{ viewer { permissions { version grants } } }"


def told(block: Block) -> Any:  # Any: JSON
    assert "errors" not in block.payload
    return block.payload["data"]["permissionsChanged"]


async def test_a_caller_is_told_of_its_new_role_and_its_stream_ends_with_its_membership(front: Front) -> None:
    who = await person(front, "viewer")
    headers = await who.bearer()
    async with front.stream(WATCH, headers=headers) as stream:
        first = told(await stream.wait_for_next())
        await who.become("support")
        second = told(await stream.wait_for_next())
        asked = (await front.client.post("/graphql", json={"query": ASK}, headers=headers)).json()
        assert {"version": second["version"], "grants": second["grants"]} == asked["data"]["viewer"]["permissions"]
        assert second["version"] != first["version"]
        assert {"name": "email", "access": "MASKED"} in second["fields"]
        assert "email" not in {each["name"] for each in first["fields"]}
        await past_every_door(front, "DELETE FROM memberships WHERE user_id = $1", who.id)
        assert end_in(await stream.wait_for_end())["reason"] == "FORBIDDEN"


async def test_a_role_that_is_changed_is_told_to_those_who_have_it_and_to_nobody_else(front: Front) -> None:
    who, other = await person(front), await person(front, "viewer")
    await past_every_door(
        front,
        "INSERT INTO roles (tenant_id, name, permissions, created_at, updated_at) "
        "VALUES ($1, 'watched', '{orders:read}', now(), now()) ON CONFLICT DO NOTHING",
        who.tenant.hex,
    )
    await who.become("watched")
    async with (
        front.stream(WATCH, headers=await who.bearer()) as mine,
        front.stream(WATCH, headers=await other.bearer()) as theirs,
    ):
        assert told(await mine.wait_for_next())["grants"] == ["orders:read"]
        before = told(await theirs.wait_for_next())
        await past_every_door(
            front,
            "UPDATE roles SET permissions = '{orders:read,products:read}', version = version + 1 "
            "WHERE tenant_id = $1 AND name = 'watched'",
            who.tenant.hex,
        )
        assert told(await mine.wait_for_next())["grants"] == ["orders:read", "products:read"]
        await other.become("support")
        after = told(await theirs.wait_for_next())
    assert (before["version"] != after["version"], "customers:masked" in after["grants"]) == (True, True)
