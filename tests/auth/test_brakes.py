"""The brake on guessing passwords."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from auth.brakes import ACCOUNT, PAIR
from auth.errors import AuthError, TooManyAttempts, WrongPassword
from auth.sessions import Visitor
from auth.sign_in import SignedIn
from tests.support.people import PASSWORD, People

HERE, THERE = "192.0.2.1", "198.51.100.7"


async def _try(people: People, email: str, password: str = "wrong password", address: str = HERE) -> SignedIn:
    return await people.sign_in(email, password, Visitor(address=address))


async def _outcomes(people: People, email: str, count: int, address: str = HERE) -> list[type[AuthError]]:
    """What so many wrong passwords are answered with, one after another."""
    found = []
    for _ in range(count):
        with pytest.raises(AuthError) as refused:
            await _try(people, email, address=address)
        found.append(type(refused.value))
    return found


def _address() -> str:
    """One that no other test uses."""
    return f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"


async def test_five_wrong_passwords_are_free_and_then_the_account_waits(people: People) -> None:
    email, here = await people.user(await people.tenant()), _address()
    free = PAIR[0]
    outcomes = await _outcomes(people, email, free + 3, here)
    assert outcomes == [WrongPassword] * free + [TooManyAttempts] * 3
    with pytest.raises(TooManyAttempts):
        await _try(people, email, PASSWORD, here)  # the right one waits too


async def test_a_wait_is_refused_without_looking_at_the_password(people: People) -> None:
    email, here = await people.user(await people.tenant()), _address()
    await _outcomes(people, email, PAIR[0], here)
    work = people.hasher.work
    await _outcomes(people, email, 3, here)
    assert people.hasher.work == work


async def test_waits_double_and_end(people: People) -> None:
    email, here = await people.user(await people.tenant()), _address()
    await _outcomes(people, email, PAIR[0], here)
    waits = []
    for _ in range(4):
        with pytest.raises(TooManyAttempts) as refused:
            await _try(people, email, address=here)
        waits.append(refused.value.seconds)
        people.clock.advance(seconds=refused.value.seconds)
        assert await _outcomes(people, email, 1, here) == [WrongPassword]
    assert waits == [1, 2, 4, 8]


async def test_the_right_password_after_the_wait_signs_in_and_forgets_the_failures(people: People) -> None:
    email, here = await people.user(await people.tenant()), _address()
    await _outcomes(people, email, PAIR[0], here)
    people.clock.advance(seconds=1)
    await _try(people, email, PASSWORD, here)
    assert await _outcomes(people, email, PAIR[0], here) == [WrongPassword] * PAIR[0]


async def test_failures_are_forgotten_after_an_hour(people: People) -> None:
    email, here = await people.user(await people.tenant()), _address()
    await _outcomes(people, email, PAIR[0], here)
    people.clock.advance(hours=1, seconds=1)
    assert await _outcomes(people, email, PAIR[0], here) == [WrongPassword] * PAIR[0]


async def test_a_stranger_elsewhere_does_not_lock_the_owner_out(people: People) -> None:
    email, strangers, home = await people.user(await people.tenant()), _address(), _address()
    await _outcomes(people, email, PAIR[0] + 5, strangers)
    assert (await _try(people, email, PASSWORD, home)).user["email"] == email


async def test_an_account_guessed_from_everywhere_is_slowed_for_all(people: People) -> None:
    email = await people.user(await people.tenant())
    for _ in range(ACCOUNT[0]):
        await _outcomes(people, email, 1, _address())
    with pytest.raises(TooManyAttempts) as refused:
        await _try(people, email, PASSWORD, _address())
    assert refused.value.seconds <= ACCOUNT[1]


async def test_an_unknown_account_waits_like_a_known_one(people: People) -> None:
    known, unknown = await people.user(await people.tenant()), f"{uuid4().hex}@nobody.example"
    told = []
    for email in (known, unknown):
        here = _address()
        outcomes = await _outcomes(people, email, PAIR[0] + 1, here)
        with pytest.raises(TooManyAttempts) as refused:
            await _try(people, email, address=here)
        told.append((outcomes, refused.value.message))
    assert told[0] == told[1]


async def test_guesses_at_once_are_as_slow_as_one_after_another(people: People) -> None:
    email, here = await people.user(await people.tenant()), _address()
    await _outcomes(people, email, 1, here)
    work = people.hasher.work
    tries = await asyncio.gather(*(_try(people, email, address=here) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(each, WrongPassword) for each in tries) == PAIR[0] - 1
    assert people.hasher.work - work == PAIR[0] - 1


async def test_addresses_of_one_ipv6_network_are_one(people: People) -> None:
    email, network = await people.user(await people.tenant()), f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}"
    outcomes = [(await _outcomes(people, email, 1, f"{network}::{n}"))[0] for n in range(1, PAIR[0] + 2)]
    assert outcomes[-1] is TooManyAttempts


async def test_nothing_that_was_typed_is_kept(people: People) -> None:
    typed = f"{uuid4().hex}@my-password.example"
    await _outcomes(people, typed, 2, _address())
    kept = str(await people.run("SELECT * FROM sign_in_failures"))
    assert typed not in kept
    assert typed.encode().hex() not in kept


async def test_ten_thousand_wrong_passwords_take_months_and_a_refused_one_costs_nothing(people: People) -> None:
    email, here, work = f"{uuid4().hex}@nobody.example", _address(), people.hasher.work
    tries, waits = 0, [0]
    while waits[-3:] != [PAIR[1]] * 3:
        try:
            await people.brakes.press(email, here)
            tries += 1
        except TooManyAttempts as refused:
            waits.append(refused.seconds)
            people.clock.advance(seconds=refused.seconds)
    assert tries < 20  # from here on one in a quarter of an hour
    assert timedelta(seconds=PAIR[1]) * (10_000 - tries) > timedelta(days=100)
    assert timedelta(hours=1) / PAIR[0] * 10_000 > timedelta(days=80)  # by waiting until they are forgotten
    await people.brakes.press(email, here)
    kept = await people.run("SELECT * FROM sign_in_failures ORDER BY key")
    for _ in range(20):
        with pytest.raises(TooManyAttempts):
            await people.brakes.press(email, here)
    assert await people.run("SELECT * FROM sign_in_failures ORDER BY key") == kept
    assert people.hasher.work == work
