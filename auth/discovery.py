"""What an issuer says of itself (OpenID Connect Discovery 1.0, 4), kept for an hour, longer while it is away."""

from collections.abc import Sequence
from typing import Any

from auth.errors import ProviderFailed
from auth.outside import Outside
from auth.providers import is_safe_address
from auth.published import Published

FRESH_SECONDS = 3600.0
Document = dict[str, Any]  # Any: JSON


class Discovery:
    """One for those who ask for the same ``addresses``, which have to be in every document."""

    def __init__(self, outside: Outside, addresses: Sequence[str]) -> None:
        self._outside = outside
        self._addresses = addresses
        self._documents = Published(self._fetch, FRESH_SECONDS)

    async def document(self, issuer: str) -> Document:
        """The document of the issuer that we configured. Raises ProviderFailed."""
        return await self._documents.get(issuer)

    async def _fetch(self, issuer: str) -> Document:
        document = await self._outside.json(issuer.rstrip("/") + "/.well-known/openid-configuration")
        if document.get("issuer") != issuer:
            raise ProviderFailed("issuer of the discovery document")
        for name in self._addresses:
            if not isinstance(document.get(name), str) or not is_safe_address(document[name]):
                raise ProviderFailed(f"{name} of the discovery document")
        return document
