"""What the settings say of every request and answer, worked out once: header fields, hosts, origins."""

from dataclasses import dataclass

from web.hosts import Hosts
from web.origins import Origins
from web.refusals import Header
from web.settings import Settings

SECURITY: tuple[Header, ...] = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"same-origin"))
HSTS: Header = (b"strict-transport-security", b"max-age=31536000")
"""For a year. Its subdomains are not ours to speak for."""


@dataclass(frozen=True, slots=True)
class Edge:
    """``fields``: on every answer that has none of the name. None where the settings name no hosts, no origins: then
    nobody looks.
    """

    fields: tuple[Header, ...] = SECURITY
    hosts: Hosts | None = None
    origins: Origins | None = None


def edge_of(settings: Settings) -> Edge:
    """Browsers that reach us by HTTPS are to come by nothing else."""
    by_https = (settings.public_url or "").startswith("https://")
    return Edge(
        fields=(*SECURITY, HSTS) if by_https else SECURITY,
        hosts=Hosts(settings.allowed_hosts) if settings.allowed_hosts else None,
        origins=Origins(settings.allowed_origins) if settings.allowed_origins else None,
    )
