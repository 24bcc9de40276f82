"""Forty lies of a sign-in provider, or of somebody between: each refused, and nothing left of it."""

import base64
import json
from collections.abc import AsyncIterator, Callable
from time import time
from typing import Any

import httpx2
import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from tests.support.database import Dsns
from tests.support.oidc_door import OidcDoor, open_oidc_door
from tests.support.provider import CLIENT, IdentityProvider, Json


@pytest.fixture
async def door(dsns: Dsns) -> AsyncIterator[OidcDoor]:
    async with open_oidc_door(dsns) as door:
        yield door


Bend = Callable[[IdentityProvider], None]


def _claims(**said: Any) -> Bend:  # Any: JSON
    return lambda provider: provider.claims.update(said)


def _timed(**seconds: int) -> Bend:
    """Times so far from now, when the provider is asked."""
    return lambda provider: provider.claims.update({name: int(time()) + off for name, off in seconds.items()})


def _header(**said: Any) -> Bend:  # Any: JSON
    return lambda provider: provider.header.update(said)


def _answer(**said: Any) -> Bend:  # Any: JSON
    return lambda provider: provider.answer.update(said)


def _signed(how: Callable[[Json, Json, ECKey], str]) -> Bend:
    def bend(provider: IdentityProvider) -> None:
        provider.sign = how

    return bend


def _unsigned(header: Json, claims: Json, key: ECKey) -> str:
    payload = jwt.encode(header, claims, key, algorithms=["ES256"]).split(".")[1]
    return base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode() + f".{payload}."


def _by_public_key(header: Json, claims: Json, key: ECKey) -> str:
    public = OctKey.import_key(key.as_pem(private=False))
    return jwt.encode({**header, "alg": "HS256"}, claims, public, algorithms=["HS256"])


def _by_stranger(header: Json, claims: Json, key: ECKey) -> str:
    return jwt.encode(header, claims, ECKey.generate_key("P-256"), algorithms=["ES256"])


def _by_own_key(header: Json, claims: Json, key: ECKey) -> str:
    own = ECKey.generate_key("P-256")
    return jwt.encode({**header, "jwk": own.as_dict(private=False)}, claims, own, algorithms=["ES256"])


def _as_json(header: Json, claims: Json, key: ECKey) -> str:
    flat = jws.serialize_json({"protected": header}, json.dumps(claims), key, algorithms=["ES256"])
    return json.dumps(flat)


def _half_a_letter(header: Json, claims: Json, key: ECKey) -> str:
    """Which JSON can say, and UTF-8 cannot."""
    return jws.serialize_compact(header, json.dumps({**claims, "nonce": "\ud800"}), key, algorithms=["ES256"])


def _other_algorithm(header: Json, claims: Json, key: ECKey) -> str:
    return jwt.encode({**header, "alg": "RS256"}, claims, RSAKey.generate_key(2048), algorithms=["RS256"])


LIES: dict[str, Bend] = {
    "another issuer": _claims(iss="https://evil.example"),
    "no issuer": _claims(iss=None),
    "another audience": _claims(aud="somebody-else"),
    "a list of audiences without a party": _claims(aud=[CLIENT, "somebody-else"]),
    "another party": _claims(azp="somebody-else"),
    "another nonce": _claims(nonce="x" * 43),
    "no nonce": _claims(nonce=None),
    "a nonce that is no text": _claims(nonce=["x"]),
    "another access token's hash": _claims(at_hash="x" * 22),
    "expired a minute and a second ago": _timed(exp=-61),
    "no end": _claims(exp=None),
    "an end that is no number": _claims(exp="tomorrow"),
    "an end that is none": _claims(exp=float("nan")),
    "an end that never comes": _claims(exp=float("inf")),
    "an end beyond all numbers": _claims(exp=10**400),
    "a nonce of half a letter": _signed(_half_a_letter),
    "from a future of two minutes": _timed(iat=120),
    "no beginning": _claims(iat=None),
    "not yet valid": _timed(nbf=120),
    "no subject": _claims(sub=None),
    "a subject of 300 characters": _claims(sub="x" * 300),
    "a subject that is no text": _claims(sub={"admin": True}),
    "an unknown critical header": _header(crit=["x"], x=1),
    "a key to be fetched elsewhere": _header(jku="https://evil.example/keys"),
    "an unknown key": _header(kid="unknown"),
    "no signature": _signed(_unsigned),
    "an HMAC with the public key": _signed(_by_public_key),
    "a stranger's signature": _signed(_by_stranger),
    "a key of its own inside": _signed(_by_own_key),
    "JSON serialisation": _signed(_as_json),
    "an algorithm for another key": _signed(_other_algorithm),
    "not a token": _signed(lambda *_: "a.b"),
    "a token of a megabyte": _signed(lambda *_: "a." * 500_000),
    "an answer of another issuer": _answer(iss="https://evil.example"),
    "an answer without issuer": _answer(iss=None),
    "an answer with another state": _answer(state="x" * 43),
    "an answer without state": _answer(state=None),
    "an answer without code": _answer(code=None),
    "an unknown code": _answer(code="x"),
    "an error": _answer(error="access_denied", code=None),
    "discovery of another issuer": lambda p: p.discovery.update(issuer="https://evil.example"),
    "an unsafe token endpoint": lambda p: p.discovery.update(token_endpoint="http://evil.example/token"),
    "the keys are away": lambda p: p.down.add("/keys"),
    "the token endpoint is away": lambda p: p.down.add("/token"),
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_lie_is_refused_and_leaves_nothing(door: OidcDoor, lie: str) -> None:
    email = await door.known()
    before = await door.counts()
    LIES[lie](door.provider)
    async with door.browser() as browser:
        begun = await browser.get("/auth/login/tide")
        answer = begun
        if begun.status_code == 303:
            async with httpx2.AsyncClient(verify=False) as elsewhere:
                back = await elsewhere.get(begun.headers["location"])
            answer = await browser.get(back.headers["location"])
    assert answer.status_code in {401, 403, 503}
    assert not [each for each in answer.headers.get_list("set-cookie") if each.startswith("tidegate=")]
    assert await door.counts() == before
    assert email not in answer.text
    assert "Traceback" not in answer.text
