"""API keys in use: what they open, and everything that closes them."""

from datetime import timedelta

import pytest

from auth import api_keys
from auth.authenticate import Credentials
from auth.errors import BadKey, Forbidden, OperatorError
from auth.key_desk import MadeKey, NewKey, create_key, list_keys, revoke_key, rotate_key
from auth.operators import add_member, member_of
from auth.principal import Principal
from tests.support.people import People


async def _make(people: People, **changes: object) -> tuple[MadeKey, str, str]:
    """A key that may read orders, its maker's email and its tenant's slug."""
    slug = await people.tenant()
    email = await people.user(slug, role="admin")
    member = await member_of(people.directory, email, slug)
    assert member.permissions is not None
    new = NewKey(**{"label": "Depot scanner", "permissions": ("orders:read",), **changes})  # type: ignore[arg-type]  # changes name its fields
    made = await create_key(people.directory, member.tenant_id, member.user_id, member.permissions, new, people.clock)
    return made, email, slug


async def _use(people: People, key: str, address: str | None = None, slug: str | None = None) -> Principal:
    authenticator = people.authenticator
    principal = await authenticator.authenticate(Credentials(key, None, slug, address))
    await authenticator.touches.write()
    assert principal is not None
    return principal


async def test_a_key_speaks_for_its_tenant_with_its_own_permissions(people: People) -> None:
    made, email, slug = await _make(people)
    caller = await _use(people, made.text)
    assert (caller.tenant_slug, caller.email, caller.name) == (slug, email, "Depot scanner")
    assert caller.key_name == made.name
    assert caller.permissions.allows("orders:read")
    assert not caller.permissions.allows("orders:write")


async def test_the_secret_is_stored_nowhere(people: People) -> None:
    made, *_ = await _make(people)
    stored = str(await people.run("SELECT * FROM api_keys"))
    secret = made.text[len(made.name) :]
    assert made.name in stored
    assert secret not in stored
    assert secret.encode().hex() not in stored


async def test_a_wrong_secret_and_an_unknown_key_are_told_alike(people: People) -> None:
    (made, *_), (other, *_) = await _make(people), await _make(people)
    told = set()
    for text in (_with_secret_of(made, other), _with_unknown_name(made)):
        with pytest.raises(BadKey) as refused:
            await _use(people, text)
        told.add((refused.value.message, refused.value.reason))
    assert len(told) == 1


def _with_secret_of(made: MadeKey, other: MadeKey) -> str:
    return _sealed(made.name + other.text[len(other.name) : -7])


def _with_unknown_name(made: MadeKey) -> str:
    return _sealed("tgk_000000000000" + made.text[len(made.name) : -7])


def _sealed(body: str) -> str:
    """With a right checksum, as an attacker can make it."""
    return body + api_keys._checksum(body)


async def test_a_key_loses_what_its_maker_loses(people: People) -> None:
    made, email, slug = await _make(people, permissions=("orders:*", "customers:pii"))
    await add_member(people.directory, email, slug, "viewer")
    caller = await _use(people, made.text)
    assert caller.permissions.grants == {"orders:read"}
    await people.run("DELETE FROM memberships WHERE user_id = $1", caller.user_id)
    with pytest.raises(BadKey):
        await _use(people, made.text)


async def test_a_disabled_makers_key_opens_nothing(people: People) -> None:
    made, email, _ = await _make(people)
    await people.run("UPDATE users SET disabled_at = now() WHERE email = $1", email)
    with pytest.raises(BadKey):
        await _use(people, made.text)


async def test_a_key_ends(people: People) -> None:
    made, *_ = await _make(people, days=1)
    people.clock.advance(days=1)
    with pytest.raises(BadKey):
        await _use(people, made.text)


async def test_a_key_cannot_speak_for_another_tenant_of_its_maker(people: People) -> None:
    made, email, slug = await _make(people)
    other = await people.tenant()
    await add_member(people.directory, email, other, "admin")
    assert (await _use(people, made.text, slug=slug)).tenant_slug == slug
    with pytest.raises(Forbidden):
        await _use(people, made.text, slug=other)


async def test_a_key_bound_to_a_network_opens_nothing_elsewhere(people: People) -> None:
    made, *_ = await _make(people, networks=("192.0.2.0/24",))
    await _use(people, made.text, "192.0.2.77")
    for address in ("198.51.100.1", None):
        with pytest.raises(Forbidden):
            await _use(people, made.text, address)


async def test_a_revoked_key_is_dead_at_once(people: People) -> None:
    made, email, slug = await _make(people)
    tenant = (await member_of(people.directory, email, slug)).tenant_id
    await revoke_key(people.directory, tenant, made.name)
    with pytest.raises(BadKey):
        await _use(people, made.text)
    with pytest.raises(OperatorError):
        await revoke_key(people.directory, tenant, made.name)


async def test_another_tenant_cannot_see_rotate_or_revoke_a_key(people: People) -> None:
    made, *_ = await _make(people)
    _, email, slug = await _make(people)
    theirs = (await member_of(people.directory, email, slug)).tenant_id
    assert made.name not in {row["name"] for row in await list_keys(people.directory, theirs)}
    with pytest.raises(OperatorError):
        await revoke_key(people.directory, theirs, made.name)
    with pytest.raises(OperatorError):
        await rotate_key(people.directory, theirs, made.name, timedelta(0), clock=people.clock)
    await _use(people, made.text)


async def test_after_a_rotation_both_keys_work_until_the_old_one_ends(people: People) -> None:
    made, email, slug = await _make(people, networks=("192.0.2.0/24",))
    tenant = (await member_of(people.directory, email, slug)).tenant_id
    fresh = await rotate_key(people.directory, tenant, made.name, timedelta(hours=24), clock=people.clock)
    old, new = [await _use(people, text, "192.0.2.1") for text in (made.text, fresh.text)]
    assert old.permissions == new.permissions
    with pytest.raises(Forbidden):
        await _use(people, fresh.text, "198.51.100.1")
    people.clock.advance(hours=24)
    await _use(people, fresh.text, "192.0.2.1")
    with pytest.raises(BadKey):
        await _use(people, made.text, "192.0.2.1")


async def test_keys_are_found_by_the_beginning_of_their_name_and_tell_their_last_use(people: People) -> None:
    made, email, slug = await _make(people)
    tenant = (await member_of(people.directory, email, slug)).tenant_id
    (before,) = await list_keys(people.directory, tenant, made.text)
    assert before["used_at"] is None
    await _use(people, made.text)
    (row,) = await list_keys(people.directory, tenant, made.name[:8])
    assert (row["name"], row["used_at"]) == (made.name, people.clock())
    assert not await list_keys(people.directory, tenant, "tgk_~")


@pytest.mark.parametrize(
    "change", [{"label": ""}, {"label": "x" * 101}, {"days": 0}, {"days": 1_826}, {"permissions": ()}]
)
async def test_a_key_that_makes_no_sense_is_not_made(people: People, change: dict[str, object]) -> None:
    before = await people.run("SELECT count(*) FROM api_keys")
    with pytest.raises(OperatorError):
        await _make(people, **change)
    assert await people.run("SELECT count(*) FROM api_keys") == before
