"""Who is shown the schema, and how much of it at once."""

from dataclasses import replace

import pytest

from schema.execute import Gateway, OperationRequest
from tests.schema.test_execute import is_refusal
from tests.support.facts import Json
from tests.support.world import World


@pytest.mark.parametrize(
    ("introspection", "caller", "by", "code"),
    [
        ("everyone", None, {}, None),
        ("everyone", "partner", {"key_name": "tg_key"}, None),
        ("signed-in", None, {}, "UNAUTHENTICATED"),
        ("signed-in", "partner", {}, None),
        ("signed-in", "partner", {"key_name": "tg_key"}, "FORBIDDEN"),
        ("signed-in", "admin", {"key_name": "peer", "by_peer": True}, "FORBIDDEN"),
        ("off", None, {}, "UNAUTHENTICATED"),
        ("off", "admin", {}, "FORBIDDEN"),
    ],
)
async def test_introspection_is_for_those_it_is_meant_for(
    world: World, introspection: str, caller: str | None, by: Json, code: str | None
) -> None:
    runner = world.gateway._runner
    gateway = Gateway(world.database, world.hub, runner.cursors, runner.event_cursors, introspection=introspection)
    who = None if caller is None else replace(world.principal(caller), **by)
    request = OperationRequest("{ __schema { queryType { name } } }", None, None, None, "r")
    answer = await gateway.answer(request, who)
    assert getattr(answer, "code", "a stream") == code
    assert gateway.may_introspect(who) is (code is None)
    everybody = await gateway.answer(OperationRequest("{ ordrs { id } }", None, None, None, "r"), who)
    assert (b"Did you mean" in getattr(everybody, "body", b"")) is (introspection == "everyone")


async def test_the_deepest_usual_introspection_query_passes(world: World) -> None:
    of_type = "{ kind name " + "ofType { kind name " * 9 + "}" * 10
    document = "{ __schema { types { name fields { name args { name type " + of_type + " } } } } }"
    assert (await world.ask(document)).errors == []


async def test_nested_lists_of_introspection_are_refused(world: World) -> None:
    document = "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }"
    assert is_refusal(await world.ask(document), "GRAPHQL_VALIDATION_FAILED")
