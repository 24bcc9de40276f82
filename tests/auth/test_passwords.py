"""Passwords: hashed, checked, and bounded."""

import asyncio

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher

from auth import passwords as module
from auth.errors import OperatorError, SignInBusy
from auth.passwords import Passwords, make_password
from tests.support.people import CountingHasher


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(CountingHasher())


async def test_the_right_password_is_right_and_another_is_wrong(passwords: Passwords) -> None:
    stored = await passwords.hash("correct horse")
    assert await passwords.check("correct horse", stored) == (True, None)
    assert await passwords.check("correct house", stored) == (False, None)


async def test_a_stored_hash_is_argon2id_and_salted(passwords: Passwords) -> None:
    first, second = await passwords.hash("correct horse"), await passwords.hash("correct horse")
    assert first.startswith("$argon2id$")
    assert first != second
    assert "correct horse" not in first


async def test_the_product_uses_memory_hard_costs() -> None:
    assert "m=65536,t=3,p=4" in await Passwords().hash("correct horse")


async def test_an_unknown_user_costs_as_much_as_a_wrong_password() -> None:
    known, unknown = CountingHasher(), CountingHasher()
    stored = CountingHasher().hash("correct horse")
    await Passwords(known).check("wrong", stored)
    await Passwords(unknown).check("wrong", None)
    assert known.work == unknown.work == 1


async def test_a_hash_of_older_costs_is_made_anew_once_the_password_is_known(passwords: Passwords) -> None:
    old = Argon2Hasher(time_cost=2, memory_cost=32, parallelism=1).hash("correct horse")
    right, fresh = await passwords.check("correct horse", old)
    assert right
    assert fresh is not None
    assert await passwords.check("correct horse", fresh) == (True, None)


@pytest.mark.parametrize("stored", ["", "plain text", "$argon2id$v=19$broken", "$2b$12$bcrypt"])
async def test_a_hash_of_another_kind_matches_no_password(passwords: Passwords, stored: str) -> None:
    right, _ = await passwords.check("plain text", stored)
    assert not right


@pytest.mark.parametrize("password", ["", "x" * 1025, "lone \ud800 surrogate"])
async def test_an_unfit_password_is_not_set(passwords: Passwords, password: str) -> None:
    with pytest.raises(OperatorError, match="at most 1024 characters"):
        await passwords.hash(password)


@pytest.mark.parametrize("password", ["", "\ud800", "\x00", "y" * 1_000_000])
async def test_any_text_can_be_checked(passwords: Passwords, password: str) -> None:
    assert await passwords.check(password, await passwords.hash("correct horse")) == (False, None)


async def test_whoever_comes_when_the_line_is_full_is_told_to_come_again(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAITING", 3)
    answers = await asyncio.gather(*(passwords.check("x", None) for _ in range(5)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [tuple, tuple, tuple, SignInBusy, SignInBusy]
    assert await passwords.check("x", None) == (False, None)


def test_a_made_password_is_long_and_new_each_time() -> None:
    made = {make_password() for _ in range(100)}
    assert len(made) == 100
    assert all(len(password) >= 16 for password in made)
