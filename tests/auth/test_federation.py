"""Signatures as the RFC writes them (RFC 9421, B.2), and as our own page teaches to make them."""

import importlib
import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from http_message_signatures import HTTPMessageVerifier, InvalidSignature, MappingKeyResolver, algorithms
from starlette.datastructures import Headers

from auth.errors import BadSignature
from auth.federation import Federation, SignedRequest
from auth.peers import Peer, PeerAlgorithm
from tests.house.source import ROOT
from tests.support.peers import HOME, new_key, pem_of, secret_pem_of
from tests.support.people import People

ED25519 = "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs="
RSA_PSS = """
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2
+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+
oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq
gDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W
Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4
aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI
2wIDAQAB
"""
SIGNED_REQUESTS: list[tuple[PeerAlgorithm, str, str, str, str]] = [
    (
        "ed25519",
        ED25519,
        "sig-b26",
        '("date" "@method" "@path" "@authority" "content-type" "content-length")',
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==",
    ),
    (
        "rsa-pss-sha512",
        RSA_PSS,
        "sig-b23",
        '("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length")',
        "bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fU"
        "xN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA"
        "1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKE"
        "gM4cUA==",
    ),
]
KEY_IDS = {"ed25519": "test-key-ed25519", "rsa-pss-sha512": "test-key-rsa-pss"}


@dataclass
class Example:
    """The request of B.2."""

    method: str = "POST"
    url: str = "https://example.com/foo?param=Value&Pet=dog"
    headers: dict[str, str] = field(
        default_factory=lambda: {
            "Host": "example.com",
            "Date": "Tue, 20 Apr 2021 02:07:55 GMT",
            "Content-Type": "application/json",
            "Content-Digest": "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwE"
            "mTHWXvJwew==:",
            "Content-Length": "18",
        }
    )


@pytest.mark.parametrize(("algorithm", "key", "label", "covered", "signature"), SIGNED_REQUESTS)
def test_the_rfcs_own_signatures_verify_and_their_tampers_do_not(
    algorithm: PeerAlgorithm, key: str, label: str, covered: str, signature: str
) -> None:
    pem = f"-----BEGIN PUBLIC KEY-----\n{key.strip()}\n-----END PUBLIC KEY-----\n"
    key_id = KEY_IDS[algorithm]
    peer = Peer(name="rfc", key_id=key_id, public_key=pem, algorithm=algorithm, tenant="acme", subjects={})
    verifier = HTTPMessageVerifier(
        signature_algorithm={each.algorithm_id: each for each in (algorithms.ED25519, algorithms.RSA_PSS_SHA512)}[
            algorithm
        ],
        key_resolver=MappingKeyResolver(public_keys={key_id: peer.key()}, private_keys={}),
    )
    request = Example()
    request.headers["Signature-Input"] = f'{label}={covered};created=1618884473;keyid="{key_id}"'
    request.headers["Signature"] = f"{label}=:{signature}:"
    (result,) = verifier.verify(request, max_age=None)
    assert result.parameters["keyid"] == key_id
    with pytest.raises(InvalidSignature):
        verifier.verify(request)  # made in 2021
    for name, value in {"Date": "Tue, 20 Apr 2021 02:07:56 GMT", "Content-Length": "19"}.items():
        tampered = Example(headers={**request.headers, name: value})
        with pytest.raises(InvalidSignature):
            verifier.verify(tampered, max_age=timedelta(weeks=90_000))


async def test_a_request_is_taken_that_is_signed_as_the_docs_teach(
    people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (lesson,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "operations.md").read_text(), re.DOTALL)
    key, slug = new_key(), await people.tenant()
    (tmp_path / "lesson_in_signing.py").write_text(lesson)
    (tmp_path / "north.pem").write_bytes(secret_pem_of(key))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    learnt, email = importlib.import_module("lesson_in_signing"), await people.user(slug)
    given = {
        "key_id": "north-2026",
        "public_key": pem_of(key),
        "tenant": slug,
        "subjects": {"ann@north.example": email},
    }
    federation = Federation([Peer(name="north", **given)], people.directory, people.authenticator)
    request = learnt.Request("POST", f"{HOME}/graphql", {"Content-Type": "application/json"}, b"{}")
    learnt.sign(request, "ann@north.example")
    signed = SignedRequest(request.method, request.url, Headers(request.headers))
    assert (await federation.admit(signed, request.body, None)).email == email
    with pytest.raises(BadSignature):
        await federation.admit(signed, request.body, None)
