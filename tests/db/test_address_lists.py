"""A tenant's address lists as the directory keeps them."""

from db.directory import Directory
from db.ids import new_id
from tests.db.test_members import new_tenant


async def test_a_list_is_put_changed_and_taken_away_beside_others(directory: Directory) -> None:
    mine, theirs = [await new_tenant(directory) for _ in range(2)]
    lists = directory.address_lists
    assert await lists.of_tenant(mine) == {}
    await lists.put(mine, "*", ["203.0.113.0/24"])
    both = {"*": ["203.0.113.0/24"], "admin:*": ["10.0.0.0/8"]}
    assert await lists.put(mine, "admin:*", ["10.0.0.0/8"]) == both
    assert await lists.put(mine, "*", ["10.0.0.0/8", "2001:db8::/32"]) == {**both, "*": ["10.0.0.0/8", "2001:db8::/32"]}
    assert await lists.put(mine, "*", []) == {"admin:*": ["10.0.0.0/8"]}
    assert await lists.of_tenant(theirs) == await lists.of_tenant(new_id()) == {}


async def test_a_change_of_a_list_is_one_of_who_may_what(directory: Directory) -> None:
    tenant = await new_tenant(directory)
    before = await directory.identity_number()
    await directory.address_lists.put(tenant, "*", ["203.0.113.0/24"])
    assert await directory.identity_number() > before
