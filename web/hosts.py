"""Under which names the server is asked. A request for another one is refused: somebody may have pointed a name of
theirs at this address, so that a browser takes our answers for theirs (DNS rebinding).
"""

import re
from collections.abc import Iterable

from starlette.types import Scope

ALWAYS_OPEN = frozenset({"/health/live", "/health/ready"})
"""Asked by what stands nearer than the proxies, by whatever name, and telling nothing."""
_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?")
_PORT = re.compile(rb":[0-9]{1,5}\Z")


class Hosts:
    """Made only where the settings name hosts (``web/edge.py``). One that is named without a port is meant at any."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(name.encode() for name in names)

    def refusal(self, scope: Scope) -> int | None:
        """The status that a request gets for its Host: 421 for another's, 400 for none or several; else None."""
        given = [value for name, value in scope["headers"] if name == b"host"]
        if (len(given) == 1 and self._knows(given[0].lower())) or scope["path"] in ALWAYS_OPEN:
            return None
        return 421 if len(given) == 1 else 400

    def _knows(self, host: bytes) -> bool:
        return host in self._names or _PORT.sub(b"", host) in self._names


def plain_host(text: str) -> str:
    """A host's name as it is compared. Raises ValueError."""
    name = text.lower()
    if not _NAME.fullmatch(name):
        raise ValueError("holds one that is no host: write tides.example or tides.example:8443")
    return name
