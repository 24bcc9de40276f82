"""Tokens that lie, or that were made for something else: each refused by name, and nothing left of it."""

import base64
import hmac
import json
from collections.abc import AsyncIterator, Callable

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, RSAKey

from auth.errors import BadToken
from tests.support.database import Dsns
from tests.support.foreign import AUDIENCE, ForeignDesk, issuer_of, open_foreign_desk
from tests.support.provider import CLIENT, Json, open_provider


@pytest.fixture
async def desk(dsns: Dsns) -> AsyncIterator[ForeignDesk]:
    async with open_foreign_desk(dsns) as desk:
        yield desk


Lie = Callable[[ForeignDesk], str]


def _said(**said: object) -> Lie:
    return lambda desk: desk.token(**said)


def _timed(**seconds: int) -> Lie:
    def lie(desk: ForeignDesk) -> str:
        now = int(desk.people.clock().timestamp())
        return desk.token(**{name: now + off for name, off in seconds.items()})

    return lie


def _header(**said: object) -> Lie:
    def lie(desk: ForeignDesk) -> str:
        desk.provider.header.update(said)
        return desk.token()

    return lie


def _signed(how: Callable[[Json, Json, ECKey], str]) -> Lie:
    def lie(desk: ForeignDesk) -> str:
        desk.provider.sign = how
        return desk.token()

    return lie


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _with_header(text: bytes) -> Callable[[Json, Json, ECKey], str]:
    def sign(header: Json, claims: Json, key: ECKey) -> str:
        _, payload, signature = jwt.encode(header, claims, key, algorithms=["ES256"]).split(".")
        return f"{_part(text)}.{payload}.{signature}"

    return sign


def _by_public_key(header: Json, claims: Json, key: ECKey) -> str:
    text = _part(json.dumps({**header, "alg": "HS256"}).encode()) + "." + _part(json.dumps(claims).encode())
    signature = hmac.new(key.as_pem(private=False), text.encode(), "sha256").digest()
    return f"{text}.{_part(signature)}"


def _by_own_key(header: Json, claims: Json, key: ECKey) -> str:
    own = ECKey.generate_key("P-256")
    return jwt.encode({**header, "jwk": own.as_dict(private=False)}, claims, own, algorithms=["ES256"])


def _longer(header: Json, claims: Json, key: ECKey) -> str:
    return jwt.encode(header, {**claims, "much": "x" * 20_000}, key, algorithms=["ES256"])


LIES: dict[str, tuple[Lie, str]] = {
    "algorithm none": (_signed(_with_header(b'{"alg":"none"}')), "algorithm"),
    "algorithm none without signature": (
        _signed(lambda h, c, k: _with_header(b'{"alg":"none"}')(h, c, k).rpartition(".")[0] + "."), "signature"),
    "algorithm nOnE": (_signed(_with_header(b'{"alg":"nOnE"}')), "algorithm"),
    "an HMAC with the public key": (_signed(_by_public_key), "signature"),
    "a swapped algorithm": (_signed(_with_header(b'{"alg":"RS256"}')), "signature"),
    "an algorithm that is not on our list": (_signed(_with_header(b'{"alg":"ES384"}')), "algorithm"),
    "an algorithm that is no text": (_signed(_with_header(b'{"alg":["ES256"]}')), "algorithm"),
    "an RSA signature for another key": (
        _signed(lambda h, c, k: jwt.encode(
            {**h, "alg": "RS256"}, c, RSAKey.generate_key(2048), algorithms=["RS256"])), "signature"),
    "a stranger's signature": (
        _signed(lambda h, c, k: jwt.encode(h, c, ECKey.generate_key("P-256"), algorithms=["ES256"])), "signature"),
    "a key of its own inside": (_signed(_by_own_key), "header"),
    "a key to be fetched elsewhere": (_header(jku="https://evil.example/keys"), "header"),
    "an unknown critical header": (_signed(_with_header(b'{"alg":"ES256","crit":["x"],"x":1}')), "header"),
    "an unknown key": (_header(kid="unknown"), "unknown key"),
    "a key id that is no text": (_signed(_with_header(b'{"alg":"ES256","kid":1}')), "key id"),
    "made to log out": (_header(typ="logout+jwt"), "type"),
    "an event": (_header(typ="secevent+jwt"), "type"),
    "expired": (_timed(exp=-31), "expired"),
    "no end": (_said(exp=None), "exp"),
    "an end that is no number": (_said(exp="tomorrow"), "exp"),
    "an end that is true": (_said(exp=True), "exp"),
    "an end beyond all calendars": (_said(exp=1e300), "exp"),
    "an end beyond all numbers": (_said(exp=10**400), "exp"),
    "an end that is none": (_said(exp=float("nan")), "exp"),
    "a subject of half a letter": (
        _signed(lambda h, c, k: jws.serialize_compact(
            h, json.dumps({**c, "sub": "\ud800"}), k, algorithms=["ES256"])), "subject"),
    "from the future": (_timed(iat=31), "from the future"),
    "not yet valid": (_timed(nbf=31), "from the future"),
    "another audience": (_said(aud="https://elsewhere.example"), "audience"),
    "an ID token for signing in": (_said(aud=CLIENT), "audience"),
    "no audience": (_said(aud=[]), "audience"),
    "an audience that begins like ours": (_said(aud=AUDIENCE + "/more"), "audience"),
    "an unknown issuer": (_said(iss="https://evil.example"), "unknown issuer"),
    "no subject": (_said(sub=None), "subject"),
    "a subject that is no text": (_said(sub={"admin": True}), "subject"),
    "a subject with a NUL": (_said(sub="a\x00b"), "subject"),
    "a subject of 300 characters": (_said(sub="x" * 300), "subject"),
    "a token of 20 KB": (_signed(_longer), "malformed"),
    "JSON serialisation": (
        _signed(lambda h, c, k: json.dumps(
            jws.serialize_json({"protected": h}, json.dumps(c), k, algorithms=["ES256"]))), "signature"),
    "four parts": (lambda desk: desk.token() + ".x", "signature"),
    "a header of another kind": (_signed(_with_header(b"[]")), "signature"),
    "a header nested ten thousand deep": (_signed(_with_header(b"[" * 5_000)), "signature"),
}  # fmt: skip
"""The lie, and the word that the log has for it. What is no token of another's at all is judged as one of ours."""


@pytest.mark.parametrize("name", LIES)
async def test_a_lie_is_refused_and_leaves_nothing(desk: ForeignDesk, name: str) -> None:
    await desk.member()
    before = await desk.counts()
    lie, reason = LIES[name]
    token = lie(desk)
    with pytest.raises(BadToken) as refused:
        await desk.ask(token)
    assert refused.value.reason in {reason, "malformed"}
    assert refused.value.code == "UNAUTHENTICATED"
    assert token not in refused.value.message
    assert await desk.counts() == before


async def test_one_issuer_does_not_speak_for_another(desk: ForeignDesk) -> None:
    async with open_provider() as other:
        desk.configure(issuer_of(desk.provider), issuer_of(other))
        await desk.member()
        await desk.ask(desk.token())
        before = await desk.counts()
        signed_by_other = desk.token(iss=other.issuer)
        with pytest.raises(BadToken) as refused:
            await desk.ask(signed_by_other)
        assert refused.value.reason == "unknown key"
        assert await desk.counts() == before


async def test_where_no_issuer_is_configured_every_token_is_one_of_ours(desk: ForeignDesk) -> None:
    await desk.member()
    desk.configure()
    with pytest.raises(BadToken) as refused:
        await desk.ask(desk.token())
    assert refused.value.reason == "signature"
    assert desk.provider.asked == {}
