"""The viewer: who is asking, in which tenant, with which permissions."""

from datetime import datetime
from typing import Any

import strawberry

from auth.spaces import Space
from db.directory import Row
from db.ids import public_id
from resolvers.errors import Problem
from resolvers.sessions import switch_space, switch_tenant
from schema.caching.declared import IDENTITY, cached, changes_with
from schema.changes import ChangePayload
from schema.directives import SpaceName
from schema.elevation import Elevation, own_elevation
from schema.fields import Info, asked, held, resolved, root_field
from schema.impersonation import Impersonation, own_impersonation
from schema.masks import last4
from schema.operation import Operation
from schema.permissions import AccessName, PermissionsSnapshot, access_to
from schema.sessions import Session, own_sessions
from schema.user_errors import Payload, refused

_MASKED = last4("admin:members").masker(b"")


@strawberry.type(description="A person who signs in.")
class User:
    """The principal's own user."""

    id: strawberry.ID
    email: str
    name: str


@strawberry.type(description="A tenant: whose data it is.")
class Tenant:
    """A tenant the caller is a member of."""

    id: strawberry.ID
    slug: str
    name: str


@strawberry.type(description="A tenant that the caller belongs to, and as what.")
class Membership:
    """One of the caller's memberships."""

    tenant: Tenant
    roles: list[str]
    since: datetime
    current: bool = strawberry.field(description="Whether this request speaks for it.")
    spaces: list[SpaceName] = strawberry.field(description="Where it lets the caller be.")


@strawberry.input
class SwitchTenantInput:
    """Which of the caller's own tenants."""

    slug: str


@strawberry.type
class SwitchTenantPayload(ChangePayload):
    """Answers switchTenant."""

    membership: Membership | None = held("row", description="What the session speaks for from now on.")


@strawberry.input
class SwitchSpaceInput:
    """Which of the spaces that the caller's membership allows."""

    space: SpaceName


@strawberry.type
class SwitchSpacePayload(ChangePayload):
    """Answers switchSpace."""

    space: SpaceName | None = held("row", description="Where the session is from now on.")


def _tenant(hex_id: str, slug: str, name: str) -> Tenant:
    return Tenant(id=strawberry.ID(public_id("ten", hex_id)), slug=slug, name=name)


def _own_user(operation: Operation) -> User:
    principal = operation.read.principal
    acting = principal.acting_for is not None  # members' addresses are seen with that permission alone
    email = _MASKED(principal.email) if acting else principal.email
    return User(id=strawberry.ID(public_id("usr", principal.user_id)), email=email, name=principal.name)


def own_tenant(operation: Operation) -> Tenant:
    """The tenant that the operation speaks for."""
    principal = operation.read.principal
    return _tenant(principal.tenant.hex, principal.tenant_slug, principal.tenant_name)


def _roles(operation: Operation) -> list[str]:
    return list(operation.read.principal.roles)


def _permissions(operation: Operation) -> Any:  # Any: the snapshot reads the principal itself
    return PermissionsSnapshot()


async def _memberships(operation: Operation) -> list[Membership]:
    ctx = operation.read
    who, here = ctx.principal, ctx.principal.tenant.hex
    bound = who.key_name is not None or who.acting_for is not None  # of other tenants they tell nothing
    found = await ctx.database.directory.memberships_of(who.user_id)
    return [_membership(row, here) for row in found if not bound or row["tenant_id"] == here]


def _membership(row: Row, current: str) -> Membership:
    tenant = _tenant(row["tenant_id"], row["slug"], row["name"])
    spaces = [SpaceName[space] for space in row["spaces"]]
    here = row["tenant_id"] == current
    return Membership(tenant=tenant, roles=row["roles"], since=row["since"], current=here, spaces=spaces)


def _space(operation: Operation) -> SpaceName:
    return SpaceName[operation.read.principal.space.name]


def _spaces(operation: Operation) -> list[SpaceName]:
    return [SpaceName[space.name] for space in operation.read.principal.spaces]


async def _switch_space(info: Info, input: SwitchSpaceInput) -> Any:  # Any: a Payload
    try:
        await switch_space(info.context.write, Space[input.space.name])
    except Problem as problem:
        return refused(problem)
    return Payload(row=input.space)


async def _switch_tenant(info: Info, input: SwitchTenantInput) -> Any:  # Any: a Payload
    try:
        row = await switch_tenant(info.context.write, input.slug)
    except Problem as problem:
        return refused(problem)
    return Payload(row=_membership(row, row["tenant_id"]))


@strawberry.type(description="The caller.", directives=changes_with(IDENTITY))
class Viewer:
    """The principal."""

    user: User = resolved(_own_user)
    tenant: Tenant = resolved(own_tenant, description="The tenant that this request speaks for.")
    space: SpaceName = resolved(_space, description="What the caller is here for: only what is for it can be used.")
    spaces: list[SpaceName] = resolved(_spaces, description="Where the caller may be: change it with switchSpace.")
    roles: list[str] = resolved(_roles)
    permissions: PermissionsSnapshot = resolved(_permissions)
    can: AccessName | None = asked(
        access_to,
        description="Whether you may use a coordinate of the schema now: `Order.total`, `Mutation.createOrder`, "
        "`OrderWhere.customerId`, `CustomerSortField.EMAIL`, `Order`. Null with BAD_USER_INPUT for one that the schema "
        "does not have.",
    )
    acting_as: Impersonation | None = resolved(
        own_impersonation, description="Set while the caller is not the person who is there."
    )
    elevation: Elevation | None = resolved(
        own_elevation, description="What the caller is elevated to; null when it is not."
    )
    memberships: list[Membership] = resolved(
        _memberships,
        at_most=50,
        keeping=cached(ttl=60),  # nobody is told of a new one, which changes no rights
        description="Every tenant that the caller belongs to: choose one for a request with the header X-Tenant, for a "
        "session with switchTenant. An API key and a peer are of one tenant, and told of no other.",
    )
    sessions: list[Session] = resolved(
        own_sessions,
        at_most=50,
        keeping=cached(ttl=0),
        description="Where the caller is signed in, used last first; none for an API key.",
    )


def _viewer() -> Any:  # Any: the Viewer reads the principal itself
    return Viewer()


@strawberry.type
class ViewerQueries:
    """The root field of the viewer."""

    viewer: Viewer = root_field(
        _viewer,
        gate=None,
        keeping=cached(ttl=60, swr=3600),
        description="Who is asking, in which tenant, and what they may do.",
    )


@strawberry.type
class ViewerMutations:
    """What a caller changes for itself."""

    switch_tenant: SwitchTenantPayload = root_field(
        _switch_tenant,
        gate=None,
        in_person=True,
        description="Let your session speak for another of your tenants. The answer brings a new cookie; streams that "
        "were opened with the old one end with TENANT_SWITCHED.",
    )
    switch_space: SwitchSpacePayload = root_field(
        _switch_space,
        gate=None,
        in_person=True,
        description="Let your session be in another space. The answer brings a new cookie; streams that were opened "
        "with the old one end.",
    )
