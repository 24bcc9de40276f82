"""Other people's public keys (JWKS, RFC 7517): fetched once for all who wait, kept for minutes, fetched again when a
signature names a key that is not there, so that a rotation is followed at once.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from auth.errors import BadToken, ProviderFailed
from auth.outside import Outside

PublicKey = RSAKey | ECKey | OKPKey
FRESH_SECONDS = 600.0
STALE_SECONDS = 86_400.0
"""How long known keys are trusted while the provider cannot be reached."""
AGAIN_SECONDS = 10.0
"""Between two looks for an unknown key: an attacker who invents key ids sends us nowhere more often."""
MOST_KEYS = 50
SHORTEST_RSA = 2048


@dataclass(slots=True)
class _Held:
    keys: dict[str, PublicKey]
    at: float


class KeySets:
    """The key sets by address. ``now`` is seconds of a clock that only goes forward."""

    def __init__(self, outside: Outside, now: Callable[[], float] = monotonic) -> None:
        self._outside = outside
        self._now = now
        self._held: dict[str, _Held] = {}
        self._tried: dict[str, float] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def key(self, url: str, key_id: str | None) -> PublicKey:
        """The key of that id; without an id, the only key there is. Raises BadToken, ProviderFailed."""
        held = self._held.get(url)
        now = self._now()
        if held is None or now - held.at > FRESH_SECONDS:
            held = await self._refresh(url, held)
        found = _find(held.keys, key_id)
        if found is None and now - self._tried.get(url, -AGAIN_SECONDS) >= AGAIN_SECONDS:
            self._tried[url] = now
            found = _find((await self._refresh(url, held)).keys, key_id)
        if found is None:
            raise BadToken("unknown key")
        return found

    async def _refresh(self, url: str, seen: _Held | None) -> _Held:
        """The set as it is now, asked for once however many wait. A provider that is away leaves us what we know."""
        async with self._locks.setdefault(url, asyncio.Lock()):
            held = self._held.get(url)
            if held is not None and held is not seen:
                return held
            now = self._now()
            try:
                fresh = _Held(_usable(await self._outside.json(url)), now)
            except ProviderFailed:
                if held is None or now - held.at > STALE_SECONDS:
                    raise
                return held
            self._held[url] = fresh
            return fresh


def _find(keys: dict[str, PublicKey], key_id: str | None) -> PublicKey | None:
    if key_id is not None:
        return keys.get(key_id)
    return next(iter(keys.values())) if len(keys) == 1 else None


def _usable(document: dict[str, Any]) -> dict[str, PublicKey]:  # Any: JSON
    """The signing keys by id; what is no public key, or too weak, is passed over."""
    found: dict[str, PublicKey] = {}
    keys = document.get("keys")
    if not isinstance(keys, list):
        raise ProviderFailed("no key set")
    for index, data in enumerate(keys[:MOST_KEYS]):
        if not isinstance(data, dict) or data.get("use", "sig") != "sig":
            continue
        try:
            key = JWKRegistry.import_key(data)
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if isinstance(key, RSAKey) and key.public_key.key_size < SHORTEST_RSA:
            continue
        if isinstance(key, (RSAKey, ECKey, OKPKey)):
            found[str(data.get("kid") or f"#{index}")] = key
    return found
