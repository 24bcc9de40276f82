"""The rule by which a tenant's bell is rung."""

import json

import pytest

from resolvers.announcements import announce
from resolvers.errors import Problems
from tests.support.facts import footprint, newest
from tests.support.world import USER, World


@pytest.mark.parametrize(
    ("kind", "text"),
    [("START_DAY", None), ("END_DAY", "See you on Monday 👋"), ("NOTICE", "x" * 1_000), ("NOTICE", "Crème\nbrûlée")],
)
async def test_a_bell_is_kept_logged_and_audited_together(world: World, kind: str, text: str | None) -> None:
    row = await announce(world.write_context(), kind, text)
    assert (row["kind"], row["text"], row["created_by"], row["version"]) == (kind, text, USER, 1)
    event, audit = await newest(world, "event_log"), await newest(world, "audit_log")
    assert (event["type"], event["entity"], event["entity_id"]) == ("announcement.made", "announcement", row["id"])
    assert (event["before"], json.loads(event["after"])["text"]) == (None, text)
    assert (audit["action"], audit["entity_id"], audit["actor_id"]) == ("announce", f"ann_{row['id']}", USER)


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        ("NOTICE", None, "REQUIRED"),
        ("NOTICE", " ", "REQUIRED"),
        ("START_DAY", "", "REQUIRED"),
        ("NOTICE", "x" * 1_001, "TOO_LONG"),
        ("END_DAY", "x" * 1_001, "TOO_LONG"),
    ],
)
async def test_a_notice_says_something_and_no_text_is_endless(
    world: World, kind: str, text: str | None, code: str
) -> None:
    held, count = await footprint(world), await world.count("announcements")
    with pytest.raises(Problems) as caught:
        await announce(world.write_context(), kind, text)
    assert [(p.code, p.field) for p in caught.value.problems] == [(code, ["text"])]
    assert (await footprint(world), await world.count("announcements")) == (held, count)
