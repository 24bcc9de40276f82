"""Registered documents as a member of a tenant sees them: those for the tenant, with the tenant's own uses."""

from typing import Any

from auth.permissions import PermissionSet
from auth.principal import Principal
from db.documents import Grantee
from db.uses import Uses
from schema.admission import Admission
from schema.documents import document_id
from schema.registry import Registry
from tests.schema.test_admission import draft
from tests.support.facts import tenant_apart
from tests.support.registry import OWNER, publish, unique
from tests.support.world import World

LIST = """query($where: RegisteredDocumentWhere, $orderBy: [RegisteredDocumentSort!]) {
    documents(first: 100, where: $where, orderBy: $orderBy) { totalCount nodes {
        id text owner role trusted toAll keys uses p95Ms retiredAt lastUsedAt operations coordinates } } }"""


async def listed(world: World, caller: Principal, *ids: str) -> dict[str, Any]:  # Any: JSON
    where = {"id": {"in": list(ids)}}
    reply = await world.ask(
        LIST, {"where": where, "orderBy": [{"field": "LAST_USED_AT"}, {"field": "USES"}]}, caller=caller
    )
    assert reply.errors == [], reply.errors
    nodes = {node["id"]: node for node in reply.data["documents"]["nodes"]}
    assert reply.data["documents"]["totalCount"] == len(nodes)
    return nodes


async def test_a_tenant_sees_what_is_for_it_and_its_own_uses_alone(world: World) -> None:
    directory = world.database.directory
    mine, theirs = world.principal(), world.principal(tenant="globex")
    for_all, for_mine, for_key, registered = (unique() for _ in range(4))
    ids = [
        await publish(directory, for_all),
        await publish(directory, for_mine, [Grantee(mine.tenant.hex)]),
        await publish(directory, for_key, [Grantee(mine.tenant.hex, "tgk_a")]),
        document_id(registered),
    ]
    await Registry(directory).register(draft(registered), mine)
    uses = Uses(directory.documents.add_uses)
    uses.note(ids[0], mine.tenant.hex, 0.01)
    uses.note(ids[0], theirs.tenant.hex, 5.0)
    await uses.settle()
    seen = await listed(world, mine, *ids)
    assert {id: (each["trusted"], each["toAll"], each["keys"]) for id, each in seen.items()} == {
        ids[0]: (True, True, []),
        ids[1]: (True, True, []),
        ids[2]: (True, False, ["tgk_a"]),
        ids[3]: (False, True, []),
    }
    assert (seen[ids[0]]["uses"], seen[ids[0]]["owner"], seen[ids[3]]["owner"]) == (1, OWNER, None)
    assert seen[ids[0]]["p95Ms"] < 12
    assert (seen[ids[1]]["uses"], seen[ids[1]]["p95Ms"], seen[ids[1]]["lastUsedAt"]) == (0, None, None)
    other = await listed(world, theirs, *ids)
    assert {id: each["uses"] for id, each in other.items()} == {ids[0]: 1}
    assert other[ids[0]]["p95Ms"] > 5000


async def test_a_retired_document_is_listed_as_that(world: World) -> None:
    directory, caller = world.database.directory, world.principal()
    id = await publish(directory, unique())
    await directory.documents.retire([id])
    assert (await listed(world, caller, id))[id]["retiredAt"] is not None


async def test_it_takes_a_permission_of_its_own(world: World) -> None:
    reply = await world.ask(LIST, caller="manager")
    assert (reply.code, reply.data) == ("FORBIDDEN", None)
    holder = world.principal("viewer", grants=frozenset({"admin:documents"}))
    assert (await world.ask(LIST, caller=holder)).errors == []
    assert Admission(None).policy_of(holder) == 0
    assert PermissionSet(frozenset({"admin:*"})).allows("admin:documents")


async def test_a_new_tenant_sees_nobodys_grants(world: World) -> None:
    id = await publish(world.database.directory, unique(), [Grantee(world.principal().tenant.hex)])
    assert await listed(world, await tenant_apart(world), id) == {}
