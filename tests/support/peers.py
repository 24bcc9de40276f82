"""Another instance: its key, and requests that it signs as any client of RFC 9421 would."""

import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import HTTPMessageSigner, HTTPSignatureAlgorithm, HTTPSignatureKeyResolver, algorithms

from auth.federation import TAG
from auth.peers import Peer

HOME = "https://tides.example"
"""Where browsers find the instance that is asked."""
COVERED = ("@method", "@target-uri", "content-digest", "x-tidegate-subject")


def pem_of(key: Any) -> str:  # Any: a private key
    """Its public half."""
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    text: bytes = key.public_key().public_bytes(serialization.Encoding.PEM, kind)
    return text.decode()


def secret_pem_of(key: Ed25519PrivateKey) -> bytes:
    """All of it, as its owner keeps it."""
    kind, bare = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, kind, bare)


def peer_of(key: Any, name: str = "north", **changes: Any) -> Peer:  # Any: a private key, values of settings
    """What a configuration says of the other instance."""
    subjects = {"ann": "viewer@acme.example", "bo": "admin@acme.example", "gone": "nobody@acme.example"}
    given = {"name": name, "key_id": f"{name}-1", "public_key": pem_of(key), "tenant": "acme", "subjects": subjects}
    return Peer(**{**given, **changes})


class _OneKey(HTTPSignatureKeyResolver):
    def __init__(self, key: Any) -> None:  # Any: a private key, or a secret
        self._key = key

    def resolve_private_key(self, key_id: str) -> Any:  # Any: as above
        return self._key


@dataclass(frozen=True)
class Letter:
    """A request about to be signed; ``changed`` is another one."""

    key: Any  # Any: a private key, or a secret
    document: str
    subject: str = "ann"
    key_id: str = "north-1"
    url: str = f"{HOME}/graphql"
    method: str = "POST"
    covered: tuple[str, ...] = COVERED
    algorithm: type[HTTPSignatureAlgorithm] = algorithms.ED25519
    age: float = 0
    """Seconds since it was made, by the signer's clock."""
    life: float | None = None
    nonce: str | None = ""
    """The empty text: one of its own."""
    tag: str | None = TAG
    headers: dict[str, str] = field(default_factory=dict)

    def changed(self, **changes: Any) -> "Letter":  # Any: one value per field
        return replace(self, **changes)


@dataclass
class Envelope:
    """A request as it is sent."""

    method: str
    url: str
    body: bytes
    headers: dict[str, str]


def seal(letter: Letter) -> Envelope:
    """Sign it."""
    body = orjson.dumps({"query": letter.document})
    headers = {"Content-Type": "application/json", "Accept": "application/json", "X-Tidegate-Subject": letter.subject}
    envelope = Envelope(letter.method, letter.url, body, {**headers, **letter.headers})
    created = datetime.now(UTC) - timedelta(seconds=letter.age)
    HTTPMessageSigner(signature_algorithm=letter.algorithm, key_resolver=_OneKey(letter.key)).sign(
        envelope,
        key_id=letter.key_id,
        created=created,
        expires=None if letter.life is None else created + timedelta(seconds=letter.life),
        nonce=secrets.token_urlsafe(24) if letter.nonce == "" else letter.nonce,
        label="sig1",
        tag=letter.tag,
        covered_component_ids=letter.covered,
        body=body if "content-digest" in letter.covered else None,
    )
    return envelope


def new_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()
