"""Which passwords are taken: long ones that are not among the first that anybody would try.

Length counts, kinds of characters do not (NIST SP 800-63B, 3.1.1.2): what is asked for is refused only when a list of
common passwords, a pattern or the person's own address would find it.
"""

import re
from functools import cache
from importlib.resources import files

from auth.errors import OperatorError

SHORTEST, LONGEST = 12, 1024
"""Characters."""
FEWEST_DIFFERENT = 5
_ENDS = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "1234567890", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm")


def check_new_password(password: str, *about: str) -> None:
    """Raises OperatorError with what is wrong, in words for a person. ``about``: the person's address and name."""
    if not SHORTEST <= len(password) <= LONGEST or sane(password) != password:
        raise OperatorError("password", f"A password has {SHORTEST} to {LONGEST} characters, each a real one.")
    if _is_easy(password.casefold(), about):
        raise OperatorError("password", "This password is easy to guess: take some words that do not belong together.")


def sane(password: str) -> str:
    """Cut, and with a question mark for what is no character (a lone surrogate)."""
    return password[: LONGEST + 1].encode("utf-8", "replace").decode()


def _is_easy(folded: str, about: tuple[str, ...]) -> bool:
    if len(set(folded)) < FEWEST_DIFFERENT or _repeats(folded) or _in_a_row(folded):
        return True
    core = _ENDS.sub("", folded)
    if folded in _common() or core in _common() or _repeats(core):
        return True
    own = {part for text in about for part in re.split(r"[^\w]+", text.casefold()) if len(part) > 3}
    return any(
        text.startswith(part) and len(text) - len(part) < FEWEST_DIFFERENT for text in (folded, core) for part in own
    )


def _repeats(text: str) -> bool:
    """Whether it is something short, again and again."""
    return any(text == (text[:size] * len(text))[: len(text)] for size in range(1, min(8, len(text) // 2) + 1))


def _in_a_row(text: str) -> bool:
    """Whether it is a stretch of the alphabet, the digits or a keyboard, in either direction."""
    return any(text in row * 4 or text[::-1] in row * 4 for row in _ROWS)


@cache
def _common() -> frozenset[str]:
    """Read when the first password is set."""
    lines = files("auth").joinpath("common_passwords.txt").read_text("ascii").splitlines()
    return frozenset(line for line in lines if not line.startswith("# "))
