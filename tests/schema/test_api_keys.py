"""API keys as a member manages them: shown once, never more than their maker, within the tenant, and on record."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from auth.permissions import SYSTEM_ROLES, PermissionSet
from auth.principal import Principal
from auth.spaces import Space
from db.ids import new_id
from tests.support.facts import Json, look, records_of, tenant_apart
from tests.support.world import World

KEY = "apiKey { name label permissions networks space expiresAt lastUsedAt revokedAt maker { id } }"
LIST = """query($prefix: String, $where: ApiKeyWhere, $first: Int, $after: String) {
    apiKeys(prefix: $prefix, where: $where, first: $first, after: $after, orderBy: [{field: LABEL}]) {
    nodes { name label revokedAt } totalCount pageInfo { hasNextPage endCursor } } }"""
DEPOT: Json = {"label": "Depot scanner", "permissions": ["orders:read"], "networks": ["203.0.113.0/24"], "days": 30}


def of_key(verb: str, fields: str = f"{KEY} secret") -> str:
    kind = f"{verb[0].upper()}{verb[1:]}Input"
    return f"mutation($i: {kind}!) {{ {verb}(input: $i) {{ {fields} userErrors {{ code field message }} }} }}"


CREATE, ROTATE, REVOKE = of_key("createApiKey"), of_key("rotateApiKey"), of_key("revokeApiKey", KEY)


@dataclass(frozen=True, slots=True)
class Desk:
    """A tenant of a test's own, and its admin, who asks."""

    world: World
    admin: Principal

    async def ask(self, document: str, given: Json | None = None, caller: Principal | None = None) -> Any:  # Any: JSON
        variables = (given or {}) if document == LIST else {"i": given}
        reply = await self.world.ask(document, variables, caller=caller or self.admin)
        assert reply.errors == [], reply.errors
        return next(iter(reply.data.values()))

    async def make(self, **changes: Any) -> Any:  # Any: JSON
        made = await self.ask(CREATE, {**DEPOT, **changes})
        assert made["userErrors"] == []
        return made

    async def refusal(self, document: str, given: Json, caller: Principal | None = None) -> tuple[str, str]:
        """Code and field of the only problem; whatever is refused tells no secret."""
        answer = await self.ask(document, given, caller)
        (error,) = answer["userErrors"]
        assert answer["apiKey"] is answer.get("secret") is None
        return error["code"], ".".join(error["field"] or ())

    async def rows(self) -> list[Mapping[str, Any]]:  # Any: columns
        sql = "SELECT * FROM api_keys WHERE tenant_id = $1 ORDER BY created_at"
        return [dict(row) for row in await look(self.world, sql, self.admin.tenant.hex)]

    async def record(self) -> list[Mapping[str, Any]]:  # Any: columns
        return await records_of(self.world, self.admin)


@pytest.fixture
async def desk(world: World) -> Desk:
    return Desk(world, await tenant_apart(world))


async def test_a_key_is_made_and_its_secret_shown_once_and_stored_nowhere(desk: Desk) -> None:
    made = await desk.make()
    key, secret = made["apiKey"], made["secret"]
    assert (secret[:16], len(secret)) == (key["name"], 49)
    assert {name: key[name] for name in DEPOT if name != "days"} == {k: v for k, v in DEPOT.items() if k != "days"}
    assert (key["space"], key["lastUsedAt"], key["maker"]) == ("PROVIDER", None, {"id": f"usr_{desk.admin.user_id}"})
    listed = await desk.ask(LIST)
    assert [row["name"] for row in listed["nodes"]] == [key["name"]]
    assert secret[16:] not in str((listed, await desk.rows(), await desk.record()))


async def test_keys_are_found_by_the_beginning_of_their_name_and_paged(desk: Desk) -> None:
    names = [(await desk.make(label=label))["apiKey"]["name"] for label in "abc"]
    (found,) = (await desk.ask(LIST, {"prefix": names[1]}))["nodes"]
    assert found["label"] == "b"
    (whole,) = (await desk.ask(LIST, {"prefix": names[1] + "0" * 33}))["nodes"]
    assert whole == found
    first = await desk.ask(LIST, {"first": 2, "prefix": "tgk_"})
    assert ([row["name"] for row in first["nodes"]], first["totalCount"]) == (names[:2], 3)
    rest = await desk.ask(LIST, {"first": 2, "prefix": "tgk_", "after": first["pageInfo"]["endCursor"]})
    assert [row["name"] for row in rest["nodes"]] == names[2:]
    assert (await desk.ask(LIST, {"prefix": "tgk_~"}))["nodes"] == []


async def test_a_prefix_that_no_key_can_have_is_bad_input(desk: Desk) -> None:
    for prefix in ("tgk_\0", "\ud800"):
        reply = await desk.world.ask(LIST, {"prefix": prefix}, caller=desk.admin)
        assert reply.codes == ["BAD_USER_INPUT"]


async def test_a_rotated_key_goes_on_for_the_overlap_and_the_new_one_is_like_it(desk: Desk) -> None:
    old = (await desk.make())["apiKey"]
    fresh = await desk.ask(ROTATE, {"name": old["name"], "overlapHours": 2})
    same = ("label", "permissions", "networks", "space", "maker")
    assert {name: fresh["apiKey"][name] for name in same} == {name: old[name] for name in same}
    assert fresh["apiKey"]["name"] != old["name"]
    assert fresh["secret"].startswith(fresh["apiKey"]["name"])
    before, after = await desk.rows()
    assert timedelta(hours=1) < before["expires_at"] - after["created_at"] <= timedelta(hours=2)
    assert after["expires_at"] - after["created_at"] > timedelta(days=364)
    assert await desk.refusal(ROTATE, {"name": old["name"], "overlapHours": 721}) == ("OUT_OF_RANGE", "overlapHours")
    await desk.ask(ROTATE, {"name": fresh["apiKey"]["name"], "overlapHours": 0})
    assert await desk.refusal(ROTATE, {"name": fresh["apiKey"]["name"]}) == ("NOT_FOUND", "name")


async def test_a_revoked_key_is_told_and_cannot_be_revoked_again(desk: Desk) -> None:
    name = (await desk.make())["apiKey"]["name"]
    revoked = await desk.ask(REVOKE, {"name": name})
    assert revoked["apiKey"]["revokedAt"] is not None
    assert await desk.refusal(REVOKE, {"name": name}) == ("NOT_FOUND", "name")
    (listed,) = (await desk.ask(LIST, {"where": {"revokedAt": {"isNull": False}}}))["nodes"]
    assert listed["name"] == name


async def test_all_of_it_is_on_record_without_a_secret(desk: Desk) -> None:
    made = await desk.make()
    name = made["apiKey"]["name"]
    fresh = await desk.ask(ROTATE, {"name": name})
    await desk.ask(REVOKE, {"name": name})
    record = await desk.record()
    actions = [(row["action"], row["entity"], row["entity_id"], row["outcome"]) for row in record]
    verbs = ("createApiKey", "rotateApiKey", "revokeApiKey")
    assert actions == [(verb, "key", name, "ALLOWED") for verb in verbs]
    assert {row["actor_id"] for row in record} == {desk.admin.user_id}
    assert fresh["apiKey"]["name"] in str(record[1]["changes"])
    assert not any(text[16:] in str(record) for text in (made["secret"], fresh["secret"]))


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"label": ""}, ("INVALID", "label")),
        ({"label": "x" * 101}, ("INVALID", "label")),
        ({"label": "a\0b"}, ("INVALID", "label")),
        ({"days": 0}, ("OUT_OF_RANGE", "days")),
        ({"days": 2_147_483_647}, ("OUT_OF_RANGE", "days")),
        ({"permissions": []}, ("INVALID", "permissions")),
        ({"permissions": ["orders:fly"]}, ("INVALID", "permissions")),
        ({"permissions": ["orders:read"] * 101}, ("INVALID", "permissions")),
        ({"permissions": ["*"]}, ("BEYOND_YOURS", "permissions")),
        ({"networks": ["everywhere"]}, ("INVALID", "networks")),
        ({"networks": ["203.0.113.7/24"]}, ("INVALID", "networks")),
        ({"networks": ["10.0.0.0/8"] * 51}, ("INVALID", "networks")),
    ],
)
async def test_a_key_that_makes_no_sense_is_not_made(desk: Desk, change: Json, refusal: tuple[str, str]) -> None:
    assert await desk.refusal(CREATE, {**DEPOT, **change}) == refusal
    assert await desk.rows() == await desk.record() == []


async def test_nobody_makes_or_gets_to_know_a_key_that_may_do_more_but_may_end_it(desk: Desk) -> None:
    strong = (await desk.make(permissions=["customers:pii"]))["apiKey"]["name"]
    books = (await desk.make(space="ACCOUNTING"))["apiKey"]["name"]
    rows, record = await desk.rows(), await desk.record()
    limited = replace(
        desk.admin, permissions=PermissionSet(frozenset({"admin:keys", "orders:read"})), spaces=(Space.PROVIDER,)
    )
    for document, given, field in (
        (CREATE, {**DEPOT, "permissions": ["customers:pii"]}, "permissions"),
        (CREATE, {**DEPOT, "permissions": ["orders:*"]}, "permissions"),
        (CREATE, {**DEPOT, "space": "ACCOUNTING"}, "space"),
        (ROTATE, {"name": strong}, "name"),
        (ROTATE, {"name": books}, "name"),
    ):
        assert await desk.refusal(document, given, limited) == ("BEYOND_YOURS", field)
    assert (await desk.rows(), await desk.record()) == (rows, record)
    assert (await desk.ask(REVOKE, {"name": strong}, limited))["userErrors"] == []


async def test_who_rotates_a_key_is_its_maker_from_then_on(desk: Desk) -> None:
    name = (await desk.make())["apiKey"]["name"]
    directory, tenant = desk.world.database.directory, desk.admin.tenant.hex
    other = await directory.create_user(f"{new_id()}@desk.example", "Bo", None, (tenant, "admin"))
    fresh = await desk.ask(ROTATE, {"name": name}, replace(desk.admin, user_id=other))
    assert fresh["apiKey"]["maker"] == {"id": f"usr_{other}"}


async def test_a_key_makes_no_keys_but_may_end_them(desk: Desk) -> None:
    name = (await desk.make())["apiKey"]["name"]
    rows, by_key = await desk.rows(), replace(desk.admin, key_name="tgk_000000000000")
    assert await desk.refusal(CREATE, DEPOT, by_key) == ("INVALID", "")
    assert await desk.refusal(ROTATE, {"name": name}, by_key) == ("INVALID", "")
    assert await desk.rows() == rows
    assert (await desk.ask(REVOKE, {"name": name}, by_key))["userErrors"] == []


async def test_another_tenants_key_is_told_of_like_none(desk: Desk, world: World) -> None:
    name = (await desk.make())["apiKey"]["name"]
    rows = await desk.rows()
    stranger = world.principal()
    for document in (ROTATE, REVOKE):
        told = [
            await desk.ask(document, {"name": each}, stranger)
            for each in (name, "tgk_000000000000", "tgk_\0", "x" * 99)
        ]
        assert [[error["code"] for error in each["userErrors"]] for each in told] == [["NOT_FOUND"]] * 4
        assert str(told[0]).replace(name, "") == str(told[1]).replace("tgk_000000000000", "")
    assert name not in str(await desk.ask(LIST, {"prefix": name}, stranger))
    assert await desk.rows() == rows


@pytest.mark.parametrize("document", [LIST, CREATE, ROTATE, REVOKE])
async def test_whoever_may_not_is_refused(desk: Desk, document: str) -> None:
    name = (await desk.make())["apiKey"]["name"]
    rows = await desk.rows()
    asked: dict[str, Json] = {CREATE: {"i": DEPOT}, ROTATE: {"i": {"name": name}}, REVOKE: {"i": {"name": name}}}
    manager = replace(desk.admin, permissions=PermissionSet.of(SYSTEM_ROLES["manager"]))
    for caller, code in ((manager, "FORBIDDEN"), (None, "UNAUTHENTICATED")):
        reply = await desk.world.ask(document, asked.get(document, {}), caller=caller)
        assert (reply.code, reply.data) == (code, None)
        assert name not in str(reply.body)
    assert await desk.rows() == rows


async def test_a_tenant_with_as_many_keys_as_it_may_have_makes_no_more(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.api_keys.MOST", 1)
    name = (await desk.make())["apiKey"]["name"]
    assert await desk.refusal(CREATE, DEPOT) == ("TOO_MANY", "")
    fresh = await desk.ask(ROTATE, {"name": name})
    rows = await desk.rows()
    assert await desk.refusal(ROTATE, {"name": fresh["apiKey"]["name"]}) == ("TOO_MANY", "")
    assert await desk.rows() == rows
    await desk.ask(REVOKE, {"name": name})
    assert (await desk.ask(ROTATE, {"name": fresh["apiKey"]["name"]}))["userErrors"] == []
