"""Other people's public keys (JWKS, RFC 7517): fetched once for all who wait, kept for minutes, fetched again when a
signature names a key that is not there, so that a rotation is followed at once.
"""

from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from auth.errors import BadToken, ProviderFailed
from auth.outside import Outside
from auth.published import Published

PublicKey = RSAKey | ECKey | OKPKey
FRESH_SECONDS = 600.0
MOST_KEYS = 50
SHORTEST_RSA = 2048


class KeySets:
    """The key sets by address."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._sets = Published(self._fetch, FRESH_SECONDS)

    async def key(self, url: str, key_id: str | None) -> PublicKey:
        """The key of that id; without an id, the only key there is. Raises BadToken, ProviderFailed."""
        found = _find(await self._sets.get(url), key_id) or _find(await self._sets.look_again(url), key_id)
        if found is None:
            raise BadToken("unknown key")
        return found

    async def _fetch(self, url: str) -> dict[str, PublicKey]:
        return _usable(await self._outside.json(url))


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
