"""API keys, spoken: which ones a tenant has, and how its members make, rotate and revoke them."""

import enum
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import strawberry

from auth.api_keys import name_of
from auth.document_policy import DocumentPolicy
from auth.key_desk import NewKey
from auth.spaces import Space
from resolvers.api_keys import API_KEYS, Shown, create_key, revoke_key, rotate_key
from resolvers.audit import users_by_id
from resolvers.errors import Problem
from schema.audit import Actor
from schema.changes import ChangePayload
from schema.connections import Connection, Listed, ListSpec
from schema.directives import RequiresPermission, SpaceName
from schema.fields import Info, column, computed, given, held, root_field, to_one
from schema.filters import DateTimeFilter, StringFilter, filter_on, operator
from schema.page_arguments import NullsOrder, PageArguments, SortDirection
from schema.user_errors import Payload, answered, refused

READ = "admin:keys"


@strawberry.enum(description="Which documents a key runs. What the deployment says of all callers holds for keys too.")
class KeyDocuments(enum.Enum):
    """The policies of ``auth/document_policy.py``."""

    AD_HOC = strawberry.enum_value("AD_HOC", description="Any.")
    REGISTERED = strawberry.enum_value("REGISTERED", description="Those that are registered for it, by whomever.")
    TRUSTED = strawberry.enum_value("TRUSTED", description="Those that operators published for it.")


@strawberry.type(
    description="A credential of a partner or a service, which does what of its permissions its maker may do today.",
    directives=[RequiresPermission(permission=READ)],
)
class ApiKey:
    """A row of ``db.api_keys.KEYS``: all but the secret, of which a hash alone is kept."""

    name: str = column("name", description="Its first sixteen characters: public, and what it is known by.")
    label: str = column("label", description="What it is for.")
    permissions: list[str] = column("permissions", description="A star covers the rest: `orders:*`.")
    networks: list[str] = column("networks", description="Where it may be used from; none: from anywhere.")
    space: SpaceName = computed(SpaceName, "space", description="Where whoever uses it is.")
    documents: KeyDocuments = computed(KeyDocuments, "documents", description="Which documents it runs.")
    maker: Actor | None = to_one(users_by_id, key="maker_id", description="It ends when its maker goes.")
    created_at: datetime = column("created_at")
    expires_at: datetime = column("expires_at")
    last_used_at: datetime | None = column("used_at", description="To the minute; null for never.")
    revoked_at: datetime | None = column("revoked_at")


@strawberry.input
class ApiKeyWhere:
    """Conditions on a key; several fields must all hold."""

    and_: list["ApiKeyWhere"] | None = strawberry.field(default=strawberry.UNSET, name="and")
    or_: list["ApiKeyWhere"] | None = strawberry.field(default=strawberry.UNSET, name="or")
    not_: "ApiKeyWhere | None" = strawberry.field(default=strawberry.UNSET, name="not")
    name: StringFilter | None = filter_on("name")
    label: StringFilter | None = filter_on("label")
    created_at: DateTimeFilter | None = filter_on("created_at")
    expires_at: DateTimeFilter | None = filter_on("expires_at")
    last_used_at: DateTimeFilter | None = filter_on("used_at")
    revoked_at: DateTimeFilter | None = filter_on("revoked_at")


@strawberry.enum(description="What keys can be sorted by.")
class ApiKeySortField(enum.Enum):
    """Values are columns."""

    CREATED_AT = "created_at"
    EXPIRES_AT = "expires_at"
    LABEL = "label"
    LAST_USED_AT = "used_at"


@strawberry.input
class ApiKeySort:
    """One field of an order."""

    field: ApiKeySortField
    direction: SortDirection = SortDirection.ASC
    nulls: NullsOrder | None = operator()


LIST = ListSpec("key", API_KEYS.page, API_KEYS.count, API_KEYS.has, {})


@strawberry.input
class CreateApiKeyInput:
    """What a key is to be: with at most what its maker may do."""

    label: str = strawberry.field(description="What it is for: up to 100 characters.")
    permissions: list[str]
    networks: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="Where it may be used from, as `203.0.113.0/24`; else from anywhere."
    )
    days: int = strawberry.field(default=365, description="How long it lives: up to 1825.")
    space: SpaceName = strawberry.field(default=SpaceName.PROVIDER, description="Where whoever uses it is.")
    documents: KeyDocuments = strawberry.field(default=KeyDocuments.AD_HOC, description="Which documents it runs.")


@strawberry.input
class RotateApiKeyInput:
    """Which key, and for how long both are good."""

    name: str
    overlap_hours: int = strawberry.field(default=24, description="How long the old one goes on: 0 to 720.")
    days: int = strawberry.field(default=365, description="How long the new one lives: up to 1825.")


@strawberry.input
class RevokeApiKeyInput:
    """Which key."""

    name: str


@dataclass(slots=True)
class _Made(Payload):
    """With the secret that is shown once."""

    secret: str | None = None


@strawberry.type
class CreateApiKeyPayload(ChangePayload):
    """Answers createApiKey."""

    api_key: ApiKey | None = held("row")
    secret: str | None = held("secret", description="The whole key, to be kept safe: it is never shown again.")


@strawberry.type
class RotateApiKeyPayload(ChangePayload):
    """Answers rotateApiKey."""

    api_key: ApiKey | None = held("row", description="The new one.")
    secret: str | None = held("secret", description="The whole new key, to be kept safe: it is never shown again.")


@strawberry.type
class RevokeApiKeyPayload(ChangePayload):
    """Answers revokeApiKey."""

    api_key: ApiKey | None = held("row")


async def _keys(  # noqa: PLR0913, PLR0917  # the arguments of a list, as Relay names them
    info: Info,
    first: int | None = strawberry.UNSET,
    after: str | None = strawberry.UNSET,
    last: int | None = strawberry.UNSET,
    before: str | None = strawberry.UNSET,
    where: ApiKeyWhere | None = strawberry.UNSET,
    order_by: list[ApiKeySort] | None = strawberry.UNSET,
    prefix: str | None = strawberry.UNSET,
    offset: int | None = strawberry.UNSET,
) -> Any:  # Any: a Listed
    found = given(where)
    if given(prefix) is not None:
        named = ApiKeyWhere(name=StringFilter(starts_with=name_of(given(prefix))))
        found = named if found is None else ApiKeyWhere(and_=[named, found])
    arguments = PageArguments(*map(given, (first, after, last, before, found, order_by, None, offset)))
    request, binding = arguments.request(LIST, info.context)
    return Listed(LIST, await API_KEYS.page(info.context.read, request), binding, info.context)


async def _shown(making: Awaitable[Shown]) -> _Made:
    try:
        made = await making
    except Problem as problem:
        return _Made(problems=refused(problem).problems)
    return _Made(row=made.row, secret=made.secret)


async def _create(info: Info, input: CreateApiKeyInput) -> Any:  # Any: a Payload
    networks = tuple(given(input.networks) or ())
    policy = DocumentPolicy[input.documents.name]
    new = NewKey(input.label, tuple(input.permissions), networks, input.days, Space[input.space.name], policy)
    return await _shown(create_key(info.context.write, new))


async def _rotate(info: Info, input: RotateApiKeyInput) -> Any:  # Any: a Payload
    overlap = timedelta(hours=input.overlap_hours)
    return await _shown(rotate_key(info.context.write, input.name, overlap, input.days))


async def _revoke(info: Info, input: RevokeApiKeyInput) -> Any:  # Any: a Payload
    return await answered(revoke_key(info.context.write, input.name))


@strawberry.type
class ApiKeyQueries:
    """The root field of API keys."""

    api_keys: Connection[ApiKey] = root_field(
        _keys,
        gate=READ,
        description="The tenant's keys, ended ones too, the newest first unless ordered otherwise. `prefix` is the "
        "beginning of a name; of a whole key no more is looked at.",
    )


@strawberry.type
class ApiKeyMutations:
    """The mutations of API keys."""

    create_api_key: CreateApiKeyPayload = root_field(
        _create, gate=READ, description="Make a key with at most what you may do yourself; its secret is shown once."
    )
    rotate_api_key: RotateApiKeyPayload = root_field(
        _rotate,
        gate=READ,
        description="Make a key like that one, which goes on for some hours: yours from now on, so it has to be within "
        "what you may do.",
    )
    revoke_api_key: RevokeApiKeyPayload = root_field(
        _revoke, gate=READ, description="End a key at once, with its streams: any of the tenant's."
    )
