"""The audits of the npm package graphql-http: what the GraphQL over HTTP specification asks of a server."""

from collections import Counter
from typing import Any

import pytest

from tests.interop.client import node
from tests.support.server import Front

AUDITS = 61


@pytest.mark.timeout(60)
async def test_every_audit_passes_without_a_warning(front: Front) -> None:
    url = f"http://127.0.0.1:{front.port}/graphql"
    audits: list[dict[str, Any]] = []
    async with node("audits.mjs", url=url, token=await front.token()) as client:
        await client.wait_for("done")
        audits = [line["audit"] for line in client.said if "audit" in line]
        assert await client.wait_for_exit() == 0
    assert [audit for audit in audits if audit["status"] != "ok"] == []
    levels = Counter(audit["name"].split()[0] for audit in audits)
    assert sum(levels.values()) == AUDITS
    assert set(levels) == {"MUST", "SHOULD", "MAY"}
