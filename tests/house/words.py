"""What no file may mention: the workplace it was written in, tickets, and hosts that packages come from."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from tests.house.source import TOP, ours, read

_BUILT = "web/graphiql/assets/"
_BINARY = {".png", ".woff2", ".ttf", ".gz", ".br", ".ico"}

_WORKPLACE = r"\.\./shared|/wor[k]/|/tmp/tr[y]"
_TICKET = r"(?i)\bissues?\s+#?\d+\b|\b(?:fix(?:es)?|closes?|refs?|see)\s+#\d+\b|\(#\d+\)"
_HOSTS = (
    r"pypi\.org|pythonhosted\.org|registry\.npmjs|registry\.yarnpkg|deb\.debian\.org"
    r"|unpkg\.com|jsdelivr\.net|esm\.sh|cdnjs\."
)
_FORBIDDEN = {
    _WORKPLACE: "mentions a workplace; a clone has none of it",
    _TICKET: "mentions a ticket; say what it said instead",
    _HOSTS: "names a host that packages come from; clients know theirs, and pages load nothing from outside",
}


def mentions(source: str, path: PurePosixPath) -> list[str]:
    """Holds for every text file; a built bundle is other people's text."""
    if str(path).startswith(_BUILT):
        return []
    return [
        f"{path}:{number}: {says}"
        for number, line in enumerate(source.splitlines(), start=1)
        for pattern, says in _FORBIDDEN.items()
        if re.search(pattern, line)
    ]


def texts() -> Iterator[tuple[PurePosixPath, str]]:
    """Every text file of ours but this one and its test, which spell out what is forbidden."""
    for path in ours(*TOP):
        if path.suffix not in _BINARY and not str(path).startswith(("tests/house/words", "tests/house/test_words")):
            yield path, read(path)
