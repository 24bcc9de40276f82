"""A small OpenID provider over HTTP: honest by itself, and a liar where a test asks for it.

It signs with ES256, takes a code once, checks PKCE and the client's password, and signs in whoever ``person`` is
without asking. What it says can be bent: ``claims`` and ``header`` replace or (with None) remove, ``answer`` does the
same to what it sends back to the browser, ``sign`` signs another way altogether.
"""

import asyncio
import base64
import hashlib
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import time
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from auth.providers import JoinRule, Provider
from tests.support.outsiders import served

CLIENT, CLIENT_SECRET = "tidegate-tests", "a-client-password-of-the-tests"
Json = dict[str, Any]  # Any: JSON


@dataclass
class IdentityProvider:
    """The provider's state. ``asked`` counts requests by path."""

    issuer: str
    person: Json = field(default_factory=lambda: {"sub": secrets.token_hex(8)})
    claims: Json = field(default_factory=dict)
    header: Json = field(default_factory=dict)
    answer: Json = field(default_factory=dict)
    discovery: Json = field(default_factory=dict)
    keys: list[ECKey] = field(default_factory=list)
    signing: ECKey | None = None
    sign: Callable[[Json, Json, ECKey], str] | None = None
    down: set[str] = field(default_factory=set)
    """Paths that answer 503, with ``fields``."""
    fields: dict[str, str] = field(default_factory=dict)
    hung: set[str] = field(default_factory=set)
    """Paths that answer when the provider is closed."""
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    asked: dict[str, int] = field(default_factory=dict)
    codes: dict[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rotate()

    def rotate(self) -> None:
        """A new key signs from now on; the old ones are gone."""
        self.signing = ECKey.generate_key("P-256", {"kid": secrets.token_hex(4)})
        self.keys = [self.signing]

    def config(self, *join: JoinRule, name: str = "tide", **changes: Any) -> Provider:  # Any: one value per setting
        """How a deployment of ours is told of this provider."""
        given = {
            "name": name,
            "label": "Tide ID",
            "issuer": self.issuer,
            "client_id": CLIENT,
            "client_secret": CLIENT_SECRET,
            "join": join,
        }
        return Provider(**{**given, **changes})

    def id_token(self, said: Json) -> str:
        """Signed as the provider would, bent as the test wants."""
        claims = _bent(
            {"iss": self.issuer, "aud": CLIENT, "iat": int(time()), "exp": int(time()) + 300, **said}, self.claims
        )
        assert self.signing is not None
        header = _bent({"alg": "ES256", "kid": self.signing.kid}, self.header)
        if self.sign is not None:
            return self.sign(header, claims, self.signing)
        return jwt.encode(header, claims, self.signing, algorithms=["ES256"])

    def routes(self) -> list[Route]:
        return [
            Route("/.well-known/openid-configuration", self._discovery),
            Route("/keys", self._keys),
            Route("/authorize", self._authorize),
            Route("/token", self._token, methods=["POST"]),
        ]

    async def _count(self, request: Request) -> Response | None:
        path = request.url.path
        self.asked[path] = self.asked.get(path, 0) + 1
        if path in self.hung:
            await self.closing.wait()
        return PlainTextResponse("away", 503, self.fields) if path in self.down else None

    async def _discovery(self, request: Request) -> Response:
        away = await self._count(request)
        document = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "end_session_endpoint": f"{self.issuer}/end",
            "authorization_response_iss_parameter_supported": True,
        }
        return away or JSONResponse(_bent(document, self.discovery))

    async def _keys(self, request: Request) -> Response:
        keys: Any = self.keys  # Any: joserfc's own list type
        return await self._count(request) or JSONResponse(KeySet(keys).as_dict(private=False))

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        answer = _bent({"code": code, "state": asked["state"], "iss": self.issuer}, self.answer)
        return await self._count(request) or RedirectResponse(f"{asked['redirect_uri']}?{urlencode(answer)}", 303)

    async def _token(self, request: Request) -> Response:
        if (away := await self._count(request)) is not None:
            return away
        form = {name: str(value) for name, value in (await request.form()).items()}
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None or not _client_is_known(request) or form.get("redirect_uri") != asked["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if challenge.rstrip(b"=").decode() != asked.get("code_challenge"):
            return JSONResponse({"error": "invalid_grant"}, 400)
        access = secrets.token_urlsafe(16)
        half = base64.urlsafe_b64encode(hashlib.sha256(access.encode()).digest()[:16]).rstrip(b"=").decode()
        token = self.id_token({"nonce": asked["nonce"], "at_hash": half, **self.person})
        return JSONResponse({"access_token": access, "token_type": "Bearer", "id_token": token})


@asynccontextmanager
async def open_provider() -> AsyncIterator[IdentityProvider]:
    """A provider on a free port of loopback."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        provider = IdentityProvider(f"http://127.0.0.1:{listener.getsockname()[1]}")
        app = Starlette(routes=provider.routes())
        async with served(app, listener):
            try:
                yield provider
            finally:
                provider.closing.set()


def _bent(honest: Json, bend: Json) -> Json:
    return {name: value for name, value in {**honest, **bend}.items() if value is not None}


def _client_is_known(request: Request) -> bool:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return scheme == "Basic" and base64.b64decode(given).decode() == f"{CLIENT}:{CLIENT_SECRET}"
