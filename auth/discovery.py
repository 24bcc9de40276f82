"""What an issuer says of itself (OpenID Connect Discovery 1.0, 4), kept for an hour."""

from collections.abc import Sequence
from time import monotonic
from typing import Any

from auth.errors import ProviderFailed
from auth.outside import Outside
from auth.providers import is_safe_address

FRESH_SECONDS = 3600.0
Document = dict[str, Any]  # Any: JSON


class Discovery:
    """One for those who ask of the same issuers."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._kept: dict[str, tuple[float, Document]] = {}

    async def document(self, issuer: str, addresses: Sequence[str]) -> Document:
        """The document of the issuer that we configured, with these addresses in it. Raises ProviderFailed."""
        kept = self._kept.get(issuer)
        if kept is not None and monotonic() - kept[0] < FRESH_SECONDS:
            return kept[1]
        document = await self._outside.json(issuer.rstrip("/") + "/.well-known/openid-configuration")
        if document.get("issuer") != issuer:
            raise ProviderFailed("issuer of the discovery document")
        for name in addresses:
            if not isinstance(document.get(name), str) or not is_safe_address(document[name]):
                raise ProviderFailed(f"{name} of the discovery document")
        self._kept[issuer] = (monotonic(), document)
        return document
