"""A tenant's roles: what they are, and the rules by which they are made and changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from auth.granting import may_give, may_let_elevate, role_faults
from db.directory import Row
from db.errors import BadValue, Duplicate
from db.roles import MOST
from resolvers.changes import refuse
from resolvers.context import ReadContext, WriteContext
from resolvers.errors import Invalid, NotFound, Problem

BEYOND = "This is more than you may do yourself."
_SAID = ("permissions", "elevatable", "scope", "description")
MOVED = "The role has changed meanwhile: look at it again."


@dataclass(frozen=True, slots=True)
class NewRole:
    """What a caller asks for."""

    name: str
    permissions: tuple[str, ...]
    scope: str
    description: str | None
    elevatable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RolePatch:
    """What is to be different; what is absent from ``changes`` stays."""

    name: str
    expected_version: int | None
    changes: Mapping[str, Any] = field(default_factory=dict)  # Any: one value per column


async def list_roles(ctx: ReadContext) -> list[Row]:
    """System roles first, by name."""
    return await ctx.database.directory.roles.of_tenant(ctx.principal.tenant.hex)


async def create_role(ctx: WriteContext, new: NewRole) -> Row:
    """A role with at most what its maker has. Raises Problem, Problems."""
    said = {
        "permissions": sorted(set(new.permissions)),
        "elevatable": sorted(set(new.elevatable)),
        "scope": new.scope,
        "description": new.description,
    }
    _check(ctx, new.name, said)
    record = ctx.record("createRole", "role", new.name, {name: [None, value] for name, value in said.items()})
    try:
        made = await ctx.database.directory.roles.create(ctx.principal.tenant.hex, new.name, record=record, **said)
    except Duplicate:
        raise Problem("There is a role of that name.", "name", code="TAKEN") from None
    if not made:
        raise Problem(f"A tenant has at most {MOST} roles.", code="TOO_MANY")
    return await role_of(ctx, new.name)


async def update_role(ctx: WriteContext, patch: RolePatch) -> Row:
    """Change what a role of the tenant's own grants, says or reaches; from the next request on for all who have it.
    Raises Problem, Problems. A patch that changes nothing writes nothing.
    """
    before = await _own_role(ctx, patch.name)
    if patch.expected_version not in (None, before["version"]):
        raise Problem(MOVED, "expectedVersion", code="CONFLICT")
    changes = {name: value for name, value in patch.changes.items() if before[name] != value}
    if not changes:
        return before
    said = {name: changes.get(name, before[name]) for name in _SAID}
    _check(ctx, patch.name, said)
    told = {name: [before[name], value] for name, value in changes.items()}
    tenant, record = ctx.principal.tenant.hex, ctx.record("updateRole", "role", patch.name, told)
    if not await ctx.database.directory.roles.update(tenant, patch.name, before["version"], record=record, **said):
        raise Problem(MOVED, "name", code="CONFLICT")
    return await role_of(ctx, patch.name)


async def delete_role(ctx: WriteContext, name: str) -> Row:
    """Remove a role that nobody has; answers it as it was. Raises Problem."""
    before = await _own_role(ctx, name)
    record = ctx.record("deleteRole", "role", name, {"permissions": [before["permissions"], None]})
    try:
        gone = await ctx.database.directory.roles.delete(ctx.principal.tenant.hex, name, record=record)
    except BadValue:
        raise Problem("Somebody has this role: take it away first.", "name", code="IN_USE") from None
    if not gone:
        raise _no_such_role()
    return before


async def role_of(ctx: ReadContext, name: str) -> Row:
    """Raises NotFound."""
    row = (await ctx.database.directory.roles.by_name(ctx.principal.tenant.hex, [name])).get(name)
    if row is None:
        raise _no_such_role()
    return row


def check_gift(ctx: ReadContext, *roles: Row, field: str) -> None:
    """Nobody gives, takes or changes more than they have themselves. Raises Problem."""
    who = ctx.principal
    for role in roles:
        if not (may_give(who, role["permissions"], role["scope"]) and may_let_elevate(who, role["elevatable"])):
            raise Problem(BEYOND, field, code="BEYOND_YOURS")


async def _own_role(ctx: ReadContext, name: str) -> Row:
    """A role of the tenant's own making that the caller may touch. Raises Problem."""
    row = await role_of(ctx, name)
    if row["system"]:
        raise Invalid("A system role stays as it is.", "name")
    check_gift(ctx, row, field="name")
    return row


def _check(ctx: ReadContext, name: str, said: Mapping[str, Any]) -> None:  # Any: columns
    faults = role_faults(name, said["permissions"], said["description"], said["elevatable"])
    refuse([Problem(message, part, code=code) for code, message, part in faults])
    if not may_give(ctx.principal, said["permissions"], said["scope"]):
        raise Problem(BEYOND, "permissions", code="BEYOND_YOURS")
    if not may_let_elevate(ctx.principal, said["elevatable"]):
        raise Problem(BEYOND, "elevatable", code="BEYOND_YOURS")


def _no_such_role() -> NotFound:
    return NotFound("There is no such role.", "name")
