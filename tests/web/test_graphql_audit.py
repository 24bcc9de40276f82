"""Over HTTP: where a request comes from is on record, and so is a sign-in that failed, with its user's tenant."""

from typing import Any

from tests.support.server import Front

EMAILS = "query Emails { customers(first: 1) { nodes { email } } }"
LOG = """query($where: AuditWhere) { auditLog(where: $where) {
    nodes { action kind outcome address credential count actor { email } } } }"""


async def log(front: Front, where: dict[str, Any]) -> list[dict[str, Any]]:  # Any: JSON
    await front.app.state.audit.settle()
    answer = (await front.post(LOG, {"where": where}, await front.bearer())).json()
    nodes: list[dict[str, Any]] = answer["data"]["auditLog"]["nodes"]
    return nodes


async def test_a_read_behind_a_gate_of_its_own_is_on_record_with_its_address(front: Front) -> None:
    await front.post(EMAILS, headers=await front.bearer("manager"))
    (record, *_) = await log(front, {"operationName": {"eq": "Emails"}})
    assert record == {
        "action": "customers",
        "kind": "QUERY",
        "outcome": "ALLOWED",
        "address": "127.0.0.1",
        "credential": "TOKEN",
        "count": 1,
        "actor": {"email": "manager@acme.example"},
    }


async def test_equal_denials_are_one_record(front: Front) -> None:
    headers = await front.bearer("partner")
    for _ in range(3):
        assert (await front.post(EMAILS.replace("Emails", "Tries"), headers=headers)).status_code == 403
    assert [each["count"] for each in await log(front, {"operationName": {"eq": "Tries"}})] == [3]


async def test_a_sign_in_that_failed_is_in_the_trail_of_its_users_tenant(front: Front) -> None:
    wrong = {"email": "viewer@acme.example", "password": "not this one"}
    assert (await front.client.post("/auth/login", json=wrong)).status_code == 401
    failed = await log(front, {"and": [{"action": {"eq": "signIn"}}, {"outcome": {"eq": "FAILED"}}]})
    assert {each["kind"] for each in failed} == {"SIGN_IN"}
    assert "viewer@acme.example" in {each["actor"]["email"] for each in failed}  # others failed here before
