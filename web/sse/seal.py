"""What leaves this process for others of the deployment and comes back: signed, so that nobody else speaks for us."""

import hashlib
import hmac
from collections.abc import Sequence

_LENGTH = hashlib.sha256().digest_size * 2


class Seal:
    """The newest key signs, all verify."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = tuple(keys)

    def close(self, text: bytes) -> str:
        """The text, signed. It is readable for everybody."""
        return f"{_sign(self._keys[0], text)}.{text.decode()}"

    def open(self, sealed: str) -> bytes | None:
        """The text that we signed; None for anything else."""
        sign, text = sealed[:_LENGTH], sealed[_LENGTH + 1 :].encode("utf-8", "replace")
        if not sign.isascii() or sealed[_LENGTH : _LENGTH + 1] != ".":
            return None
        return text if any(hmac.compare_digest(_sign(key, text), sign) for key in self._keys) else None


def _sign(key: bytes, text: bytes) -> str:
    return hmac.new(key, text, hashlib.sha256).hexdigest()
