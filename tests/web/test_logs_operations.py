"""What the log of a real server tells of operations."""

import io
import json
from collections.abc import AsyncIterator

import pytest

from tests.support.logs import logged
from tests.support.members import following, person
from tests.support.server import Front, serving, settings_for
from tests.support.single import reserved
from tests.support.waiting import until

VIEWER = "query Mine { viewer { user { email } } }"
REPORT = {"GraphQL-Cost": "report"}


@pytest.fixture(scope="module")
async def talkative(front: Front) -> AsyncIterator[Front]:
    """The same database, served by one who takes everything for slow."""
    assert front.dsns is not None
    async with serving(settings_for(front.dsns, slow_seconds=0)) as served:
        yield Front(served.app, served.server, served.client, served.port, front.dsns)


async def test_the_line_of_a_request_tells_its_operation_and_there_is_no_other(front: Front) -> None:
    who = await person(front)
    with logged() as lines:
        answer = await front.post(VIEWER, headers=await who.bearer() | {"X-Request-Id": "r-1"})
        await front.post("{ nothing }", headers={"X-Request-Id": "r-2"})
        await until(lambda: lines.getvalue().count('"event":"request"') == 2)
    cost = int(
        (await front.post(VIEWER, headers=await who.bearer() | REPORT)).json()["extensions"]["cost"]["requested"]
    )
    assert answer.status_code == 200
    served, refused = _parsed(lines)
    told = {key: served[key] for key in ("request_id", "tenant", "operation", "kind", "cost", "status")}
    assert told == {
        "request_id": "r-1",
        "tenant": who.tenant.hex,
        "operation": "Mine",
        "kind": "query",
        "cost": cost,
        "status": 200,
    }
    assert 0 < float(str(served["operation_ms"])) <= float(str(served["ms"]))
    assert (refused["code"], "tenant" in refused, "cost" in refused) == ("GRAPHQL_VALIDATION_FAILED", False, False)


async def test_a_streams_line_tells_what_was_followed(front: Front) -> None:
    who = await person(front)
    with logged() as lines:
        async with following(who, await who.bearer()):
            pass
        await until(lambda: '"event":"request"' in lines.getvalue())
    (line,) = [each for each in _parsed(lines) if each["event"] == "request"]
    assert (line["kind"], line["tenant"]) == ("subscription", who.tenant.hex)
    assert int(str(line["cost"])) > 0


async def test_an_operation_of_a_single_connection_has_a_line_of_its_own(front: Front) -> None:
    who = await person(front)
    with logged() as lines:
        single = await reserved(front, await who.bearer())
        async with single.open() as stream:
            posted = await single.post("1", VIEWER, also={"X-Request-Id": "r-3"})
            await stream.wait_for_next()
    assert posted.status_code == 202
    ours = [each for each in _parsed(lines) if each.get("request_id") == "r-3"]
    told = {str(each["event"]): each.get("operation") for each in ours}
    assert told == {"request": None, "operation": "Mine"}


async def test_a_slow_operation_is_told_by_name_document_and_tenant(talkative: Front) -> None:
    who = await person(talkative)
    with logged() as lines:
        await talkative.post(VIEWER, headers=await who.bearer() | {"X-Request-Id": "slow-1"})
    (line,) = [each for each in _parsed(lines) if each["event"] == "slow_operation"]
    told = {key: line[key] for key in ("operation", "kind", "tenant", "user", "code", "request_id")}
    assert told == {
        "operation": "Mine",
        "kind": "query",
        "tenant": who.tenant.hex,
        "user": who.id,
        "code": None,
        "request_id": "slow-1",
    }
    assert len(str(line["document"])) == 64
    assert float(str(line["ms"])) > 0


async def test_what_takes_no_longer_than_the_setting_says_is_not_told(front: Front) -> None:
    with logged() as lines:
        await front.post(VIEWER, headers=await front.bearer())
    assert "slow_operation" not in lines.getvalue()


def _parsed(lines: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]
