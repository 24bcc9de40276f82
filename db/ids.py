"""Identifiers: UUIDv7 inside, readable prefixed text outside.

Inside the house an id is the 32 lowercase hex digits of its UUID (the driver is told so in ``db/engine.py``); outside
it is ``ord_<hex>``. Time-ordered ids keep inserts at the right edge of their indexes.
"""

import re

from uuid_utils import uuid7

PREFIXES = {
    "order": "ord",
    "customer": "cus",
    "product": "prd",
    "announcement": "ann",
    "user": "usr",
    "tenant": "ten",
    "stream": "str",
    "session": "ses",
    "invitation": "inv",
}
_HEX = re.compile(r"[0-9a-f]{32}")


class BadId(ValueError):
    """The text is not an id of the kind that is asked for."""


def new_id() -> str:
    """A fresh UUIDv7 as 32 hex digits."""
    return uuid7().hex


def public_id(prefix: str, hex_id: str) -> str:
    return f"{prefix}_{hex_id}"


def hex_of(public: str, prefix: str) -> str:
    """The hex digits behind a public id; ``BadId`` unless it is ``<prefix>_`` and 32 lowercase hex digits."""
    if public.startswith(prefix + "_") and _HEX.fullmatch(public, len(prefix) + 1):
        return public[len(prefix) + 1 :]
    raise BadId(f"The id is not of the form {prefix}_….")


def prefix_of(public: str) -> str:
    """The prefix of any well-formed public id; ``BadId`` otherwise."""
    prefix, _, rest = public.partition("_")
    if _HEX.fullmatch(rest):
        return prefix
    raise BadId("The id is malformed.")
