"""Requests of other instances, signed by HTTP Message Signatures (RFC 9421): one more credential.

Theory of operation
- The signature must cover the method, the whole address as browsers see it, the body's digest, the subject, and the
  tenant where one is named. So nothing of the request can be changed, and it is good at no other instance.
- A key is good for one algorithm; ``alg`` in a signature can only agree with it.
- A signature is good for 60 seconds at most, by clocks that may differ by 30, and once: its nonce is used up in the
  database, by a statement that is durable when it answers. That comes last, so that only peers can fill the store.
- The subject is the peer's word for somebody. Who that is here says the configuration, and what a member of ours may
  do says our directory, as for every other credential.
- Every refusal is told alike. Its reason, the peer and the subject are for the log.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import http_sf
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    MappingKeyResolver,
    VerifyResult,
    algorithms,
)

from auth.authenticate import Authenticator
from auth.claims import Claim
from auth.errors import AuthError, BadSignature
from auth.peers import Peer
from auth.principal import Principal
from auth.tokens import TokenClaims
from db.directory import Directory

TAG = "tidegate"
"""What a signature is meant for: others that a proxy may add are none of ours."""
SUBJECT, TENANT = "x-tidegate-subject", "x-tenant"
LIFE, SKEW = timedelta(seconds=60), timedelta(seconds=30)
KEPT = LIFE + 2 * SKEW + timedelta(seconds=10)
"""A nonce: from a clock that is ahead to the end by one that is behind, and a little."""
SHORTEST_NONCE, LONGEST_NONCE = 16, 128
_COVERED = ("@method", "@target-uri", "content-digest", SUBJECT)
_ALGORITHMS: dict[str, type[HTTPSignatureAlgorithm]] = {
    each.algorithm_id: each for each in (algorithms.ED25519, algorithms.ECDSA_P256_SHA256, algorithms.RSA_PSS_SHA512)
}


class Headers(Protocol):
    """Every field line of a request, in order."""

    def items(self) -> Iterable[tuple[str, str]]: ...


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What a signature may cover. ``url`` is absolute: the path and query of the request behind our own address."""

    method: str
    url: str
    headers: Headers


class _Verifier(HTTPMessageVerifier):
    max_clock_skew = SKEW


@dataclass(frozen=True, slots=True)
class _Known:
    """A peer's key, ready to verify."""

    peer: Peer
    verifier: _Verifier


class Federation:
    """One a process. Without peers every signed request is refused."""

    def __init__(self, peers: Sequence[Peer], directory: Directory, authenticator: Authenticator) -> None:
        self._known = {each.key_id: _Known(each, _verifier_of(each)) for each in peers if each.enabled}
        self._directory = directory
        self._authenticator = authenticator

    async def admit(self, request: SignedRequest, body: bytes, address: str | None) -> Principal:
        """The member whom the request is for, at the address where it comes from. Raises BadSignature, and what the
        directory raises.
        """
        fields = _fields(request)
        key_id = _key_id(fields.get("signature-input", ""))
        known = None if key_id is None else self._known.get(key_id)
        try:
            if known is None:
                raise BadSignature("unsigned" if key_id is None else "unknown key")
            claims = await self._claims(known, request, fields, body)
            (standing,) = await self._authenticator.judge([Claim(claims, None, None, address=address)])
            if isinstance(standing, AuthError):
                raise BadSignature(f"the subject's member: {standing.reason or standing.code}", claims.tenant_id)
            return replace(standing.principal, key_name=known.peer.name, by_peer=True)
        except BadSignature as error:
            error.peer = None if known is None else known.peer.name
            error.key_id, error.subject = key_id, fields.get(SUBJECT)
            raise

    async def _claims(self, known: _Known, request: SignedRequest, fields: dict[str, str], body: bytes) -> TokenClaims:
        """Whom a request that is well signed speaks for; its nonce is used up. Raises BadSignature."""
        result, peer = _verified(known.verifier, request, fields, body), known.peer
        nonce, ends_at = _checked(result)
        if fields.get(TENANT, peer.tenant) != peer.tenant:
            raise BadSignature("another tenant")
        email = peer.subjects.get(result.covered_components[f'"{SUBJECT}"'])
        if email is None:
            raise BadSignature("subject not mapped")
        now = self._authenticator.clock()
        row = await self._directory.peers.admit(
            peer.name, hashlib.sha256(nonce.encode()).digest(), now + KEPT, email=email.lower(), slug=peer.tenant
        )
        if not row["fresh"]:
            raise BadSignature("replayed", row["tenant_id"])
        if row["user_id"] is None or row["tenant_id"] is None:
            raise BadSignature("the subject's member is gone", row["tenant_id"])
        return TokenClaims(row["user_id"], row["tenant_id"], nonce, None, ends_at, bound=True)


def _verifier_of(peer: Peer) -> _Verifier:
    keys = MappingKeyResolver(public_keys={peer.key_id: peer.key()}, private_keys={})
    return _Verifier(signature_algorithm=_ALGORITHMS[peer.algorithm], key_resolver=keys)


def _fields(request: SignedRequest) -> dict[str, str]:
    """Field values by lower-case name; several of one name are joined by commas (RFC 9110, 5.3)."""
    found: dict[str, str] = {}
    for name, value in request.headers.items():
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


def _key_id(signature_input: str) -> str | None:
    """The key of the signature that is meant for us, as far as it says; None for none."""
    try:
        parsed: Any = http_sf.parse(signature_input.encode(), tltype="dictionary")  # Any: items or lists
        meant = [params for _, params in parsed.values() if params.get("tag") == TAG]
    except (ValueError, TypeError, RecursionError):
        return None
    named = meant[0].get("keyid") if len(meant) == 1 else None
    return named if isinstance(named, str) else None


def _verified(verifier: _Verifier, request: SignedRequest, fields: dict[str, str], body: bytes) -> VerifyResult:
    covered = (*_COVERED, TENANT) if TENANT in fields else _COVERED
    try:
        (result,) = verifier.verify(request, max_age=LIFE, expect_tag=TAG, require_components=covered, body=body)
    except (HTTPMessageSignaturesException, ValueError) as error:
        raise BadSignature(str(error) or "wrong signature") from None
    return result


def _checked(result: VerifyResult) -> tuple[str, datetime]:
    """The nonce, and when the signature is over by every clock. Raises BadSignature."""
    nonce, created, expires = result.nonce, result.parameters.get("created"), result.parameters.get("expires")
    if nonce is None or not SHORTEST_NONCE <= len(nonce) <= LONGEST_NONCE:
        raise BadSignature("nonce")
    if not isinstance(created, int):
        raise BadSignature("created")
    if expires is not None and not (isinstance(expires, int) and 0 < expires - created <= LIFE.total_seconds()):
        raise BadSignature("life")
    return nonce, datetime.fromtimestamp(created, UTC) + LIFE + SKEW
