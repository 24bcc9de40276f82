"""Traces of a real server, as a real collector gets them."""

import json
import socket
from collections.abc import AsyncIterator
from secrets import token_hex

import pytest

from schema.documents import document_id
from tests.support.collector import Collector, open_collector, tree
from tests.support.logs import logged
from tests.support.members import EVENTS, following, person
from tests.support.server import Front, serving, settings_for
from tests.support.waiting import until
from web.traces import Traces

NESTED = """query Page($first: Int!, $text: String) { orders(first: $first, search: $text) {
    totalCount nodes { id customer { name } items { sku product { name } } } } }"""
PRIVATE = "the patient's own words"
SERVER = 2
"""OpenTelemetry's kind of span."""


@pytest.fixture(scope="module")
async def collector() -> AsyncIterator[Collector]:
    async with open_collector() as collector:
        yield collector


@pytest.fixture(scope="module")
async def traced(front: Front, collector: Collector) -> AsyncIterator[Front]:
    """The same database, served by one who tells the collector."""
    assert front.dsns is not None
    async with serving(settings_for(front.dsns), tracing=Traces()) as served:
        yield Front(served.app, served.server, served.client, served.port, front.dsns)


def named() -> dict[str, str]:
    return {"X-Request-Id": token_hex(8)}


async def test_a_nested_page_is_a_tree_of_its_steps(traced: Front, collector: Collector) -> None:
    bearer, who = await traced.bearer(), named()
    answer = await traced.post(NESTED, {"first": 5, "text": None}, headers=bearer | who)
    assert "errors" not in answer.json()
    spans = await collector.trace(who["X-Request-Id"])
    steps: dict[str, object] = {
        "prepare": {},
        "step list_orders": {},
        "step count_orders": {},
        "step items_of_orders": {},
    }
    assert tree(spans) == {"POST /graphql": {"query": steps}}
    by_name = {span.name: span for span in spans}
    request, operation = by_name["POST /graphql"], by_name["query"]
    assert request.kind == SERVER
    assert request.attributes == {
        "http.request.method": "POST",
        "http.route": "/graphql",
        "http.response.status_code": 200,
        "url.scheme": "http",
        "network.protocol.version": "1.1",
        "tidegate.request_id": who["X-Request-Id"],
    }
    told = {name: operation.attributes[name] for name in ("graphql.operation.type", "graphql.operation.name")}
    assert told == {"graphql.operation.type": "query", "graphql.operation.name": "Page"}
    assert operation.attributes["tidegate.document"] == document_id(NESTED)
    assert operation.attributes["tidegate.engine"] == "compiled"
    assert by_name["step items_of_orders"].attributes["tidegate.step.keys"] == 5
    assert by_name["step items_of_orders"].events == ["statement"]
    assert collector.resource["service.name"] == "tidegate"
    assert not any(span.failed for span in spans)


async def test_the_lines_of_a_request_name_its_trace(traced: Front, front: Front, collector: Collector) -> None:
    who = named()
    with logged() as log:
        await traced.post("{ __typename }", headers=who)
        await traced.client.get("/nowhere", headers=who)
        await front.post("{ __typename }", headers=named())
        await until(lambda: log.getvalue().count('"event":"request"') == 3)
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    await until(lambda: len({span.trace for span in collector.of(who["X-Request-Id"])}) == 2)
    told = [line.get("trace_id") for line in lines if line["event"] == "request"]
    assert {*told} == {None, *(span.trace.hex() for span in collector.of(who["X-Request-Id"]))}


async def test_no_variable_no_literal_and_no_credential_is_in_a_trace(traced: Front, collector: Collector) -> None:
    bearer, who = await traced.bearer(), named()
    literal = NESTED.replace("$text)", f'$text, where: {{customerId: {{eq: "cus_{"7" * 32}"}}}})')
    await traced.post(literal, {"first": 5, "text": PRIVATE}, headers=bearer | who)
    path = {"text": PRIVATE, "token": "z" * 40}
    await traced.client.get(f"/nowhere/{'z' * 40}", params=path, headers=named() | {"Cookie": "tidegate=" + "y" * 40})
    await collector.trace(who["X-Request-Id"])
    await until(lambda: any(span.attributes.get("http.response.status_code") == 404 for span in collector.spans))
    secrets = [PRIVATE, "z" * 40, "y" * 40, "7" * 32, bearer["Authorization"].split()[1]]
    assert not [secret for secret in secrets if secret.encode() in collector.raw]


async def test_an_operation_that_is_refused_tells_its_code(traced: Front, collector: Collector) -> None:
    who = named()
    await traced.post("{ orders(first: 1) { totalCount } }", headers=who)
    failed = {span.name: span.attributes.get("error.type") for span in await collector.trace(who["X-Request-Id"])}
    assert failed == {"POST /graphql": None, "GraphQL Operation": "UNAUTHENTICATED", "prepare": "UNAUTHENTICATED"}


async def test_each_root_of_a_mutation_is_a_span(traced: Front, collector: Collector) -> None:
    member, who = await person(traced), named()
    change = 'updateOrder(input: {{id: "ord_{0}", notes: "{1}"}}) {{ order {{ items {{ sku }} }} }}'.format
    document = f"mutation {{ a: {change(member.order, PRIVATE)} b: {change(member.order, 'again')} }}"
    answer = await traced.post(document, headers=await member.bearer() | who)
    assert "errors" not in answer.json()
    spans = await collector.trace(who["X-Request-Id"])
    operation = next(span for span in spans if span.name == "mutation")
    below = [span.name for span in sorted(spans, key=lambda span: span.start) if span.parent == operation.id]
    assert below == ["prepare", *["root updateOrder", "step items_of_orders"] * 2]
    assert PRIVATE.encode() not in collector.raw


async def test_a_stream_is_a_trace_of_its_opening_and_one_of_each_event(traced: Front, collector: Collector) -> None:
    member, who = await person(traced), named()
    async with following(member, await member.bearer() | who) as stream:
        assert tree(await collector.trace(who["X-Request-Id"])) == {
            "POST /graphql": {"subscription": {"prepare": {}, "open stream": {}}}
        }
        await member.cause(PRIVATE)
        await stream.wait_for_next()
        await until(lambda: any(span.name == "event" for span in collector.spans))
        (event,) = [span for span in collector.spans if span.name == "event"]
        assert not event.parent
        assert event.attributes["tidegate.document"] == document_id(EVENTS)
        assert event.attributes["tidegate.stream.members"] == 1
        await until(lambda: any(span.trace == event.trace and span.name == "fan out" for span in collector.spans))
    assert PRIVATE.encode() not in collector.raw


async def test_a_callers_trace_is_named_and_no_more_unless_it_is_followed(front: Front) -> None:
    assert front.dsns is not None
    caller, who = token_hex(16), named()
    theirs = {"traceparent": f"00-{caller}-{token_hex(8)}-01", "tracestate": f"vendor={'x' * 40}", "baggage": "a=b"}
    async with open_collector(OTEL_TRACES_SAMPLER="parentbased_always_off") as collector:
        async with serving(settings_for(front.dsns), tracing=Traces()) as served:
            await served.post("{ __typename }", headers=who | theirs)
        assert not collector.spans  # whatever a stranger says of sampling
        async with serving(settings_for(front.dsns), tracing=Traces(follow=True)) as served:
            await served.post("{ __typename }", headers=who | theirs)
            await served.post("{ __typename }", headers=named())
        assert {span.trace.hex() for span in collector.spans} == {caller}
    async with open_collector() as collector:
        async with serving(settings_for(front.dsns), tracing=Traces()) as served:
            await served.post("{ __typename }", headers=who | theirs)
            await served.post("{ __typename }", headers={"traceparent": "00-zz-01"})
        linked = [[link.hex() for link in span.links] for span in collector.spans if span.kind == SERVER]
        assert linked == [[caller], []]
        assert caller not in {span.trace.hex() for span in collector.spans}
        assert b"x" * 40 not in collector.raw


async def test_a_collector_that_is_away_costs_spans_and_nothing_else(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert front.dsns is not None
    monkeypatch.setattr("web.traces.STOP_SECONDS", 0.2)
    with socket.socket() as mute:  # takes connections and says nothing
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{mute.getsockname()[1]}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "10")
        monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "16")
        monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "8")
        async with serving(settings_for(front.dsns), tracing=Traces()) as served:
            for _ in range(20):
                assert (await served.post("{ __typename }")).status_code == 200
