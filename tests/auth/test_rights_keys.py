"""The rights behind an API key end, and its streams with them."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from auth.authenticate import Credentials
from auth.key_desk import NewKey, create_key, rotate_key
from auth.rights import Rights
from auth.watched import Lost
from tests.support.followed import follow, rights_on
from tests.support.people import People


@pytest.fixture
async def rights(people: People) -> AsyncIterator[Rights]:
    async with rights_on(people) as rights:
        yield rights


async def test_an_api_keys_stream_ends_when_the_key_expires(people: People, rights: Rights) -> None:
    slug = await people.tenant()
    email = await people.user(slug, role="manager")
    maker = await people.by_token(await people.token(email))
    new = NewKey("Depot", ("orders:read",), days=1)
    made = await create_key(
        people.directory, maker.tenant.hex, maker.user_id, maker.permissions, new, clock=people.clock
    )
    stream, _ = await follow(rights, Credentials(made.text, None, None, "127.0.0.1"))
    people.clock.advance(days=1)
    assert await stream.next() is Lost.TOKEN_EXPIRED


async def test_a_rotated_keys_stream_ends_after_the_overlap(people: People, rights: Rights) -> None:
    slug = await people.tenant()
    maker = await people.by_token(await people.token(await people.user(slug, role="manager")))
    tenant, new = maker.tenant.hex, NewKey("Depot", ("orders:read",), days=9)
    made = await create_key(people.directory, tenant, maker.user_id, maker.permissions, new, clock=people.clock)
    stream, _ = await follow(rights, Credentials(made.text, None, None, "127.0.0.1"))
    await rotate_key(people.directory, tenant, made.name, timedelta(hours=1), clock=people.clock)
    await rights.caught_up(await people.directory.identity_number())
    people.clock.advance(hours=1)
    assert await stream.next() is Lost.TOKEN_EXPIRED
