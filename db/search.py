"""Words: how a text is folded, cut and found.

Search is by prefix of words. The words of a noun stand in its terms table, folded here by the same function that
folds the query, so that "Éloïse" is found by "eloi". No trigram or text-search index is usable under row-level
security (their operators are not leakproof); ``term >= a AND term < b`` on collation "C" is.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

MAX_TERM = 32
MAX_QUERY_WORDS = 6
_LAST = "\U0010ffff"
_WORD = re.compile(r"[^\W_]+")

# The field that a term comes from; a gated field's terms are matched only for callers who may read it.
ORDER_TEXT = 0
CUSTOMER_NAME, CUSTOMER_EMAIL = 0, 1
PRODUCT_TEXT = 0
ANNOUNCEMENT_TEXT = 0


def fold(text: str) -> str:
    """Without accents and case: the key that names are sorted by."""
    # Case last: to take a sign apart may bring capitals to light ("№" is "No").
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def with_name_key(columns: Mapping[str, Any]) -> Mapping[str, Any]:  # Any: one value per column
    """The columns, and the key that a name among them is sorted by."""
    return {**columns, "name_key": fold(columns["name"])} if "name" in columns else columns


def words_of(*texts: str | None) -> set[str]:
    """The distinct folded words, each cut to ``MAX_TERM`` characters."""
    return {word[:MAX_TERM] for text in texts if text for word in _WORD.findall(fold(text))}


def query_words(search: str) -> list[str]:
    """The words a query asks for, longest first (the most selective leads), at most ``MAX_QUERY_WORDS``."""
    return sorted(words_of(search), key=lambda word: (-len(word), word))[:MAX_QUERY_WORDS]


def after_prefix(prefix: str) -> str:
    """The least text greater than every text that begins with ``prefix`` (code point order); for a prefix that
    nothing follows, a text that none in use comes near.
    """
    kept = prefix.rstrip(_LAST)
    if not kept:
        return _LAST * (len(prefix) + 64)
    last = ord(kept[-1]) + 1
    return kept[:-1] + chr(0xE000 if 0xD800 <= last < 0xE000 else last)
