"""The built page and its assets, read from the package on first use and kept in memory (1.5 MB in all)."""

import gzip
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOM = Path(__file__).resolve().parent

_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the bundle. `compressed` is a gzip member; `digest` is the SHA-256 of the plain bytes, in hex."""

    name: str
    media_type: str
    digest: str
    compressed: bytes

    def plain(self) -> bytes:
        """The bytes for the rare client that takes no gzip; inflated anew each time, which costs a few milliseconds."""
        return gzip.decompress(self.compressed)


@dataclass(frozen=True, slots=True)
class Page:
    """The HTML document that loads the bundle, with the SHA-256 of its bytes in hex."""

    body: bytes
    digest: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the build wrote: digests in hex of its sources, of the page and of every asset, by name."""

    sources: dict[str, str]
    page: str
    assets: dict[str, str]


@cache
def manifest() -> Manifest:
    """Reads manifest.json; raises OSError or ValueError when the package was built without it."""
    return Manifest(**json.loads((ROOM / "manifest.json").read_bytes()))


@cache
def page() -> Page:
    return Page(body=(ROOM / "index.html").read_bytes(), digest=manifest().page)


def asset(name: str) -> Asset | None:
    """The asset of this name, or None. Only names that the manifest lists reach the file system."""
    return _asset(name) if name in manifest().assets else None


@cache
def _asset(name: str) -> Asset:
    return Asset(
        name=name,
        media_type=_MEDIA_TYPES[Path(name).suffix],
        digest=manifest().assets[name],
        compressed=(ROOM / "assets" / f"{name}.gz").read_bytes(),
    )
