"""API keys at the front door: what they open, and that nothing outlives them."""

import re
from typing import Any

import pytest

from auth.key_desk import MadeKey, NewKey, create_key, revoke_key
from auth.operators import member_of
from tests.support.logs import logged
from tests.support.members import Person, end_in, following, past_every_door, person
from tests.support.server import GRAPHQL, JSON, STREAM, Front

READ = "{ orders(first: 1) { nodes { id } } viewer { permissions { grants } } }"
WRITE = """mutation($id: ID!) { changeOrderStatus(input: {id: $id, status: CANCELLED}) { order { id } } }"""


def of_key(verb: str, fields: str = "apiKey { name } secret") -> str:
    kind = f"{verb[0].upper()}{verb[1:]}Input"
    return f"mutation($i: {kind}!) {{ {verb}(input: $i) {{ {fields} userErrors {{ code }} }} }}"


CREATE, ROTATE, REVOKE = of_key("createApiKey"), of_key("rotateApiKey"), of_key("revokeApiKey", "apiKey { name }")


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


async def test_a_key_made_by_a_mutation_opens_is_rotated_and_ends_at_once_with_its_stream(front: Front) -> None:
    who = await person(front, "admin")
    bearer = await who.bearer()

    async def ask(document: str, **given: object) -> dict[str, Any]:  # Any: JSON
        answer = (await front.post(document, {"i": given}, bearer)).json()
        found: dict[str, Any] = next(iter(answer["data"].values()))
        assert found["userErrors"] == []
        return found

    made = await ask(CREATE, label="Depot", permissions=["orders:read"], networks=["127.0.0.0/8"])
    fresh = await ask(ROTATE, name=made["apiKey"]["name"])
    for secret in (made["secret"], fresh["secret"]):
        answer = (await front.post(READ, headers=_bearer(secret))).json()
        assert answer["data"]["viewer"]["permissions"]["grants"] == ["orders:read"]
    async with following(who, _bearer(fresh["secret"])) as stream:
        await ask(REVOKE, name=fresh["secret"])  # a whole key is known by its name too
        await who.cause("after the end")
        assert end_in(await stream.wait_for_end())["reason"] == "SESSION_REVOKED"
    refused = await front.post(READ, headers=_bearer(fresh["secret"]))
    assert refused.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert "data" in (await front.post(READ, headers=_bearer(made["secret"]))).json()


async def test_no_secret_of_a_key_is_in_any_table_or_line_of_the_log(front: Front) -> None:
    who = await person(front, "admin")
    bearer, secrets = await who.bearer(), []
    with logged(level="debug") as log:
        for accept in (JSON, GRAPHQL, STREAM):
            given = {"i": {"label": "Depot", "permissions": ["orders:read"]}}
            answer = await front.post(CREATE, given, bearer, accept=accept)
            secrets.append(re.findall(r"tgk_[0-9a-z]{45}", answer.text)[0])
            await front.post(READ, headers=_bearer(secrets[-1]))
            await front.post(REVOKE, {"i": {"name": secrets[-1]}}, bearer)
            await front.get({"query": f'{{ apiKeys(prefix: "{secrets[-1]}") {{ nodes {{ name }} }} }}'}, bearer)
    await front.app.state.audit.settle()
    tables = await past_every_door(front, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    rows = [await past_every_door(front, f"SELECT t::text FROM {table[0]} AS t") for table in tables]
    kept = "\n".join(row[0] for table in rows for row in table)
    assert all(secret[:16] in kept for secret in secrets)
    assert not any(secret[16:] in text for secret in secrets for text in (kept, log.getvalue()))
