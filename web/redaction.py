"""Takes secrets out of what is about to be shown or written. Pure text in, pure text out."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

MASK = "***"
_NAMES = re.compile(
    r"passw(or)?d|passphrase|secret|token(?!s?_?(count|limit))|authori[sz]ation|cookie|api[_-]?key|credential|dsn$|^bearer$|^session(_id)?$",
    re.IGNORECASE,
)
# scheme://user:password@host: the password ends at the last @ before a slash, a blank or a quote.
_URL_PASSWORD = re.compile(r"(?P<head>\b[a-z][a-z0-9+.-]*://[^\s:/@'\"]*:)[^\s/'\"]+(?=@)", re.IGNORECASE)
_URL_QUERY = re.compile(
    r"(?P<head>[?&](?:password|token|streamToken|access_token|secret|code|key|state)=)[^&\s'\"#]+", re.IGNORECASE
)
_KEY = re.compile(r"(?P<head>tgk_[0-9a-z]{12})[0-9a-z]{20,}")
_SCHEME = re.compile(r"(?P<head>\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)


@lru_cache(maxsize=1_000)
def is_secret_name(name: str) -> bool:
    """Whether a key of this name holds a secret as a rule: ``password``, ``X-Api-Key``, ``Set-Cookie`` …"""
    return _NAMES.search(name) is not None


def mask_text(text: str) -> str:
    """The text with ``***`` for passwords in URLs, secret query parameters, API keys and bearer tokens."""
    if "tgk_" in text:
        text = _KEY.sub(rf"\g<head>{MASK}", text)
    if "://" in text:
        text = _URL_PASSWORD.sub(rf"\g<head>{MASK}", text)
    if "=" in text:
        text = _URL_QUERY.sub(rf"\g<head>{MASK}", text)
    # Without a blank there is no scheme before a credential: true of ids, paths and methods.
    return _SCHEME.sub(rf"\g<head>{MASK}", text) if len(text.split(None, 1)) > 1 else text


def redact(value: object, depth: int = 6) -> object:
    """A copy of ``value`` without secrets, by key and inside text; what lies deeper than ``depth`` becomes ``…``."""
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, bytes | bytearray):
        return f"<{len(value)} bytes>"
    if not isinstance(value, Mapping | Sequence | set | frozenset):
        return value
    if depth == 0:
        return "…"
    if isinstance(value, Mapping):
        return {key: redact_entry(str(key), entry, depth - 1) for key, entry in value.items()}
    return [redact(entry, depth - 1) for entry in value]


def redact_entry(name: str, value: object, depth: int = 6) -> object:
    """The value of a key without secrets: masked whole when the name says secret."""
    if value is None or isinstance(value, bool):
        return value
    if type(value) is str and not is_secret_name(name):  # nearly all that is logged
        return mask_text(value)
    return MASK if is_secret_name(name) else redact(value, depth)
