"""What is counted, and who may see it."""

import pytest
from starlette.types import Message, Scope

from auth.operators import reset_password
from auth.passwords import Passwords
from schema.live.frames import EndReason
from tests.support.database import Dsns
from tests.support.members import end_in, following, person
from tests.support.server import Front, serving, settings_for
from tests.support.waiting import until
from web.app import create_app
from web.metrics import serve_metrics

TOKEN = "a token for metrics"


async def status_for(
    dsns: Dsns, client: tuple[str, int] | None, fields: dict[str, str], token: str | None = TOKEN
) -> int:
    """The status for a peer of that address."""
    app = create_app(settings_for(dsns, metrics_token=token))
    headers = [(name.lower().encode(), value.encode()) for name, value in fields.items()]
    scope: Scope = {"type": "http", "app": app, "client": client, "headers": headers, "state": {"request_id": "r"}}
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    await serve_metrics(scope, receive, send)
    return int(sent[0]["status"])


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1"])
async def test_this_machine_sees_the_metrics(dsns: Dsns, host: str) -> None:
    assert await status_for(dsns, (host, 1), {}) == 200


@pytest.mark.parametrize("client", [("192.0.2.7", 1), ("10.0.0.1", 1), ("::ffff:192.0.2.7", 1), ("", 0), None])
async def test_others_see_them_by_the_token_alone(dsns: Dsns, client: tuple[str, int] | None) -> None:
    assert await status_for(dsns, client, {}) == 403
    assert await status_for(dsns, client, {"Authorization": "Bearer wrong"}) == 403
    assert await status_for(dsns, client, {"Authorization": f"Bearer {TOKEN}"}) == 200


async def test_without_a_token_nobody_else_sees_them(dsns: Dsns) -> None:
    for given in ("Bearer ", "Bearer None", "Bearer"):
        assert await status_for(dsns, ("192.0.2.7", 1), {"Authorization": given}, None) == 403


@pytest.mark.parametrize("field", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
async def test_what_a_proxy_on_this_machine_forwards_is_not_this_machine(dsns: Dsns, field: str) -> None:
    assert await status_for(dsns, ("127.0.0.1", 1), {field: "127.0.0.1"}) == 403


async def test_open_streams_are_shown_and_go_back_to_zero(front: Front) -> None:
    async def shown(line: str) -> bool:
        return line in (await front.client.get("/metrics")).text.splitlines()

    async with front.stream("subscription { orderEvents { id } }", headers=await front.bearer()) as stream:
        await stream.wait_for_id()
        assert await shown("tidegate_streams_open 1.0")
        assert await shown("tidegate_log_followers 1.0")
    await until(lambda: not front.open_streams and not front.app.state.hub.followers)
    assert await shown("tidegate_streams_open 0.0")
    assert await shown("tidegate_log_followers 0.0")


async def test_answers_are_counted_by_code(front: Front) -> None:
    def count(code: str) -> float:
        return front.app.state.metrics.registry.get_sample_value("tidegate_graphql_answers_total", {"code": code}) or 0

    before = count("OK"), count("GRAPHQL_PARSE_FAILED"), count("BAD_REQUEST")
    for document in ("{ __typename }", "{", ""):
        await front.post(document)
    assert (count("OK"), count("GRAPHQL_PARSE_FAILED"), count("BAD_REQUEST")) == tuple(each + 1 for each in before)


async def test_queries_are_counted_by_what_ran_them(front: Front) -> None:
    def count(outcome: str) -> float:
        registry = front.app.state.metrics.registry
        return registry.get_sample_value("tidegate_engine_operations_total", {"outcome": outcome}) or 0

    before, headers = (count("engine"), count("introspection")), await front.bearer()
    await front.post("{ orders(first: 1) { totalCount } }", headers=headers)
    await front.post("{ __schema { queryType { name } } }", headers=headers)
    assert (count("engine"), count("introspection")) == tuple(each + 1 for each in before)
    assert 'tidegate_engine_operations_total{outcome="engine"}' in (await front.client.get("/metrics")).text


async def test_without_an_engine_there_is_nothing_to_count(dsns: Dsns) -> None:
    async with serving(settings_for(dsns, engine="reference")) as front:
        assert "tidegate_engine_operations_total{" not in (await front.client.get("/metrics")).text


async def test_two_applications_count_apart(dsns: Dsns, front: Front) -> None:
    other = create_app(settings_for(dsns))
    assert other.state.metrics.registry is not front.app.state.metrics.registry


async def test_what_streams_do_is_counted_by_client_and_by_end(front: Front) -> None:
    def sample(name: str, **labels: str) -> float:
        return front.app.state.metrics.registry.get_sample_value(f"tidegate_stream{name}", labels) or 0.0

    def counts() -> list[float]:
        ended = [sample("s_ended_total", reason=reason) for reason in ("CLIENT_GONE", "SESSION_REVOKED", "FORBIDDEN")]
        return [sample("_events_delivered_total"), sample("_lag_seconds_count"), *ended]

    who, other = await person(front), await person(front)
    await until(lambda: not sample("_groups"))
    before = counts()
    async with following(who, await who.bearer()), following(other, await other.bearer()) as ended:
        assert sample("_groups") == 1
        await who.cause("to both")
        await ended.wait_for_next()
        await until(lambda: counts()[0] == before[0] + 2)
        await reset_password(other.directory, Passwords(), other.email, "another good password")
        assert end_in(await ended.wait_for_end())["reason"] == "SESSION_REVOKED"
    await until(lambda: not sample("_groups"))
    await until(lambda: counts()[2:] == [before[2] + 1, before[3] + 1, before[4]])
    assert counts()[:2] == [before[0] + 2, before[1] + 1]


async def test_every_reason_for_an_end_is_shown_before_it_happens(front: Front) -> None:
    lines = (await front.client.get("/metrics")).text.splitlines()
    shown = {line.partition('"')[2].partition('"')[0] for line in lines if line.startswith("tidegate_streams_ended_t")}
    assert shown == {reason.value for reason in EndReason}
    assert any(line.startswith("tidegate_stream_events_skipped_total") for line in lines)
