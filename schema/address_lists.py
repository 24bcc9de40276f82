"""Address lists, spoken: from which networks a tenant, or some of its permissions, may be used."""

from typing import Any

import strawberry

from auth.address_desk import MOST_LISTS
from resolvers.address_lists import CHANGES, list_address_lists, set_address_list
from schema.changes import ChangePayload
from schema.directives import RequiresPermission
from schema.fields import Info, held, root_field
from schema.user_errors import answered
from schema.weights import at_most


@strawberry.type(
    description="The networks that something may be done from. All lists that fit have to be satisfied.",
    directives=[RequiresPermission(permission=CHANGES)],
)
class AddressList:
    """Made of what ``resolvers/address_lists.py`` answers."""

    permission: str = strawberry.field(description="What it binds: `admin:*`, say; `*` is everything in the tenant.")
    networks: list[str] = strawberry.field(description="In CIDR form.")


@strawberry.input
class SetAddressListInput:
    """What is bound, and to where."""

    networks: list[str] = strawberry.field(
        description="As `203.0.113.0/24` or `2001:db8::/32`; none: it counts from anywhere again."
    )
    permission: str = strawberry.field(default="*", description="A permission, `admin:*`, or `*` for everything.")


@strawberry.type
class SetAddressListPayload(ChangePayload):
    """Answers setAddressList."""

    address_lists: list[AddressList] | None = held(
        "row", at_most=MOST_LISTS, description="All that the tenant has now."
    )


async def _lists(info: Info) -> list[AddressList]:
    found: Any = await list_address_lists(info.context.read)  # Any: the resolvers' own lists
    return list(found)


async def _set(info: Info, input: SetAddressListInput) -> Any:  # Any: a Payload
    return await answered(set_address_list(info.context.write, input.permission, input.networks))


@strawberry.type
class AddressListQueries:
    """The root field of address lists."""

    address_lists: list[AddressList] = root_field(
        _lists,
        gate=CHANGES,
        size=at_most(MOST_LISTS),
        description="From where the tenant may be used, by permission; without a list, from anywhere.",
    )


@strawberry.type
class AddressListMutations:
    """The mutation of address lists."""

    set_address_list: SetAddressListPayload = root_field(
        _set,
        gate=CHANGES,
        description="Let the tenant, or one of its permissions, be used from these networks alone: from the next "
        "request on, and on open streams. A list that would keep you from changing it is refused.",
    )
