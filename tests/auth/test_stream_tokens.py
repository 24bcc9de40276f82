"""Stream tokens: what they open, for whom, and for how long."""

import pytest

from auth.api_keys import make_key, read_key
from auth.authenticate import Credentials
from auth.claims import Claim
from auth.errors import BadSession, BadToken
from auth.keyring import Keyring
from auth.stream_tokens import LIFE, LONGEST, open_stream_token, seal_stream_token
from tests.support.people import KEYRING, People


async def sealed(people: People, credentials: Credentials) -> str:
    claim = people.authenticator.claim(credentials)
    return seal_stream_token(KEYRING, claim, people.clock())[0]


def by_stream(token: str) -> Credentials:
    return Credentials(None, None, None, None, token)


async def test_it_speaks_for_the_credential_that_it_was_made_by(people: People) -> None:
    first, second = sorted([await people.tenant(), await people.tenant()])
    email = await people.user(first, second)
    secret, token = (await people.sign_in(email)).secret, await people.token(email, first)
    for credentials in (Credentials(None, secret, second), Credentials(token, None, second)):
        made = await sealed(people, credentials)
        principal = await people.authenticator.authenticate(by_stream(made))
        assert principal == await people.authenticator.authenticate(credentials)
        assert principal is not None
        assert principal.tenant_slug == second


def test_a_key_is_told_by_its_hash(people: People) -> None:
    text, name, _ = make_key()
    claim = Claim(None, None, None, read_key(text), "192.0.2.1")
    made, _ = seal_stream_token(KEYRING, claim, people.clock())
    assert open_stream_token(KEYRING, made, people.clock()) == claim
    assert name not in made
    assert len(made) < LONGEST


async def test_it_ends_with_its_session(people: People) -> None:
    secret = (await people.sign_in(await people.user(await people.tenant()))).secret
    made = await sealed(people, Credentials(None, secret, None))
    key = (await people.by_session(secret)).session_key
    assert await people.directory.sessions.revoke(bytes.fromhex(key or ""))
    with pytest.raises(BadSession):
        await people.authenticator.authenticate(by_stream(made))


async def test_it_is_good_for_a_minute(people: People) -> None:
    made = await sealed(people, Credentials(await people.token(await people.user(await people.tenant())), None, None))
    people.clock.advance(seconds=LIFE.total_seconds() - 1)
    assert await people.authenticator.authenticate(by_stream(made))
    people.clock.advance(seconds=1)
    with pytest.raises(BadToken) as refused:
        await people.authenticator.authenticate(by_stream(made))
    assert refused.value.reason == "expired"


async def test_it_is_no_bearer_token_and_no_session_and_a_bearer_token_is_none(people: People) -> None:
    token = await people.token(await people.user(await people.tenant()))
    made = await sealed(people, Credentials(token, None, None))
    for wrong in (Credentials(made, None, None), by_stream(token)):
        with pytest.raises(BadToken):
            await people.authenticator.authenticate(wrong)
    with pytest.raises(BadSession):
        await people.authenticator.authenticate(Credentials(None, made, None))


@pytest.mark.parametrize("text", ["", "x", "a.b.c.d.e", "é", "\ud800", "x" * 10_000, "eyJhbGciOiJub25lIn0.e30."])
def test_text_that_is_no_stream_token_is_refused(people: People, text: str) -> None:
    with pytest.raises(BadToken):
        open_stream_token(KEYRING, text, people.clock())


async def test_a_token_of_another_deployment_or_a_changed_one_is_refused(people: People) -> None:
    claim = people.authenticator.claim(
        Credentials(await people.token(await people.user(await people.tenant())), None, None)
    )
    made, _ = seal_stream_token(Keyring(["another secret that is long enough"]), claim, people.clock())
    mine, _ = seal_stream_token(KEYRING, claim, people.clock())
    bent = mine[:-3] + ("AAA" if mine[-3:] != "AAA" else "BBB")
    for wrong in (made, bent):
        with pytest.raises(BadToken):
            open_stream_token(KEYRING, wrong, people.clock())


def test_the_secret_that_went_before_still_opens(people: People) -> None:
    claim = Claim(None, b"x" * 32, None)
    old, both = (
        Keyring(["the old secret, long enough, really"]),
        Keyring(["a new one", "the old secret, long enough, really"]),
    )
    made, _ = seal_stream_token(old, claim, people.clock())
    assert open_stream_token(both, made, people.clock()) == claim
