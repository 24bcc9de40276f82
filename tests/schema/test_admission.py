"""Which text a request runs: by policy, by level, and closed where nobody knows."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from auth.document_policy import DocumentPolicy
from auth.principal import Principal
from db.clock import utc_now
from db.documents import Draft, Grantee
from schema.admission import Admission
from schema.documents import Refused, document_id
from schema.registry import Registry
from schema.requests import OperationRequest
from tests.support.registry import publish, unique
from tests.support.waiting import until
from tests.support.world import World

AD_HOC, REGISTERED, TRUSTED = DocumentPolicy


@pytest.fixture
async def registry(world: World) -> AsyncIterator[Registry]:
    registry = Registry(world.database.directory)
    await registry.start()
    yield registry
    await registry.stop()


def request(text: str | None = None, id: str | None = None, by_hash: bool = False) -> OperationRequest:
    return OperationRequest(text, None, None, None, "req-test", document_id=id, by_hash=by_hash)


def draft(text: str) -> Draft:
    return Draft(document_id(text), text, ["query Q"], ["Query.viewer"])


async def told(
    admission: Admission, asked: OperationRequest, caller: Principal | None
) -> tuple[str, DocumentPolicy] | str:
    """Text and level, or the code of the refusal."""
    found = await admission.admit(replace(asked), caller)
    return found.code if isinstance(found, Refused) else (found.document or "", found.level)


async def test_the_stricter_of_the_deployments_and_the_keys_policy_counts(registry: Registry, world: World) -> None:
    caller = world.principal()
    bound = replace(caller, documents=REGISTERED)
    for policy, who, found in ((AD_HOC, bound, REGISTERED), (TRUSTED, bound, TRUSTED), (REGISTERED, None, REGISTERED)):
        assert Admission(registry, policy).policy_of(who) is found
        assert await told(Admission(registry, policy), request(unique()), who) == "DOCUMENT_NOT_ALLOWED"


async def test_what_a_request_registered_is_its_tenants_alone_and_not_trusted(registry: Registry, world: World) -> None:
    text, mine, theirs = unique(), world.principal(), world.principal(tenant="globex")
    await registry.register(draft(text), mine)
    asked = request(id=document_id(text))
    assert await told(Admission(registry, REGISTERED), asked, mine) == (text, REGISTERED)
    assert await told(Admission(registry, TRUSTED), asked, mine) == "DOCUMENT_NOT_ALLOWED"
    assert await told(Admission(registry), asked, theirs) == "PERSISTED_QUERY_NOT_FOUND"
    assert await told(Admission(registry), asked, None) == "PERSISTED_QUERY_NOT_FOUND"


async def test_publishing_it_for_somebody_else_makes_it_nobody_elses_trusted(registry: Registry, world: World) -> None:
    text, mine, theirs = unique(), world.principal(), world.principal(tenant="globex")
    await registry.register(draft(text), mine)
    await publish(world.database.directory, text, [Grantee(theirs.tenant.hex)])
    asked, admission = request(id=document_id(text)), Admission(registry)
    await until(lambda: not registry.knows(document_id(text)))
    assert await told(admission, asked, theirs) == (text, TRUSTED)
    assert await told(admission, asked, mine) == (text, REGISTERED)


async def test_what_one_caller_was_told_of_a_request_counts_for_no_other(registry: Registry, world: World) -> None:
    text, mine, theirs = unique(), world.principal(), world.principal(tenant="globex")
    await publish(world.database.directory, text, [Grantee(mine.tenant.hex)])
    asked, admission = request(id=document_id(text)), Admission(registry)
    assert (await admission.admit(asked, mine), asked.level) == (asked, TRUSTED)
    assert (await admission.admit(asked, theirs), asked.level) == (asked, AD_HOC)


async def test_a_grant_of_a_key_is_that_keys(registry: Registry, world: World) -> None:
    text, caller = unique(), world.principal()
    await publish(world.database.directory, text, [Grantee(caller.tenant.hex, "tgk_a")])
    asked, admission = request(id=document_id(text)), Admission(registry)
    assert await told(admission, asked, replace(caller, key_name="tgk_a")) == (text, TRUSTED)
    assert await told(admission, asked, replace(caller, key_name="tgk_b")) == "PERSISTED_QUERY_NOT_FOUND"
    assert await told(admission, asked, caller) == "PERSISTED_QUERY_NOT_FOUND"


async def test_after_its_day_it_is_over_and_apollos_clients_are_told_to_send_the_text(
    registry: Registry, world: World
) -> None:
    text, caller = unique(), world.principal()
    id = await publish(world.database.directory, text, sunset_at=utc_now() - timedelta(seconds=1))
    admission, bound = Admission(registry), Admission(registry, TRUSTED)
    assert await told(admission, request(id=id), caller) == "DOCUMENT_NOT_ALLOWED"
    assert await told(admission, request(id=id, by_hash=True), caller) == "PERSISTED_QUERY_NOT_FOUND"
    assert await told(admission, request(text, id, by_hash=True), caller) == (text, AD_HOC)
    assert await told(bound, request(text, id, by_hash=True), caller) == "DOCUMENT_NOT_ALLOWED"


async def test_hashes_of_apollo_can_be_switched_off(registry: Registry, world: World) -> None:
    text, caller = unique(), world.principal()
    id = await publish(world.database.directory, text)
    admission = Admission(registry, persisted="off")
    assert await told(admission, request(id=id, by_hash=True), caller) == "PERSISTED_QUERY_NOT_SUPPORTED"
    assert await told(admission, request(text, id, by_hash=True), caller) == (text, AD_HOC)
    assert await told(admission, request(id=id), caller) == (text, TRUSTED)


async def test_only_who_may_run_any_text_registers_by_it(registry: Registry, world: World) -> None:
    asked, caller = request(unique(), "0" * 64, by_hash=True), world.principal()
    admission = Admission(registry, persisted="register")
    assert admission.registers(asked, caller)
    assert not admission.registers(asked, None)
    assert not admission.registers(replace(asked, level=REGISTERED), caller)
    assert not admission.registers(replace(asked, by_hash=False), caller)
    assert not Admission(registry).registers(asked, caller)


async def test_a_request_that_nobody_admitted_runs_under_no_policy_but_the_loosest(
    registry: Registry, world: World
) -> None:
    asked, caller = request(unique()), world.principal()
    assert Admission(registry).refusal_of(asked, caller) is None
    refused = Admission(registry, REGISTERED).refusal_of(asked, caller)
    assert refused is not None
    assert refused.code == "DOCUMENT_NOT_ALLOWED"


async def test_a_retirement_is_heard(registry: Registry, world: World) -> None:
    text, caller = unique(), world.principal()
    id = await publish(world.database.directory, text, heard_by=registry)
    admission = Admission(registry)
    assert await told(admission, request(id=id), caller) == (text, TRUSTED)
    assert registry.known(id) is await registry.find(id)
    await world.database.directory.documents.retire([id])
    await until(lambda: not registry.knows(id))
    assert registry.known(id) is None
    assert await told(admission, request(id=id), caller) == "DOCUMENT_NOT_ALLOWED"


async def test_nothing_is_kept_while_nothing_is_heard(world: World) -> None:
    deaf = Registry(world.database.directory)
    id = await publish(world.database.directory, unique())
    assert await deaf.find(id) is not None
    assert not deaf.knows(id)


async def test_the_registry_forgets_the_least_used_when_it_is_full(world: World) -> None:
    registry = Registry(world.database.directory, size=3_000)
    await registry.start()
    ids = [await publish(world.database.directory, unique(), heard_by=registry) for _ in range(5)]
    await registry.find(ids[0])
    for id in ids[1:]:
        await registry.find(id)
        registry.known(ids[0])
    known = [registry.knows(id) for id in ids]
    await registry.stop()
    assert (known[0], known[1], known[-1]) == (True, False, True)
