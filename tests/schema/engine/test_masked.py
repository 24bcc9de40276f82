"""Masks in plans: the same bytes as the reference's wherever a value can stand, and nothing behind them."""

from typing import Any

import orjson
import pytest

from auth.permissions import PermissionSet
from schema.answers import answer_of
from schema.gates import Gatekeeper
from tests.support.library import Desk
from tests.support.vault import GLIMPSE, SAFES, SEE, VAULT, Vault, desk_of

FIELDS = "owner code turns worth opened lock { code open }"
PLACES = {
    "plain": FIELDS,
    "under aliases": "code: owner owner: code mine: turns a: worth b: worth opened lock { x: code y: code open }",
    "in a fragment": "... on Safe { owner ... { code turns } } ...F",
    "behind an interface": "... on Owned { owner } ... on Owned { who: owner } code turns worth opened lock { code }",
    "in part": "worth",
    "twice": "owner owner code @include(if: true) turns @skip(if: true)",
}
OWNERS = ["****atra", "****", "****raße"]
ORIGINALS = ("Cleopatra", "Dan", "Müller", "sesame", "left", "right", "999", "70000", "-4", "2021", "2031", "30:15")


def document(selections: str) -> str:
    fragment = " fragment F on Safe { worth opened lock { code } }" if "...F" in selections else ""
    return f'{{ vault(id: "{VAULT}") {{ safes {{ {selections} }} }} }}{fragment}'


async def answers(text: str, *grants: str) -> tuple[bytes, bytes]:
    """The engine's bytes and the reference's."""
    by_engine = await desk_of(text, *grants).by_engine(text)
    assert by_engine is not None
    expected = await desk_of(text, *grants).by_reference(text)
    told = answer_of(expected, "req-test", lambda error: None, "query")
    return orjson.dumps(by_engine, option=orjson.OPT_UTC_Z), orjson.dumps(orjson.loads(told.body)["data"])


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("grants", [(GLIMPSE,), (SEE,), (SEE, GLIMPSE), ("vault:*",)])
async def test_both_executors_answer_the_same_bytes(place: str, grants: tuple[str, ...]) -> None:
    by_engine, by_reference = await answers(document(PLACES[place]), *grants)
    assert by_engine == by_reference


@pytest.mark.parametrize("place", PLACES)
async def test_nothing_of_a_masked_value_is_anywhere_in_the_answer(place: str) -> None:
    for body in await answers(document(PLACES[place]), GLIMPSE):
        assert not [original for original in ORIGINALS if original.encode() in body], body


async def safes(selections: str, *grants: str) -> list[dict[str, Any]]:  # Any: JSON
    text = document(selections)
    found: list[dict[str, Any]] = (await desk_of(text, *grants).by_engine(text))["vault"]["safes"]
    return found


async def test_a_caller_with_the_lesser_permission_sees_the_masks() -> None:
    found = await safes(FIELDS, GLIMPSE)
    assert [safe["owner"] for safe in found] == OWNERS
    assert [safe["turns"] for safe in found] == ["****ight", "****ight", "****"]
    assert [safe["worth"] for safe in found] == [0, 50_000, 0]
    assert [safe["lock"]["open"] for safe in found] == [False, True, False]
    assert found[1]["code"] is None
    assert found[0]["code"] == found[2]["code"] == found[0]["lock"]["code"]
    written = orjson.loads(orjson.dumps([safe["opened"] for safe in found], option=orjson.OPT_UTC_Z))
    assert written == [None, "2020-01-01T00:00:00Z", "2025-01-01T00:00:00Z"]


@pytest.mark.parametrize("grants", [(SEE,), (SEE, GLIMPSE)])
async def test_a_caller_with_the_permission_sees_the_values(grants: tuple[str, ...]) -> None:
    assert [safe["owner"] for safe in await safes(FIELDS, *grants)] == [safe["owner"] for safe in SAFES]


async def test_a_mask_stands_where_null_may_not() -> None:
    desk, text = Desk(Vault()), document("owner worth")
    (operation,) = desk.document(text).operations.values()
    nobody = Gatekeeper(desk.core).judge(operation, {}, {}, PermissionSet.of(()))
    assert (nobody.refused, nobody.denied) == ({"Safe.owner": SEE}, {"Safe.worth": SEE})
    assert (await safes("owner", GLIMPSE))[0] == {"owner": OWNERS[0]}


async def test_a_plan_is_made_for_each_set_of_masks() -> None:
    text = document("owner code")
    desk = desk_of(text, GLIMPSE)
    masked = await desk.by_engine(text)
    desk.masked = set()
    assert await desk.by_engine(text) != masked
    desk.masked = {"Safe.owner", "Safe.code"}
    assert await desk.by_engine(text) == masked
    assert len(desk.document(text).plans) == 2


async def test_a_masked_column_is_read_and_no_other() -> None:
    text = document("worth")
    desk = desk_of(text, GLIMPSE)
    await desk.by_engine(text)
    assert [columns for _, _, columns in desk.library.asked] == [("worth",)]
