"""A new password by a link: good once, for half an hour, and the end of everything that was signed in."""

import asyncio

import pytest

from auth.errors import BadSession, BadToken, OperatorError, Unauthenticated, WrongPassword
from auth.password_reset import OVER, make_reset, reset_by_token
from tests.support.people import PASSWORD, People

NEW = "lamp drift onion"


async def use(people: People, token: str, password: str = NEW) -> str:
    return await reset_by_token(people.directory, people.passwords, token, password)


async def test_a_link_sets_the_password_and_ends_every_session_and_token(people: People) -> None:
    email = await people.user(await people.tenant())
    session, token = await people.sign_in(email), await people.token(email)
    made = await make_reset(people.directory, email.upper(), people.clock)
    await people.by_session(session.secret)  # asking for a link changes nothing
    assert (made.expires_at - people.clock()).total_seconds() == 1_800
    assert await use(people, made.token) == email
    with pytest.raises(BadSession):
        await people.by_session(session.secret)
    with pytest.raises(BadToken):
        await people.by_token(token)
    with pytest.raises(WrongPassword):
        await people.sign_in(email, PASSWORD)
    await people.sign_in(email, NEW)


async def test_a_link_is_good_once(people: People) -> None:
    email = await people.user(await people.tenant())
    made = await make_reset(people.directory, email, people.clock)
    outcomes = await asyncio.gather(*(use(people, made.token, f"{NEW} {n}") for n in range(4)), return_exceptions=True)
    assert [each for each in outcomes if not isinstance(each, Exception)] == [email]
    assert {str(each) for each in outcomes if isinstance(each, Exception)} == {OVER}


async def test_what_is_not_good_any_more_is_told_alike_and_costs_no_hash(people: People) -> None:
    email = await people.user(await people.tenant())
    old = await make_reset(people.directory, email, people.clock)
    new = await make_reset(people.directory, email, people.clock)
    disabled = await people.user()
    gone = await make_reset(people.directory, disabled, people.clock)
    await people.run("UPDATE users SET disabled_at = now() WHERE email = $1", disabled)
    before = people.hasher.work
    tokens = [old.token, gone.token, "tgr_" + "x" * 43, "", "x", "tgr_é", "tgr_" + "x" * 5_000, "tgr_\ud800", "a\x00b"]
    for token in tokens:
        with pytest.raises(Unauthenticated) as refused:
            await use(people, token)
        assert refused.value.message == OVER
    people.clock.advance(minutes=30)
    with pytest.raises(Unauthenticated, match="not good any more"):
        await use(people, new.token)
    assert people.hasher.work == before
    await people.sign_in(email)


async def test_a_password_that_is_not_taken_leaves_the_link_good(people: People) -> None:
    email = await people.user(await people.tenant())
    made = await make_reset(people.directory, email, people.clock)
    for password in ("short", "finalfantasy", f"{email.partition('@')[0]}12"):
        with pytest.raises(OperatorError):
            await use(people, made.token, password)
    assert await use(people, made.token) == email


async def test_nothing_of_a_link_is_kept_but_a_hash(people: People) -> None:
    made = await make_reset(people.directory, await people.user(), people.clock)
    kept = str(await people.run("SELECT * FROM password_resets"))
    assert made.token not in kept
    assert made.token.removeprefix("tgr_") not in kept
    assert len(made.token) == 4 + 43


async def test_nobody_and_a_disabled_user_get_no_link(people: People) -> None:
    email = await people.user()
    await people.run("UPDATE users SET disabled_at = now() WHERE email = $1", email)
    for whose in (email, "nobody@people.example", "no address"):
        with pytest.raises(OperatorError):
            await make_reset(people.directory, whose, people.clock)
