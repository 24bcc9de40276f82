"""Passwords: hashed and checked with argon2id, in threads, a few at a time.

A check takes tens of milliseconds of processor and 64 MB of memory by design. So it never runs on the event loop, at
most ``AT_ONCE`` run together, and no more than ``WAITING`` stand in line: whoever comes then is told to come again.
"""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from auth.errors import OperatorError, SignInBusy
from auth.password_rules import LONGEST, sane

AT_ONCE = 2
WAITING = 100
T = TypeVar("T")


class Passwords:
    """One a process. Another ``argon2`` has other costs: a hash made with it is checked all the same."""

    def __init__(self, argon2: Argon2Hasher | None = None) -> None:
        self._hasher = PasswordHash((argon2 or Argon2Hasher(time_cost=3, memory_cost=65_536, parallelism=4),))
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="password")
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """A new hash, to be stored. ``auth/password_rules.py`` says which passwords are taken. Raises OperatorError for
        what no password can be, and SignInBusy.
        """
        if not 1 <= len(password) <= LONGEST or sane(password) != password:
            raise OperatorError("password", f"A password has at most {LONGEST} characters, each a real one.")
        return await self._in_thread(lambda: self._hasher.hash(password))

    async def check(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        """Whether it is the password behind ``stored``, and a fresh hash when the stored one is of older parameters.

        Without a stored hash it hashes anyway, so that the answer takes as long as for somebody who exists.
        Raises SignInBusy.
        """
        return await self._in_thread(lambda: self._check(sane(password), stored))

    def _check(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        if stored is None:
            self._hasher.hash(password)
            return False, None
        try:
            return self._hasher.verify_and_update(password, stored)
        except UnknownHashError:
            self._hasher.hash(password)
            return False, None

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._waiting >= WAITING:
            raise SignInBusy("passwords in line")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


def make_password() -> str:
    """A random one to hand to somebody: 96 bits, easy to select and paste."""
    return secrets.token_urlsafe(12)
