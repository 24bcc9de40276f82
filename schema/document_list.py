"""Registered documents, spoken: which ones a tenant may run, and how much it does."""

import enum
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import strawberry

from db.durations import percentile
from resolvers.documents import DOCUMENTS
from schema.connections import Connection, Listed, ListSpec
from schema.directives import RequiresPermission
from schema.fields import Info, column, computed, given, root_field
from schema.filters import DateTimeFilter, StringFilter, filter_on, operator
from schema.page_arguments import NullsOrder, PageArguments, SortDirection

READ = "admin:documents"


def _p95(durations: Sequence[int] | None) -> int | None:
    found = percentile(durations or (), 0.95)
    return None if found is None else max(1, round(found * 1000))


@strawberry.type(
    description="A document that callers of the tenant may run by its id.",
    directives=[RequiresPermission(permission=READ)],
)
class RegisteredDocument:
    """A row of ``db.document_lists.VISIBLE``."""

    id: strawberry.ID = column("id", description="SHA-256 of the exact text, in hex.")
    text: str = column("text")
    operations: list[str] = column("operations", description="As `query Orders`.")
    coordinates: list[str] = column("coordinates", description="What of the schema it names, as `Order.total`.")
    owner: str | None = column("owner", description="Who answers for it; null for what a request registered.")
    role: str | None = column("role", description="The role that it was published for.")
    trusted: bool = column("trusted", description="Whether an operator published it for the tenant, or for everybody.")
    to_all: bool = column("to_all", description="Whether all of the tenant's callers may run it.")
    keys: list[str] = column("keys", description="The tenant's API keys that may, by name.")
    created_at: datetime = column("created_at")
    sunset_at: datetime | None = column("sunset_at", description="From when on nobody runs it by its id.")
    retired_at: datetime | None = column("retired_at")
    first_used_at: datetime | None = column("first_used_at", description="By the tenant's callers; null for never.")
    last_used_at: datetime | None = column("last_used_at")
    uses: int = column("uses", description="How often the tenant's callers ran it.")
    p95_ms: int | None = computed(
        _p95, "durations", description="Within how many milliseconds 95 of 100 uses were answered: up to 19 % too many."
    )


@strawberry.input
class RegisteredDocumentWhere:
    """Conditions on a document; several fields must all hold."""

    and_: list["RegisteredDocumentWhere"] | None = strawberry.field(default=strawberry.UNSET, name="and")
    or_: list["RegisteredDocumentWhere"] | None = strawberry.field(default=strawberry.UNSET, name="or")
    not_: "RegisteredDocumentWhere | None" = strawberry.field(default=strawberry.UNSET, name="not")
    id: StringFilter | None = filter_on("id")
    owner: StringFilter | None = filter_on("owner")
    created_at: DateTimeFilter | None = filter_on("created_at")
    sunset_at: DateTimeFilter | None = filter_on("sunset_at")
    retired_at: DateTimeFilter | None = filter_on("retired_at")
    last_used_at: DateTimeFilter | None = filter_on("last_used_at")


@strawberry.enum(description="What documents can be sorted by.")
class RegisteredDocumentSortField(enum.Enum):
    """Values are columns."""

    CREATED_AT = "created_at"
    LAST_USED_AT = "last_used_at"
    OWNER = "owner"
    SUNSET_AT = "sunset_at"
    USES = "uses"


@strawberry.input
class RegisteredDocumentSort:
    """One field of an order."""

    field: RegisteredDocumentSortField
    direction: SortDirection = SortDirection.ASC
    nulls: NullsOrder | None = operator()


LIST = ListSpec("document", DOCUMENTS.page, DOCUMENTS.count, DOCUMENTS.has, {})


async def _documents(  # noqa: PLR0917  # the arguments of a list, as Relay names them
    info: Info,
    first: int | None = strawberry.UNSET,
    after: str | None = strawberry.UNSET,
    last: int | None = strawberry.UNSET,
    before: str | None = strawberry.UNSET,
    where: RegisteredDocumentWhere | None = strawberry.UNSET,
    order_by: list[RegisteredDocumentSort] | None = strawberry.UNSET,
    offset: int | None = strawberry.UNSET,
) -> Any:  # Any: a Listed
    arguments = PageArguments(*map(given, (first, after, last, before, where, order_by, None, offset)))
    request, binding = arguments.request(LIST, info.context)
    return Listed(LIST, await DOCUMENTS.page(info.context.read, request), binding, info.context)


@strawberry.type
class DocumentQueries:
    """The root field of documents."""

    documents: Connection[RegisteredDocument] = root_field(
        _documents,
        gate=READ,
        description="The registered documents that callers of the tenant may run, retired ones too, the newest first "
        "unless ordered otherwise.",
    )
