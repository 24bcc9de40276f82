"""The five rooms have general names: a package installed beside them could take one's place without a word."""

from importlib.util import find_spec
from pathlib import Path

ROOMS = ("auth", "db", "resolvers", "schema", "web")


def stray_rooms(root: Path | None = None) -> dict[str, str]:
    """The rooms that Python would import from elsewhere than beside this one, and from where. None should be."""
    root = root or Path(__file__).resolve().parents[1]
    found = {room: _folder_of(room) for room in ROOMS}
    return {room: str(folder or "nowhere") for room, folder in found.items() if folder != root / room}


def _folder_of(room: str) -> Path | None:
    spec = find_spec(room)
    return Path(spec.origin).resolve().parent if spec is not None and spec.origin is not None else None
