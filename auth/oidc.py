"""Signing in at an OpenID provider: authorization code with PKCE (RFC 9700), from the first redirect to the claims.

Theory of operation
- What must come back unchanged (state, nonce, code verifier, provider, where to go after) travels in a cookie of the
  browser that began, encrypted and authenticated under a key of ours. So a callback counts only in that browser, only
  within ``FLOW_LIFE``, and nothing is stored for people who never come back.
- A callback is compared with what it must be before the provider is asked anything: state, issuer (RFC 9207: with
  several providers one could pass off another's answer as its own), error.
- The provider's addresses come from its discovery document, whose issuer must be the configured one.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from auth.discovery import Discovery
from auth.errors import BadToken, ProviderFailed
from auth.id_tokens import read_id_token, read_logout_token
from auth.key_sets import KeySets
from auth.keyring import Keyring
from auth.outside import Outside
from auth.providers import CALLBACK_PATH, Provider, is_safe_address
from auth.signatures import Claims

FLOW_LIFE = timedelta(minutes=10)
_ASKED_AGAIN = {"prompt": "login", "max_age": "0"}
"""OpenID Connect Core, 3.1.2.1: with it the answer has to say when it asked (``auth_time``)."""
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_SEALED = {"alg": "dir", "enc": "A256GCM"}
_ENCRYPTIONS = ["dir", "A256GCM"]


@dataclass(frozen=True, slots=True)
class Flow:
    """A sign-in under way; it lives in the browser's cookie."""

    provider: str
    state: str
    nonce: str
    verifier: str
    next_path: str
    until: float


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send the browser, and what to keep in it meanwhile."""

    address: str
    state: str
    sealed: str


class Oidc:
    """The configured providers. ``public_url`` is our own address as browsers see it: a Host header may lie."""

    def __init__(self, providers: Sequence[Provider], public_url: str, keyring: Keyring, outside: Outside) -> None:
        self.providers: Mapping[str, Provider] = {provider.name: provider for provider in providers}
        self._public_url = public_url.rstrip("/")
        self._keyring = keyring
        self._outside = outside
        self._keys = KeySets(outside)
        self._discovery = Discovery(outside, _ENDPOINTS)

    async def start(self, provider: Provider, next_path: str, now: datetime, *, again: bool = False) -> Begun:
        """A new sign-in; ``again``: one for which the provider asks the person, signed in there or not. Raises
        ProviderFailed.
        """
        document = await self._discover(provider)
        flow = Flow(
            provider.name,
            secrets.token_urlsafe(32),
            secrets.token_urlsafe(32),
            secrets.token_urlsafe(48),
            next_path,
            (now + FLOW_LIFE).timestamp(),
        )
        query = {
            "response_type": "code",
            "client_id": provider.client_id,
            "redirect_uri": self._redirect_uri(provider),
            "scope": " ".join(provider.scopes),
            "state": flow.state,
            "nonce": flow.nonce,
            "code_challenge": _challenge(flow.verifier),
            "code_challenge_method": "S256",
            **(_ASKED_AGAIN if again else {}),
        }
        return Begun(_with_query(document["authorization_endpoint"], query), flow.state, self._seal(flow))

    async def finish(
        self, provider: Provider, sealed: str | None, answer: Mapping[str, str], now: datetime
    ) -> tuple[Claims, Flow]:
        """Who came back, and the flow that began it. Raises BadToken, ProviderFailed."""
        flow = self._open(sealed, now)
        state = answer.get("state", "")
        if flow.provider != provider.name or not hmac.compare_digest(state.encode(), flow.state.encode()):
            raise BadToken("state", "This sign-in was begun elsewhere, or too long ago. Try again.")
        document = await self._discover(provider)
        issuer = answer.get("iss")
        if issuer != provider.issuer and (
            issuer is not None or document.get("authorization_response_iss_parameter_supported") is True
        ):
            raise BadToken("issuer of the answer")
        if "error" in answer or not answer.get("code"):
            raise BadToken("refused by the provider", "The provider did not sign you in.")
        tokens = await self._outside.exchange(
            provider,
            document["token_endpoint"],
            code=answer["code"],
            verifier=flow.verifier,
            redirect_uri=self._redirect_uri(provider),
        )
        access = tokens.get("access_token")
        claims = await read_id_token(
            self._keys,
            provider,
            document["jwks_uri"],
            tokens.get("id_token"),
            nonce=flow.nonce,
            access_token=access if isinstance(access, str) else None,
            now=now,
        )
        return claims, flow

    async def read_logout(self, provider: Provider, token: str, now: datetime) -> Claims:
        """Whom the provider signs out here. Raises BadToken, ProviderFailed."""
        document = await self._discover(provider)
        return await read_logout_token(self._keys, provider, document["jwks_uri"], token, now)

    async def logout_address(self, provider: Provider, back_to: str) -> str | None:
        """Where to end the provider's own session too (RP-Initiated Logout); None where it has no such place."""
        try:
            endpoint = (await self._discover(provider)).get("end_session_endpoint")
        except ProviderFailed:
            return None  # the session here has ended all the same
        if not isinstance(endpoint, str) or not is_safe_address(endpoint):
            return None
        query = {"client_id": provider.client_id, "post_logout_redirect_uri": self._public_url + back_to}
        return _with_query(endpoint, query)

    async def _discover(self, provider: Provider) -> dict[str, Any]:  # Any: JSON
        """Raises ProviderFailed."""
        return await self._discovery.document(provider.issuer)

    def _redirect_uri(self, provider: Provider) -> str:
        return f"{self._public_url}{CALLBACK_PATH}{provider.name}"

    def _seal(self, flow: Flow) -> str:
        return jwe.encrypt_compact(_SEALED, json.dumps(asdict(flow)), self._key(0), algorithms=_ENCRYPTIONS)

    def _open(self, sealed: str | None, now: datetime) -> Flow:
        refusal = BadToken("flow", "This sign-in was begun elsewhere, or too long ago. Try again.")
        for index in range(len(self._keyring.keys("oidc flow")) if sealed else 0):
            try:
                opened = jwe.decrypt_compact(sealed or "", self._key(index), algorithms=_ENCRYPTIONS)
                flow = Flow(**json.loads(opened.plaintext or b""))
            except (JoseError, ValueError, TypeError, KeyError):
                continue
            if now.timestamp() >= flow.until:
                raise refusal
            return flow
        raise refusal

    def _key(self, index: int) -> OctKey:
        return OctKey.import_key(self._keyring.keys("oidc flow")[index])


def _challenge(verifier: str) -> str:
    """RFC 7636, 4.2: S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _with_query(address: str, query: Mapping[str, str]) -> str:
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(query)}"
