"""Whether a person is there: by the password, or by a sign-in of the last minutes."""

from datetime import timedelta
from uuid import uuid4

import pytest

from auth.brakes import PAIR
from auth.confirmation import FRESH, Confirmation
from auth.errors import TooManyAttempts, Unconfirmed, WrongPassword
from auth.sessions import Visitor
from tests.support.people import PASSWORD, People


@pytest.fixture
def confirmation(people: People) -> Confirmation:
    return Confirmation(people.directory, people.passwords, people.brakes)


async def test_who_signed_in_a_moment_ago_need_not_say_it_again(people: People, confirmation: Confirmation) -> None:
    principal = await people.by_session((await people.sign_in(await people.user(await people.tenant()))).secret)
    people.clock.advance(minutes=5)
    await confirmation.confirm(principal, None, None, people.clock())
    people.clock.advance(seconds=1)
    with pytest.raises(Unconfirmed):
        await confirmation.confirm(principal, None, None, people.clock())
    assert timedelta(minutes=5) == FRESH


async def test_the_password_counts_whenever_the_session_began(people: People, confirmation: Confirmation) -> None:
    principal = await people.by_session((await people.sign_in(await people.user(await people.tenant()))).secret)
    people.clock.advance(hours=20)
    await confirmation.confirm(principal, PASSWORD, None, people.clock())


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD + " ", "x" * 10_000, "nul\x00"])
async def test_a_wrong_password_is_wrong_also_for_who_just_signed_in(
    people: People, confirmation: Confirmation, password: str
) -> None:
    principal = await people.by_session((await people.sign_in(await people.user(await people.tenant()))).secret)
    with pytest.raises(WrongPassword):
        await confirmation.confirm(principal, password, None, people.clock())


async def test_wrong_passwords_have_to_wait_as_at_the_front_door(people: People, confirmation: Confirmation) -> None:
    email, here = await people.user(await people.tenant()), f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"
    principal = await people.by_session((await people.sign_in(email)).secret)
    for _ in range(PAIR[0]):
        with pytest.raises(WrongPassword):
            await confirmation.confirm(principal, "wrong", here, people.clock())
    with pytest.raises(TooManyAttempts):
        await confirmation.confirm(principal, PASSWORD, here, people.clock())
    with pytest.raises(TooManyAttempts):  # it is one count for both
        await people.sign_in(email, visitor=Visitor(address=here))


async def test_a_token_and_who_has_no_password_cannot_show_it(people: People, confirmation: Confirmation) -> None:
    slug = await people.tenant()
    email = await people.user(slug)
    by_token = await people.by_token(await people.token(email))
    with pytest.raises(Unconfirmed):
        await confirmation.confirm(by_token, None, None, people.clock())
    await people.run("UPDATE users SET password_hash = NULL WHERE email = $1", email)
    with pytest.raises(WrongPassword):
        await confirmation.confirm(by_token, PASSWORD, None, people.clock())
