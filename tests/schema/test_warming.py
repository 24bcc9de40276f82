"""Documents made ready before they are asked for: the first request finds its plan."""

from typing import Any

import pytest

from auth.document_policy import DocumentPolicy
from auth.permissions import SYSTEM_ROLES, PermissionSet
from db.errors import DatabaseAway
from schema.answers import Answer
from schema.documents import PUBLISHED
from schema.requests import OperationRequest
from tests.support.registry import unique
from tests.support.world import World

VIEWER = PermissionSet.of(SYSTEM_ROLES["viewer"])
PAGE = "orders(first: $n, where: $where) { nodes { number customer @include(if: $more) { name email } } }"


def document() -> str:
    text = unique(PAGE)
    return text.replace(" {", "($n: Int!, $where: OrderWhere, $more: Boolean!) {", 1)


async def test_the_first_request_of_a_published_document_finds_its_plan(world: World) -> None:
    text, caller = document(), world.principal("viewer")
    assert world.gateway.warmer.prepare(text, VIEWER) == 2
    weight = world.gateway.documents.weight_of(PUBLISHED)
    for more in (False, True):
        variables = {"n": 3, "more": more}
        asked = OperationRequest(text, variables, None, None, "req", level=DocumentPolicy.TRUSTED)
        answer = await world.gateway.answer(asked, caller)
        assert isinstance(answer, Answer)
        assert answer.code is None
    assert world.gateway.documents.weight_of(PUBLISHED) == weight
    assert world.gateway.warmer.prepare(text, VIEWER) == 0


async def test_the_most_used_are_made_ready_when_the_database_answers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    async def ask(most: int) -> Any:  # Any: rows
        asked.append(most)
        if len(asked) == 1:
            raise DatabaseAway("away")
        return [{"text": document(), "role": role} for role in ("viewer", None, "no such role")]

    monkeypatch.setattr("schema.warming.AGAIN_SECONDS", 0.01)
    before = world.gateway.documents.weight_of(PUBLISHED)
    await world.gateway.warmer.run(ask, SYSTEM_ROLES)
    assert len(asked) == 2
    assert world.gateway.documents.weight_of(PUBLISHED) > before


async def test_what_does_not_fit_or_is_refused_makes_no_plan(world: World) -> None:
    for text in ("{", "{ nothing }", unique("members { nodes { email } }")):
        assert world.gateway.warmer.prepare(text, VIEWER) == 0
