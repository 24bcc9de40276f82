"""Addresses of people: the one spelling that they are known by, and none that looks like another's.

Unicode has letters that look alike (UTS 39): ``admin@`` with a Cyrillic a is another address and reads the same. So
a new address has ASCII, and letters that are ASCII letters with accents, or of the short list below; nothing that
changes under NFKC, and no mark that has nothing to sit on. And where it is another's but for accents it is refused.
"""

import unicodedata

from auth.errors import OperatorError
from db.directory import Directory

LONGEST_EMAIL = 254
_LETTERS = frozenset("æœøßþðđł")
"""Latin letters that are no ASCII letter with an accent, and that none is mistaken for."""


def normal_email(text: str) -> str | None:
    """The one spelling that an address is kept and looked up by; None for what cannot be an address."""
    email = unicodedata.normalize("NFC", text.strip()).lower()
    plausible = 3 <= len(email) <= LONGEST_EMAIL and "@" in email[1:-1]
    return email if plausible and email.isprintable() and " " not in email else None


async def new_email(directory: Directory, text: str) -> str:
    """The spelling of an address that is new here. Raises OperatorError, also for one that looks like another's."""
    email = normal_email(text)
    if email is None or email.count("@") != 1:
        raise OperatorError("email", f"{text[:100]!r} is no email address.")
    if not looks_like_itself(email):
        raise OperatorError("look-alike email", f"{email!r} has letters that look like others: write it in plain ones.")
    plain = without_accents(email)
    if plain != email and await directory.user_by_email(plain) is not None:
        raise OperatorError("look-alike email", f"{email!r} looks like the address of another user.")
    return email


def looks_like_itself(email: str) -> bool:
    """Whether every character is what it seems to be."""
    return unicodedata.normalize("NFKC", email) == email and all(
        letter.isascii() or letter in _LETTERS for letter in without_accents(email)
    )


def without_accents(email: str) -> str:
    """The address as somebody reads it who looks over accents."""
    found: list[str] = []
    for letter in unicodedata.normalize("NFD", email):
        if not (unicodedata.combining(letter) and found and found[-1].isalpha()):
            found.append(letter)
    return "".join(found)
