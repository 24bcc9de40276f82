"""Keys, derived from the deployment's secrets: one per secret and purpose, so that no key serves two purposes."""

from collections.abc import Sequence

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32


class Keyring:
    """The secrets, newest first: the first signs, all verify. It never shows them."""

    __slots__ = ("_keys", "_secrets")

    def __init__(self, secrets: Sequence[str]) -> None:
        """Raises ValueError without a secret, or with an empty one."""
        if not secrets or not all(secrets):
            raise ValueError("a keyring needs at least one secret, and none may be empty")
        self._secrets = tuple(secret.encode() for secret in secrets)
        self._keys: dict[str, tuple[bytes, ...]] = {}

    def keys(self, purpose: str) -> tuple[bytes, ...]:
        """32 bytes for each secret, by HKDF-SHA256 (RFC 5869). ``purpose`` is a name in the code, never input."""
        found = self._keys.get(purpose)
        if found is None:
            found = self._keys[purpose] = tuple(_derive(secret, purpose) for secret in self._secrets)
        return found

    def __repr__(self) -> str:
        return f"Keyring({len(self._secrets)} secrets)"


def _derive(secret: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"tidegate:{purpose}".encode()).derive(secret)
