"""Who is let in when: limits that are told, a bucket that spreads a storm, and places that come free again."""

import asyncio

import pytest

from auth.permissions import PermissionSet
from auth.principal import Principal
from db.tenancy import TenantId
from web.refusals import Refusal
from web.sse.entrance import Entrance, Place, StreamLimits


def caller(user: str = "ada", tenant: str = "acme") -> Principal:
    return Principal(user, "", "", TenantId(tenant), tenant, tenant, (), PermissionSet(frozenset()), "v", None, None)


def entrance(**limits: int) -> Entrance:
    return Entrance(StreamLimits(**limits), asyncio.Event())


async def refused(open_: Entrance, who: Principal) -> tuple[str, int]:
    """The code, and the seconds after which to come back."""
    with pytest.raises(Refusal) as caught:
        await open_.enter(who)
    return caught.value.code, int(dict(caught.value.headers)[b"retry-after"])


@pytest.mark.parametrize(
    ("limits", "others"),
    [
        ({"user": 2}, [caller("bob"), caller("ada", "globex")]),
        ({"tenant": 2}, [caller("ada", "globex")]),
        ({"process": 2}, []),
    ],
)
async def test_a_full_house_says_so_and_others_come_in(limits: dict[str, int], others: list[Principal]) -> None:
    open_ = entrance(**limits)
    places = [await open_.enter(caller()) for _ in range(2)]
    assert await refused(open_, caller()) == ("STREAM_LIMIT", 10)
    for other in others:
        (await open_.enter(other)).leave()
    places[0].leave()
    places[0].leave()
    assert isinstance(await open_.enter(caller()), Place)
    assert await refused(open_, caller()) == ("STREAM_LIMIT", 10)


async def test_a_storm_waits_a_little_and_what_is_too_much_comes_back_later() -> None:
    open_ = entrance(rate=10)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    found = await asyncio.gather(*(open_.pass_through() for _ in range(100)), return_exceptions=True)
    let_in = [one for one in found if one is None]
    sent_away = [one for one in found if isinstance(one, Refusal)]
    assert len(let_in) + len(sent_away) == 100
    assert 20 <= len(let_in) <= 25, "one at once, two seconds' worth after a wait"
    assert {refusal.code for refusal in sent_away} == {"OVERLOADED"}
    assert {dict(refusal.headers)[b"retry-after"] for refusal in sent_away} <= {b"2", b"3"}
    assert loop.time() - begun >= 1.9


async def test_what_was_no_stream_takes_nobodys_turn() -> None:
    open_ = entrance(rate=1)
    for _ in range(20):
        await open_.pass_through()
        open_.give_back()


async def test_a_draining_server_lets_nobody_in_not_even_who_waits() -> None:
    draining = asyncio.Event()
    open_ = Entrance(StreamLimits(rate=5), draining)
    await open_.pass_through()
    waiting = asyncio.create_task(open_.pass_through())
    await asyncio.sleep(0.01)
    draining.set()
    assert await refused(open_, caller()) == ("DRAINING", 1)
    with pytest.raises(Refusal):
        await waiting
