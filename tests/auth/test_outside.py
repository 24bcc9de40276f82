"""Calls of a real server over HTTP that fails, hangs, lies and asks to be left alone."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from auth.errors import ProviderFailed
from auth.outside import REPEATS, TOLERANCE, Outside
from db.breaker import Breaker, Outcome, State
from db.upstreams import Upstreams
from tests.support.provider import IdentityProvider, open_provider
from tests.support.ticks import Ticks, longest

KEYS, TOKEN = "/keys", "/token"


class Call:
    """Ours to the provider: its time is moved by hand, and by pauses."""

    def __init__(self, provider: IdentityProvider) -> None:
        self.provider = provider
        self.ticks = Ticks()
        self.outside = Outside(Upstreams(self.ticks, longest), self.ticks.sleep)

    @property
    def breaker(self) -> Breaker:
        return self.outside.upstream(self.provider.issuer)

    @property
    def asked(self) -> int:
        return self.provider.asked.get(KEYS, 0)

    async def keys(self) -> object:
        return (await self.outside.json(self.provider.issuer + KEYS))["keys"]

    async def fail(self, reason: str) -> ProviderFailed:
        with pytest.raises(ProviderFailed) as failed:
            await self.keys()
        assert failed.value.reason == reason
        return failed.value

    async def exchange(self) -> None:
        given = {"code": "a code", "verifier": "v" * 43, "redirect_uri": "http://127.0.0.1:1/"}
        await self.outside.exchange(self.provider.config(), self.provider.issuer + TOKEN, **given)


@pytest.fixture
async def call() -> AsyncIterator[Call]:
    async with open_provider() as provider:
        call = Call(provider)
        yield call
        await call.outside.close()


async def test_what_only_reads_is_asked_again_after_pauses(call: Call) -> None:
    call.provider.down.add(KEYS)
    failed = await call.fail("unreachable: status 503")
    assert (failed.code, failed.seconds) == ("OVERLOADED", 2)
    assert call.asked == REPEATS.tries
    assert call.ticks.slept == pytest.approx([0.1, 0.2])


async def test_a_hiccup_is_not_noticed(call: Call) -> None:
    call.provider.down.add(KEYS)
    asking = asyncio.create_task(call.keys())
    while not call.asked:  # noqa: ASYNC110  # the provider tells nobody
        await asyncio.sleep(0)
    call.provider.down.clear()
    assert await asking


async def test_a_server_that_fails_is_left_alone_and_one_call_finds_out_that_it_is_well(call: Call) -> None:
    call.provider.down.add(KEYS)
    await call.fail("unreachable: status 503")
    await call.fail("unreachable: left alone")  # it opened at the second try
    assert (call.breaker.state, call.asked) == (State.OPEN, TOLERANCE.failures)
    failed = await call.fail("unreachable: left alone")
    assert (failed.seconds, call.asked) == (2, TOLERANCE.failures)
    call.provider.down.clear()
    call.ticks.now += TOLERANCE.first
    assert await call.keys()
    assert call.breaker.state is State.CLOSED
    assert call.breaker.counts[Outcome.REFUSED] == 2


async def test_a_server_that_asks_to_be_left_alone_is_not_asked_before(call: Call) -> None:
    call.provider.down.add(KEYS)
    call.provider.fields["Retry-After"] = "40"
    for _ in range(TOLERANCE.failures):
        assert (await call.fail("unreachable: status 503")).seconds == 40
    assert call.ticks.slept == []
    assert (await call.fail("unreachable: left alone")).seconds == 40
    call.ticks.now += 39
    await call.fail("unreachable: left alone")
    assert call.asked == TOLERANCE.failures


async def test_a_server_that_hangs_holds_up_few_and_nobody_for_long(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auth.outside.TRY_SECONDS", 0.05)
    call.provider.hung.add(KEYS)
    async with asyncio.timeout(60):
        await call.fail("unreachable: TimeoutError")
        await call.fail("unreachable: left alone")
        for _ in range(100):
            await call.fail("unreachable: left alone")
    assert call.asked == call.breaker.counts[Outcome.TIMED_OUT] == TOLERANCE.failures


async def test_a_server_that_is_gone_is_left_alone(call: Call) -> None:
    gone = "http://127.0.0.1:1/keys"
    for _ in range(3):
        with pytest.raises(ProviderFailed):
            await call.outside.json(gone)
    assert call.outside.upstream(gone).state is State.OPEN
    assert await call.keys()  # one server's failures are not another's


@pytest.mark.parametrize("path", ["/nowhere", "/authorize?redirect_uri=http://127.0.0.1&state=x"])
async def test_an_answer_that_makes_no_sense_is_no_outage_and_not_asked_for_again(call: Call, path: str) -> None:
    for _ in range(2 * TOLERANCE.failures):
        with pytest.raises(ProviderFailed):
            await call.outside.json(call.provider.issuer + path)
    assert call.breaker.state is State.CLOSED
    assert call.breaker.counts[Outcome.ANSWERED] == 2 * TOLERANCE.failures
    assert call.ticks.slept == []


async def test_a_code_is_sent_once_whatever_becomes_of_it(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auth.outside.CALL_SECONDS", 0.2)
    for where in (call.provider.down, call.provider.hung):
        where.add(TOKEN)
        asked = call.provider.asked.get(TOKEN, 0)
        with pytest.raises(ProviderFailed):
            await call.exchange()
        assert call.provider.asked[TOKEN] == asked + 1
        where.clear()


async def test_codes_that_are_refused_open_nothing_and_a_token_endpoint_that_fails_does(call: Call) -> None:
    for _ in range(2 * TOLERANCE.failures):
        with pytest.raises(ProviderFailed, match="does not work right now"):
            await call.exchange()
    assert call.breaker.state is State.CLOSED
    call.ticks.now += TOLERANCE.window
    call.provider.down.add(TOKEN)
    for _ in range(TOLERANCE.failures):
        with pytest.raises(ProviderFailed):
            await call.exchange()
    asked = call.provider.asked[TOKEN]
    with pytest.raises(ProviderFailed) as failed:
        await call.exchange()
    assert (failed.value.reason, call.provider.asked[TOKEN]) == ("token endpoint: left alone", asked)
