"""API keys at the front door: what they open, and that nothing outlives them."""

import pytest

from auth.key_desk import MadeKey, NewKey, create_key, revoke_key
from auth.operators import member_of
from tests.support.members import Person, end_in, following, person
from tests.support.server import Front

READ = "{ orders(first: 1) { nodes { id } } viewer { permissions { grants } } }"
WRITE = """mutation($id: ID!) { changeOrderStatus(input: {id: $id, status: CANCELLED}) { order { id } } }"""


@pytest.fixture
async def who(front: Front) -> Person:
    return await person(front)


async def _key(front: Front, who: Person, *networks: str) -> MadeKey:
    member = await member_of(who.directory, who.email, "acme")
    assert member.permissions is not None
    new = NewKey("Depot", ("orders:read",), networks)
    return await create_key(who.directory, member.tenant_id, member.user_id, member.permissions, new)


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


async def test_a_key_reads_what_it_may_and_no_more(front: Front, who: Person) -> None:
    made = await _key(front, who)
    answer = (await front.post(READ, headers=_bearer(made.text))).json()
    assert answer["data"]["viewer"]["permissions"]["grants"] == ["orders:read"]
    (node,) = answer["data"]["orders"]["nodes"]
    refused = (await front.post(WRITE, {"id": node["id"]}, _bearer(made.text))).json()
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_mistyped_a_wrong_and_a_revoked_key_are_unauthenticated_alike(front: Front, who: Person) -> None:
    made, revoked = await _key(front, who), await _key(front, who)
    await revoke_key(who.directory, who.tenant.hex, revoked.name)
    told = set()
    for text in (made.text[:-1] + ("0" if made.text[-1] != "0" else "1"), "tgk_" + "0" * 45, revoked.text):
        answer = await front.post(READ, headers=_bearer(text), accept="application/graphql-response+json")
        (error,) = answer.json()["errors"]
        told.add((answer.status_code, error["extensions"]["code"], error["message"]))
        assert text[16:] not in answer.text
    assert told == {(401, "UNAUTHENTICATED", "The API key is not valid, or no longer.")}


async def test_a_key_bound_to_another_network_is_forbidden(front: Front, who: Person) -> None:
    here, elsewhere = await _key(front, who, "127.0.0.0/8"), await _key(front, who, "192.0.2.0/24")
    assert "data" in (await front.post(READ, headers=_bearer(here.text))).json()
    (error,) = (await front.post(READ, headers=_bearer(elsewhere.text))).json()["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"


async def test_a_revoked_keys_stream_ends_without_one_event_more(front: Front, who: Person) -> None:
    made = await _key(front, who)
    async with following(who, _bearer(made.text)) as stream:
        await revoke_key(who.directory, who.tenant.hex, made.name)
        await who.cause("after the end")
        assert end_in(await stream.wait_for_end())["reason"] == "SESSION_REVOKED"
