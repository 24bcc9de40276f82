"""Rows as COPY's text format wants them."""

from collections.abc import Iterable

NULL = r"\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copied(text: str) -> str:
    """Free text for one field."""
    return text.translate(_ESCAPES)


def line(*fields: object) -> str:
    """One row of fields that need no escaping."""
    return "\t".join(map(str, fields))


def batch(lines: Iterable[str]) -> bytes:
    """The bytes of many rows."""
    return ("\n".join(lines) + "\n").encode()
