"""What of operations is on record: changes, denials, and what uses a gate of its own; a plain read is not."""

from dataclasses import dataclass
from typing import Any

import pytest

from auth.principal import Principal
from auth.spaces import EVERY_SPACE, Space
from db.audit_records import AuditRecord, Outcome
from db.event_cursors import EventCursorCodec
from db.pages import CursorCodec
from schema.documents import document_id
from schema.execute import Answer, Gateway, OperationRequest
from schema.live.frames import GONE
from tests.support.facts import CREATE, look, shop_of
from tests.support.world import KEY, USER, World

EMAILS = "query Emails($first: Int) { customers(first: $first) { nodes { id email } } }"
BY_EMAIL = "query($where: CustomerWhere) { customers(where: $where) { nodes { id } } }"
RENAME = """mutation Rename($input: UpdateCustomerInput!) {
    updateCustomer(input: $input) { customer { id email } userErrors { code } } }"""


@dataclass
class Recorded:
    """A gateway whose records are kept here."""

    world: World
    gateway: Gateway
    records: list[AuditRecord]

    async def ask(
        self,
        document: str,
        variables: Any = None,  # Any: JSON
        caller: Principal | str | None = "manager",
    ) -> Answer:
        who = self.world.principal(caller) if isinstance(caller, str) else caller
        request = OperationRequest(document, variables, None, None, "req-7", address="203.0.113.7")
        answer = await self.gateway.answer(request, who)
        assert isinstance(answer, Answer)
        return answer


@pytest.fixture
def recorded(world: World) -> Recorded:
    records: list[AuditRecord] = []
    cursors, events = CursorCodec([KEY]), EventCursorCodec([KEY], epoch=7)
    return Recorded(world, Gateway(world.database, world.hub, cursors, events, note=records.append), records)


@pytest.mark.parametrize(
    "document",
    [
        "{ orders(first: 2) { nodes { id customer { name } } } }",
        "{ customers(first: 2) { nodes { id name orders(first: 1) { nodes { id } } } totalCount } }",
        "{ orders(first: 2, where: {customerId: {in: []}}) { nodes { id } } }",
        "{ viewer { user { email } permissions { grants } } }",
        "{ __typename }",
    ],
)
async def test_a_plain_read_is_not_recorded(recorded: Recorded, document: str) -> None:
    assert (await recorded.ask(document)).code is None
    assert recorded.records == []


async def test_reading_what_has_a_gate_of_its_own_is_recorded_with_all_about_it(recorded: Recorded) -> None:
    await recorded.ask(EMAILS, {"first": 3})
    (record,) = recorded.records
    who = record.actor
    assert (record.tenant_id, record.action, record.outcome) == (
        recorded.world.tenants["acme"].hex,
        "customers",
        Outcome.ALLOWED,
    )
    assert (who.user_id, who.kind, who.credential, who.address) == (USER, "QUERY", "TOKEN", "203.0.113.7")
    assert (who.operation_name, who.document_id, who.request_id) == ("Emails", document_id(EMAILS), "req-7")
    assert (who.coordinates, who.denials) == (("Customer.email",), {})


@pytest.mark.parametrize(
    ("document", "variables", "used"),
    [
        (BY_EMAIL, {"where": {"or": [{"email": {"startsWith": "a"}}]}}, "CustomerWhere.email"),
        ('{ customers(where: {email: {eq: "a"}}) { nodes { id } } }', None, "CustomerWhere.email"),
        ("{ customers(orderBy: [{field: EMAIL}]) { nodes { id } } }", None, "CustomerSortField.EMAIL"),
    ],
)
async def test_a_filter_and_an_order_by_it_count_alike(
    recorded: Recorded,
    document: str,
    variables: Any,
    used: str,  # Any: JSON
) -> None:
    await recorded.ask(document, variables)
    assert [record.actor.coordinates for record in recorded.records] == [(used,)]


async def test_the_same_document_without_the_filter_is_plain(recorded: Recorded) -> None:
    await recorded.ask(BY_EMAIL, {"where": {"city": {"eq": "Köln"}}})
    assert recorded.records == []


async def test_reading_what_administers_is_recorded(recorded: Recorded) -> None:
    await recorded.ask("{ auditLog(first: 1) { nodes { id } } }", caller="admin")
    assert [(r.action, r.actor.coordinates) for r in recorded.records] == [("auditLog", ("Query.auditLog",))]


async def test_a_denied_field_is_recorded_with_what_was_missing(recorded: Recorded) -> None:
    await recorded.ask(EMAILS, caller="viewer")
    (record,) = recorded.records
    assert (record.outcome, record.actor.denials) == (Outcome.PARTIAL, {"Customer.email": "customers:pii"})
    assert record.actor.coordinates == ()


@pytest.mark.parametrize(
    ("document", "caller", "denials"),
    [
        ("{ customers { nodes { id } } }", "partner", {"Query.customers": "customers:read"}),
        ('mutation { createOrder(input: {customerId: "x", currency: "EUR", items: []}) { order { id } } }', "viewer",
         {"Mutation.createOrder": "orders:write"}),
        ("{ orders { nodes { id } } }", None, None),
    ],
)  # fmt: skip
async def test_what_is_refused_is_recorded_and_nothing_was_written(
    recorded: Recorded, document: str, caller: str | None, denials: dict[str, str] | None
) -> None:
    before = await recorded.world.count("audit_log")
    assert (await recorded.ask(document, caller=caller)).code in {"FORBIDDEN", "UNAUTHENTICATED"}
    (record,) = recorded.records
    assert record.outcome is Outcome.DENIED
    assert (record.tenant_id is None, record.actor.user_id is None) == (caller is None, caller is None)
    assert denials is None or denials.items() <= record.actor.denials.items()
    assert await recorded.world.count("audit_log") == before


async def test_what_is_closed_in_the_callers_space_is_recorded_with_the_space(recorded: Recorded) -> None:
    away = recorded.world.principal("manager").placed(Space.CLIENT, EVERY_SPACE)
    draft = (await shop_of(recorded.world)).draft()
    assert (await recorded.ask(CREATE, {"input": draft}, caller=away)).code == "FORBIDDEN"
    (record,) = recorded.records
    assert (record.outcome, record.actor.space) == (Outcome.DENIED, "CLIENT")


async def test_a_kind_of_node_that_is_denied_is_found_out_by_running(recorded: Recorded) -> None:
    (customer,) = await look(recorded.world, "SELECT id FROM customers LIMIT 1")
    await recorded.ask(f'{{ node(id: "cus_{customer["id"]}") {{ id }} }}', caller="partner")
    (record,) = recorded.records
    assert (record.outcome, record.actor.denials) == (Outcome.PARTIAL, {"Customer": "customers:read"})


async def test_a_change_is_recorded_by_its_own_transaction_alone(recorded: Recorded) -> None:
    draft = (await shop_of(recorded.world)).draft()
    answer = await recorded.ask(CREATE.replace("mutation", "mutation Make", 1), {"input": draft})
    assert b'"userErrors":[]' in answer.body
    assert recorded.records == []
    (row,) = await look(recorded.world, "SELECT * FROM audit_log WHERE operation_name = 'Make'")
    assert (row["action"], row["kind"], row["outcome"], row["address"]) == (
        *("createOrder", "MUTATION", "ALLOWED"),
        "203.0.113.7",
    )
    assert (row["document_id"], row["credential"], row["space"]) == (
        document_id(CREATE.replace("mutation", "mutation Make", 1)),
        *("TOKEN", "PROVIDER"),
    )


async def test_a_change_names_the_gates_it_used(recorded: Recorded) -> None:
    (customer,) = await look(recorded.world, "SELECT id FROM customers WHERE tenant_id = $1 LIMIT 1",
                             recorded.world.tenants["acme"].hex)  # fmt: skip
    given = {"input": {"id": f"cus_{customer['id']}", "email": "new@audited.example"}}
    await recorded.ask(RENAME, given, caller="admin")
    (row,) = await look(recorded.world, "SELECT * FROM audit_log WHERE operation_name = 'Rename'")
    assert row["coordinates"] == ["Customer.email", "UpdateCustomerInput.email"]


async def test_a_mutation_that_changes_nothing_is_no_record(recorded: Recorded) -> None:
    draft = (await shop_of(recorded.world)).draft(currency="XXX")
    await recorded.ask(CREATE, {"input": draft})
    assert recorded.records == []


async def test_a_subscription_is_recorded_when_it_opens(recorded: Recorded) -> None:
    request = OperationRequest(
        "subscription { customerEvents { id customer { email } } }", None, None, None, "req-8", allow_stream=True
    )
    feed = await recorded.gateway.answer(request, recorded.world.principal("manager"))
    assert not isinstance(feed, Answer)
    (record,) = recorded.records
    assert (record.action, record.actor.kind, record.outcome) == ("customerEvents", "SUBSCRIPTION", Outcome.ALLOWED)
    await feed.aclose(GONE)
