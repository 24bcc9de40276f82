"""The directory adds to the trail of any tenant: records as they are, once, and it reads none of them."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from db.audit_records import AuditRecord, Outcome
from db.errors import BadValue
from db.tables import NOBODY
from db.tenancy import TenantId
from tests.support.audits import record, trail
from tests.support.plant import NOON, THEIRS, Floor, connected

LATER = NOON + timedelta(seconds=1)
WHOLE = {
    "created_at": LATER,
    "action": "updateCustomer",
    "entity": "customer",
    "entity_id": "cus_1",
    "changes": {"city": ["Köln", None]},
    "count": 3,
    "actor": {
        "kind": "MUTATION",
        "acting_as_id": "2" * 32,
        "credential": "SESSION",
        "key_name": "tgk_0",
        "elevation_id": "3" * 32,
        "space": "CLIENT",
        "operation_name": "Rename",
        "document_id": "d" * 64,
        "address": "2001:db8::1",
        "coordinates": ("Customer.email",),
        "denials": {"Customer.email": "customers:pii"},
    },
}


def mine(floor: Floor, outcome: Outcome = Outcome.ALLOWED, **changes: Any) -> AuditRecord:  # Any: as record takes them
    return record(outcome, **{"tenant_id": floor.mine.hex, **changes})


async def kept(floor: Floor, tenant: TenantId | None = None) -> list[str]:
    """The ids of the tenant's records."""
    return [row["id"].hex for row in await trail(floor, tenant or floor.mine)]


async def test_a_record_is_kept_as_it_is(fresh_floor: Floor) -> None:
    given = mine(fresh_floor, Outcome.PARTIAL, **WHOLE)
    await fresh_floor.database.directory.recorder.add([given])
    (row,) = await trail(fresh_floor, fresh_floor.mine)
    found = {name: value.hex if isinstance(value, UUID) else value for name, value in row.items()}
    wanted = {**given.columns(), "coordinates": ["Customer.email"], "outcome": "PARTIAL"}
    assert {**found, "changes": None, "denials": None} == {**wanted, "changes": None, "denials": None}
    assert (row["changes"], row["denials"]) == ('{"city": ["Köln", null]}', '{"Customer.email": "customers:pii"}')


async def test_records_of_many_tenants_are_written_at_once_each_to_its_own(fresh_floor: Floor) -> None:
    theirs, nobodys = mine(fresh_floor, tenant_id=THEIRS.hex), record(tenant_id=None, actor={"user_id": None})
    given = [mine(fresh_floor), theirs, nobodys]
    await fresh_floor.database.directory.recorder.add(given)
    assert await kept(fresh_floor) == [given[0].id]
    assert {theirs.id} <= set(await kept(fresh_floor, THEIRS)) & {each.id for each in given}
    assert {nobodys.id} == set(await kept(fresh_floor, TenantId(NOBODY))) & {each.id for each in given}


async def test_written_again_it_is_written_once(fresh_floor: Floor) -> None:
    given = [mine(fresh_floor), mine(fresh_floor, created_at=LATER)]
    await fresh_floor.database.directory.recorder.add(given[:1])
    await fresh_floor.database.directory.recorder.add(given)
    assert await kept(fresh_floor) == [each.id for each in given]


async def test_one_record_that_cannot_be_held_holds_all_of_them_back(fresh_floor: Floor) -> None:
    with pytest.raises(BadValue):
        await fresh_floor.database.directory.recorder.add([mine(fresh_floor), mine(fresh_floor, action="\0")])
    assert await kept(fresh_floor) == []


async def test_without_a_tenant_it_goes_to_each_of_the_users_own(fresh_floor: Floor) -> None:
    directory = fresh_floor.database.directory
    tenants = [await directory.create_tenant(f"t-{uuid4().hex[:8]}", "T", {"viewer": []}) for _ in range(2)]
    user = await directory.create_user(f"{uuid4().hex}@x.example", "X")
    before, after = (record(Outcome.FAILED, tenant_id=None, actor={"user_id": user}) for _ in range(2))
    await directory.recorder.add([before])
    for tenant in tenants:
        await directory.put_membership(tenant, user, "viewer")
    await directory.recorder.add([after])
    assert [await kept(fresh_floor, TenantId(tenant)) for tenant in tenants] == [[after.id], [after.id]]
    nobodys = await kept(fresh_floor, TenantId(NOBODY))
    assert (before.id in nobodys, after.id in nobodys) == (True, False)


@pytest.mark.parametrize(
    "verb",
    [
        "SELECT 1 FROM audit_log",
        "SELECT count(id) FROM audit_log",
        "UPDATE audit_log SET count = 2",
        "DELETE FROM audit_log",
        "TRUNCATE audit_log",
        "INSERT INTO audit_log_default SELECT",
        "INSERT INTO audit_log (tenant_id, id, created_at, kind, action, outcome) "
        "VALUES (gen_random_uuid(), gen_random_uuid(), now(), 'QUERY', 'a', 'ALLOWED') RETURNING id",
    ],
)
async def test_the_directory_adds_and_does_nothing_else(floor: Floor, verb: str) -> None:
    async with connected(floor.dsns.runtime, floor.mine, "tidegate_directory") as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(verb)
