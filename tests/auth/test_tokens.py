"""Bearer tokens, and the lies that are told with them."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import OctKey, RSAKey

from auth.errors import BadToken
from auth.keyring import Keyring
from auth.tokens import read_token, sign_token
from db.ids import new_id

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEYRING = Keyring(["the new secret", "the old secret"])
USER, TENANT = new_id(), new_id()
HOUR = timedelta(hours=1)
Claims = dict[str, Any]  # Any: JSON


def good() -> Claims:
    return {
        "iss": "tidegate",
        "aud": "tidegate",
        "sub": f"usr_{USER}",
        "tid": f"ten_{TENANT}",
        "jti": "1",
        "iat": int(NOW.timestamp()),
        "exp": int((NOW + HOUR).timestamp()),
    }


def key(secret: int = 0) -> OctKey:
    return OctKey.import_key(KEYRING.keys("token")[secret])


def signed(claims: Claims, header: Claims | None = None, by: OctKey | None = None) -> str:
    return jwt.encode({"alg": "HS256", **(header or {})}, claims, by or key())


def raw(header: object, payload: object, signature: bytes = b"") -> str:
    parts = (json.dumps(header).encode(), json.dumps(payload).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def test_what_is_signed_is_read_back() -> None:
    claims = read_token(KEYRING, sign_token(KEYRING, USER, TENANT, NOW, HOUR), NOW)
    assert (claims.user_id, claims.tenant_id, claims.expires_at) == (USER, TENANT, NOW + HOUR)


def test_two_tokens_are_never_the_same() -> None:
    assert len({sign_token(KEYRING, USER, TENANT, NOW, HOUR) for _ in range(50)}) == 50


def test_a_token_of_the_secret_before_is_still_read() -> None:
    before = Keyring(["the old secret"])
    assert read_token(KEYRING, sign_token(before, USER, TENANT, NOW, HOUR), NOW).user_id == USER


def test_a_token_says_nothing_of_permissions() -> None:
    payload = sign_token(KEYRING, USER, TENANT, NOW, HOUR).split(".")[1]
    assert set(json.loads(base64.urlsafe_b64decode(payload + "=="))) == {
        "iss",
        "aud",
        "sub",
        "tid",
        "jti",
        "cred",
        "spc",
        "iat",
        "exp",
    }


@pytest.mark.parametrize("life", [timedelta(0), -HOUR, timedelta(days=31)])
def test_a_life_out_of_range_is_not_signed(life: timedelta) -> None:
    with pytest.raises(ValueError, match="30 days"):
        sign_token(KEYRING, USER, TENANT, NOW, life)


def test_a_token_is_read_until_five_seconds_after_its_end_and_not_later() -> None:
    token = sign_token(KEYRING, USER, TENANT, NOW, HOUR)
    read_token(KEYRING, token, NOW + HOUR + timedelta(seconds=4))
    with pytest.raises(BadToken, match="expired") as refused:
        read_token(KEYRING, token, NOW + HOUR + timedelta(seconds=5))
    assert refused.value.reason == "expired"


def test_a_token_issued_in_the_future_is_refused() -> None:
    token = sign_token(KEYRING, USER, TENANT, NOW + timedelta(seconds=6), HOUR)
    with pytest.raises(BadToken):
        read_token(KEYRING, token, NOW)


def tampered(token: str) -> str:
    header, _, signature = token.split(".")
    return ".".join((header, raw({}, {**good(), "sub": "usr_" + "0" * 32}).split(".")[1], signature))


FORGED: dict[str, Callable[[], str]] = {
    "of algorithm none": lambda: raw({"alg": "none"}, good()),
    "of algorithm None, spelt otherwise": lambda: raw({"alg": "nOnE"}, good()),
    "of another HMAC": lambda: jwt.encode({"alg": "HS512"}, good(), key(), algorithms=["HS512"]),
    "of RSA": lambda: jwt.encode({"alg": "RS256"}, good(), RSAKey.generate_key(2048)),
    "signed with a key of its own": lambda: signed(good(), by=OctKey.import_key(b"x" * 32)),
    "signed with a key of another purpose": lambda: signed(good(), by=OctKey.import_key(KEYRING.keys("cursor")[0])),
    "signed with the secret itself": lambda: signed(good(), by=OctKey.import_key(b"the new secret")),
    "with its key inside": lambda: signed(good(), {"jwk": {"kty": "oct", "k": "eHg"}}, OctKey.import_key(b"x" * 32)),
    "with an unknown crit": lambda: raw({"alg": "HS256", "crit": ["exotic"], "exotic": 1}, good(), b"x"),
    "with an unencoded payload": lambda: raw({"alg": "HS256", "b64": False, "crit": ["b64"]}, good(), b"x"),
    "without a signature": lambda: signed(good()).rpartition(".")[0] + ".",
    "with a changed payload": lambda: tampered(signed(good())),
    "with a list as payload": lambda: jws.serialize_compact({"alg": "HS256"}, b"[]", key()),
    "with a payload that is no JSON": lambda: jws.serialize_compact({"alg": "HS256"}, b"{", key()),
    "with a deeply nested header": lambda: raw([], {}).replace("W10", base64.b64encode(b"[" * 4_000).decode()),
    "in JSON serialisation": lambda: json.dumps({"payload": "e30", "signatures": []}),
    "encrypted": lambda: ".".join("abcde"),
    "huge": lambda: signed({**good(), "pad": "x" * 8_000}),
    "empty": lambda: "",
    "of dots": lambda: "..",
    "of no ASCII": lambda: "é.é.é",
    "of garbage": lambda: "not a token",
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
def test_a_forged_token_is_refused_without_a_word_on_why(forge: Callable[[], str]) -> None:
    with pytest.raises(BadToken) as refused:
        read_token(KEYRING, forge(), NOW)
    assert refused.value.message == "The token is not valid, or no longer."


CLAIMS: dict[str, Claims] = {
    "another issuer": {"iss": "elsewhere"},
    "another audience": {"aud": "elsewhere"},
    "several audiences, none of them ours": {"aud": ["a", "b"]},
    "no issuer": {"iss": None},
    "no audience": {"aud": None},
    "no subject": {"sub": None},
    "no tenant": {"tid": None},
    "no end": {"exp": None},
    "no time of issue": {"iat": None},
    "no id": {"jti": None},
    "an end that is text": {"exp": "tomorrow"},
    "an end beyond all time": {"exp": 10**30},
    "an end that is no number": {"exp": True},
    "a tenant for a subject": {"sub": f"ten_{TENANT}"},
    "a bare id": {"sub": USER},
    "a subject that is a list": {"sub": [f"usr_{USER}"]},
    "an id with a NUL": {"tid": "ten_" + "0" * 31 + "\0"},
    "a beginning in the future": {"nbf": int((NOW + HOUR).timestamp())},
}


@pytest.mark.parametrize("wrong", CLAIMS.values(), ids=CLAIMS.keys())
def test_a_well_signed_token_with_wrong_claims_is_refused(wrong: Claims) -> None:
    claims = {name: value for name, value in {**good(), **wrong}.items() if value is not None}
    with pytest.raises(BadToken):
        read_token(KEYRING, signed(claims), NOW)


def test_the_good_claims_of_these_tests_are_good() -> None:
    assert read_token(KEYRING, signed(good()), NOW).user_id == USER
