"""What the caller may do, spoken: asked of a coordinate, of a type, or watched."""

import enum
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import strawberry

from resolvers.errors import InvalidInput
from resolvers.permissions import tell_newcomers
from schema.fields import Info, asked, column, resolved
from schema.live.delivery import keep, live_field
from schema.needs import Access
from schema.operation import Operation
from schema.reach import Reach
from schema.weights import weighs

SHOWN = 100
"""Characters of what was asked that an error repeats."""


@strawberry.enum(
    name="Access", description="How you stand to a field, a root field, an input field, a value of an enum, or a type."
)
class AccessName(enum.Enum):
    """``schema.needs.Access``, as far as it is told."""

    ALLOWED = strawberry.enum_value("ALLOWED", description="You may use it.")
    MASKED = strawberry.enum_value("MASKED", description="It answers a mask of the value.")
    DENIED = strawberry.enum_value(
        "DENIED", description="You lack a permission for it, or for every way to it, or are in another space."
    )


@strawberry.type(description="A field, input field or value that you may use.", directives=weighs("0"))
class FieldAccess:
    """One of a type's."""

    name: str = column("name")
    access: AccessName = column("access", description="ALLOWED or MASKED.")


def access_to(info: Info, coordinate: str) -> Any:  # Any: an AccessName
    """How the caller stands to a coordinate. Raises InvalidInput."""
    found = _reach(info).of(coordinate, info.context.read.principal.permissions)
    if found is None:
        raise InvalidInput(f"The schema has no {coordinate[:SHOWN]!r}.")
    return _named(found)


def _fields(info: Info, type: str) -> Any:  # Any: sources of FieldAccess
    found = _reach(info).below(type, info.context.read.principal.permissions)
    if found is None:
        raise InvalidInput(f"The schema has no type {type[:SHOWN]!r} with fields or values.")
    return [{"name": name, "access": _named(access)} for name, access in found.items()]


def _reach(info: Info) -> Reach:
    reach = info.context.reach
    if reach is None:
        raise RuntimeError("this operation does not know its schema's reach")
    return reach


def _named(access: Access) -> AccessName:
    return AccessName[access.name] if access.name in AccessName.__members__ else AccessName.DENIED


def _version(operation: Operation) -> str:
    return operation.read.principal.permissions_version


def _grants(operation: Operation) -> list[str]:
    return sorted(operation.read.principal.permissions.standing)


def _elevatable(operation: Operation) -> list[str]:
    return sorted(operation.read.principal.elevatable)


@strawberry.type(description="What the caller may do now; the version changes when any of it does.")
class PermissionsSnapshot:
    """A snapshot to gate a user interface by."""

    version: str = resolved(_version)
    grants: list[str] = resolved(_grants)
    elevatable: list[str] = resolved(_elevatable, description="What `elevate` can add for a while.")
    fields: list[FieldAccess] | None = asked(
        _fields,
        description="The fields (input fields, values) of a type that you may use now, and which of them are masked.",
    )


async def _permissions_changed(info: Info) -> AsyncIterator[Any]:  # Any: the snapshot reads the principal itself
    operation, newcomers = info.context, info.context.newcomers
    if newcomers is None:
        raise RuntimeError("permissions are watched by a group, which knows its newcomers")
    async with aclosing(tell_newcomers(operation.read, newcomers, operation.moved)) as telling:
        async for told, position in telling:
            cursor = operation.event_cursors.encode(operation.read.principal.tenant, position)
            yield {"newcomers": told, "position": position, "cursor": cursor}


@strawberry.type
class PermissionSubscriptions:
    """The subscription of what the caller may do."""

    permissions_changed: PermissionsSnapshot = live_field(
        _permissions_changed,
        gate=None,
        delivery=keep(),
        opens=True,
        personal=True,
        description="What you may do: first as it is now, then each time that it has changed. Whoever comes back is "
        "told how it is by then.",
    )
