"""Outside JSON, read within bounds: it is measured by linear scans before a parser recurses into it.

orjson parses; what it would let pass, or refuse without saying why, is looked for first: nesting, integers that no
column holds, and the two kinds of characters that text in the database cannot carry (NUL and lone surrogates).
"""

import re

import orjson

from web.refusals import Refusal

MAX_NESTING = 64
MAX_DIGITS = 19

_LONG_INTEGER = re.compile(rb"(?<![\d.eE+])(?<![eE]-)\d{%d,}+(?![.eE])" % (MAX_DIGITS + 1))
_LONE_SURROGATE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F]"
)
_DIGITS_ALIKE = bytes(ord("0") if chr(byte).isdigit() and byte < 128 else ord(" ") for byte in range(256))
_LONG_RUN = b"0" * (MAX_DIGITS + 1)
_ONLY_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_DEPTH = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_UNFIT = "Text holds a character that cannot be stored: NUL, or half a surrogate pair."


def load_json(text: bytes, what: str) -> object:
    """The value of a JSON text. ``what`` names it to the client. Raises Refusal: BAD_REQUEST for what is no JSON or
    beyond its bounds, BAD_USER_INPUT for text that cannot be stored.
    """
    # Most texts have too few brackets to nest too deeply, and no long run of digits: they pay for four scans in C.
    if text.count(b"[") + text.count(b"{") > MAX_NESTING or _LONG_RUN in text.translate(_DIGITS_ALIKE):
        _check_structure(text, what)
    if b"\\u" in text:
        _check_escapes(text)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Refusal("BAD_REQUEST", f"{what} is not JSON in UTF-8.") from None


def check_text(text: str) -> str:
    """The same text. Raises Refusal for NUL and lone surrogates (which strict decoding never lets in)."""
    if "\0" in text:
        raise Refusal("BAD_USER_INPUT", _UNFIT)
    return text


def _check_structure(text: bytes, what: str) -> None:
    # Without its escaped quotes a text is cut by every quote: what stands outside strings has even places.
    outside = b'""'.join(text.replace(rb"\\", b"").replace(rb"\"", b"").split(b'"')[::2])
    if _LONG_INTEGER.search(outside):
        raise Refusal("BAD_REQUEST", f"{what} holds an integer of more than {MAX_DIGITS} digits.")
    depth = 0
    for bracket in outside.translate(None, _ONLY_BRACKETS):
        depth += _DEPTH[bracket]
        if depth > MAX_NESTING:
            raise Refusal("BAD_REQUEST", f"{what} is nested more than {MAX_NESTING} deep.")


def _check_escapes(text: bytes) -> None:
    bare = text.replace(rb"\\", b"__") if rb"\\" in text else text
    if rb"\u0000" in bare or _LONE_SURROGATE.search(bare):
        raise Refusal("BAD_USER_INPUT", _UNFIT)
