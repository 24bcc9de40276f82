"""Who acts as somebody else: what the schema keeps from it, and how its answers say so."""

from dataclasses import replace
from datetime import timedelta

import orjson
import pytest

from auth.permissions import MASKED_BY, PermissionSet
from auth.principal import Elevation, Person, Principal
from db.clock import utc_now
from schema.acting import acting_as, acting_note, signed
from schema.answers import Answer
from schema.needs import Access, Needs, read_needs
from schema.root import schema
from tests.support.world import World

NEEDS = read_needs(schema()._schema)
ACTING = PermissionSet.of(("*",), acting=True)


def acting(world: World) -> Principal:
    who, now = world.principal("manager"), utc_now()
    raised = Elevation("0" * 32, frozenset({"users:impersonate"}), now + timedelta(minutes=5), who.permissions)
    permissions = replace(who.permissions, acting=True)
    return replace(who, permissions=permissions, elevation=raised, acting_for=Person("1" * 32, "a@b.example", "Ada"))


def test_what_any_signed_in_caller_may_change_is_changed_in_person() -> None:
    """Such a mutation takes no permission because it changes what is the caller's own: how it signs in."""
    mutation = schema()._schema.mutation_type
    assert mutation is not None
    own = {name for name in mutation.fields if NEEDS[f"Mutation.{name}"].authenticated}
    in_person = {name for name in mutation.fields if NEEDS[f"Mutation.{name}"].in_person}
    assert own - in_person == {"endImpersonation"}
    assert "impersonate" in in_person


def test_whoever_acts_for_somebody_else_is_refused_what_is_done_in_person() -> None:
    needs = Needs(authenticated=True, in_person=True)
    assert needs.access(ACTING) is Access.REFUSED
    assert needs.access(replace(ACTING, acting=False)) is Access.ALLOWED
    assert Needs(authenticated=True).access(ACTING) is Access.ALLOWED


def test_every_mask_stands_for_what_is_taken_from_whoever_acts() -> None:
    masked = {(needs.permissions[0], needs.mask.permission) for needs in NEEDS.values() if needs.mask is not None}
    assert masked == set(MASKED_BY.items())


async def test_only_who_acts_is_named(world: World) -> None:
    plain, who = world.principal("manager"), acting(world)
    assert (acting_as(None), acting_as(plain), acting_note(plain)) == (None, None, None)
    answer = Answer(b'{"data":{"a":1.5,"b":"\xc3\xa9"},"extensions":{"engine":"compiled"}}', None, None, False, "query")
    assert signed(answer, plain) is answer
    body = orjson.loads(signed(answer, who).body)
    assert body["data"] == {"a": 1.5, "b": "é"}
    assert body["extensions"] == {"engine": "compiled", "actingAs": acting_as(who)}
    note = acting_note(who)
    assert note is not None
    assert orjson.loads(b"{%s}" % note) == {"actingAs": acting_as(who)}


@pytest.mark.parametrize(
    "document", ["{ viewer { user { name } } }", "{ nothing }", "{", "mutation { revokeOtherSessions { count } }"]
)
async def test_every_answer_says_so(world: World, document: str) -> None:
    who = acting(world)
    reply = await world.ask(document, caller=who)
    assert reply.body["extensions"]["actingAs"] == acting_as(who)
    assert "extensions" not in (await world.ask("{ nothing }", caller="manager")).body


async def test_a_refusal_in_person_says_what_to_do(world: World) -> None:
    reply = await world.ask("mutation { revokeOtherSessions { count } }", caller=acting(world))
    (error,) = reply.errors
    assert (reply.code, error["extensions"]["coordinate"]) == ("FORBIDDEN", "Mutation.revokeOtherSessions")
    assert "end the impersonation" in error["message"]
