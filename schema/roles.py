"""Roles, spoken: what a tenant's roles grant, and how it makes its own."""

import enum
from datetime import datetime
from typing import Any

import strawberry

from db.roles import MOST
from resolvers.errors import Invalid
from resolvers.roles import NewRole, RolePatch, create_role, delete_role, list_roles, update_role
from schema.changes import ChangePayload, changes_in
from schema.directives import RequiresPermission
from schema.fields import Info, column, computed, given, held, root_field
from schema.user_errors import Payload, answered, refused
from schema.weights import at_most, weighs

READ = "admin:roles"


@strawberry.enum(description="Which of the tenant's orders and customers a role reaches.")
class RowReach(enum.Enum):
    """The reaches of ``db/scopes.py``."""

    OWN = strawberry.enum_value("OWN", description="Those that the member made.")
    ASSIGNED = strawberry.enum_value("ASSIGNED", description="Those that the member made or is assigned.")
    ALL = strawberry.enum_value("ALL", description="All of them.")


@strawberry.type(
    description="A named set of permissions; a member may have several.",
    directives=[RequiresPermission(permission=READ), *weighs("0.1")],
)
class Role:
    """A row of roles."""

    name: str = column("name")
    description: str | None = column("description")
    permissions: list[str] = column("permissions", description="A star covers the rest: `orders:*`.")
    elevatable: list[str] = column("elevatable", description="What its members can add for a while: `elevate`.")
    scope: RowReach = computed(RowReach, "scope")
    system: bool = column("system", description="Whether every tenant has it, and nobody can change it.")
    members: int = column("members", description="How many members have it.")
    version: int = column("version")
    created_at: datetime = column("created_at")
    updated_at: datetime = column("updated_at")


@strawberry.input
class CreateRoleInput:
    """A role of the tenant's own, with at most what its maker may do."""

    name: str = strawberry.field(description="Up to 63 of a-z, 0-9 and -; not a system role's.")
    permissions: list[str]
    scope: RowReach = RowReach.ALL
    elevatable: list[str] = strawberry.field(
        default_factory=list, description="What its members can add for a while; at most what you have, or can add."
    )
    description: str | None = strawberry.UNSET


@strawberry.input
class UpdateRoleInput:
    """A patch: what is absent stays. Without expectedVersion the last write wins."""

    name: str
    expected_version: int | None = strawberry.UNSET
    permissions: list[str] | None = strawberry.UNSET
    elevatable: list[str] | None = strawberry.UNSET
    scope: RowReach | None = strawberry.UNSET
    description: str | None = strawberry.UNSET


@strawberry.input
class DeleteRoleInput:
    """Which role; nobody may have it any more."""

    name: str


@strawberry.type
class RolePayload(ChangePayload):
    """What every mutation of a role answers with."""

    role: Role | None = held("row")


@strawberry.type
class CreateRolePayload(RolePayload):
    """Answers createRole."""


@strawberry.type
class UpdateRolePayload(RolePayload):
    """Answers updateRole."""


@strawberry.type
class DeleteRolePayload(RolePayload):
    """Answers deleteRole, with the role as it was."""


async def _roles(info: Info) -> list[Role]:
    found: Any = await list_roles(info.context.read)  # Any: rows
    return list(found)


async def _create(info: Info, input: CreateRoleInput) -> Any:  # Any: a Payload
    new = NewRole(
        input.name, tuple(input.permissions), input.scope.name, given(input.description), tuple(input.elevatable)
    )
    return await answered(create_role(info.context.write, new))


async def _update(info: Info, input: UpdateRoleInput) -> Any:  # Any: a Payload
    changes = changes_in(input, "permissions", "elevatable", "scope", "description")
    empty = [name for name in ("permissions", "elevatable", "scope") if name in changes and changes[name] is None]
    if empty:
        return refused(*(Invalid(f"A role needs its {name}.", name, code="REQUIRED") for name in empty))
    for name in ("permissions", "elevatable"):
        if name in changes:
            changes[name] = sorted(set(changes[name]))
    if "scope" in changes:
        changes["scope"] = changes["scope"].name
    return await answered(
        update_role(info.context.write, RolePatch(input.name, given(input.expected_version), changes))
    )


async def _delete(info: Info, input: DeleteRoleInput) -> Payload:
    return await answered(delete_role(info.context.write, input.name))


@strawberry.type
class RoleQueries:
    """The root field of roles."""

    roles: list[Role] = root_field(
        _roles, gate=READ, size=at_most(MOST), description="The tenant's roles, system roles first."
    )


@strawberry.type
class RoleMutations:
    """The mutations of roles."""

    create_role: CreateRolePayload = root_field(
        _create, gate=READ, description="Make a role with at most what you may do yourself."
    )
    update_role: UpdateRolePayload = root_field(
        _update,
        gate=READ,
        description="Change a role of the tenant's own: for all who have it from their next request on, and on their "
        "open streams.",
    )
    delete_role: DeleteRolePayload = root_field(_delete, gate=READ, description="Remove a role that nobody has.")
