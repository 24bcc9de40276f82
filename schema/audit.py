"""The audit trail, spoken: what is on record of a tenant, and what became of one order."""

import enum
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import strawberry

from db.ids import hex_of, public_id
from resolvers.audit import count_audit, has_audit, history_of, list_audit, users_by_id
from resolvers.orders import orders_by_id
from schema.announcements import Announcement
from schema.audit_changes import Audited, FieldChange, changes_of
from schema.connections import Connection, Listed, ListSpec
from schema.customers import READ as CUSTOMERS_READ
from schema.customers import Customer
from schema.directives import RequiresPermission
from schema.fields import Info, column, computed, given, prefixed, resolved, root_field, to_one
from schema.filters import DateTimeFilter, IDFilter, filter_on, operator
from schema.operation import Operation
from schema.orders import READ as ORDERS_READ
from schema.orders import Order
from schema.page_arguments import LARGEST_PAGE, NullsOrder, PageArguments, SortDirection, binding_for
from schema.products import READ as PRODUCTS_READ
from schema.products import Product
from schema.weights import weighs

READ = "admin:audit"
LIST = ListSpec("audit", list_audit, count_audit, has_audit, {})
NOUNS = {
    "order": Audited(Order, ORDERS_READ),
    "customer": Audited(Customer, CUSTOMERS_READ),
    "product": Audited(Product, PRODUCTS_READ),
    "announcement": Audited(Announcement, None),
}


@strawberry.enum(description="What came of an operation.")
class AuditOutcome(enum.Enum):
    """The outcomes of ``db/audit_records.py``."""

    ALLOWED = "ALLOWED"
    PARTIAL = strawberry.enum_value("PARTIAL", description="Some of what was asked for was denied.")
    DENIED = "DENIED"
    FAILED = strawberry.enum_value("FAILED", description="A sign-in that was refused, or an operation that broke off.")


@strawberry.enum(description="What kind of thing was done.")
class AuditKind(enum.Enum):
    """An operation's kind, a sign-in or its end, a command, or no more than a request."""

    QUERY = "QUERY"
    MUTATION = "MUTATION"
    SUBSCRIPTION = strawberry.enum_value("SUBSCRIPTION", description="That it was opened.")
    SIGN_IN = strawberry.enum_value("SIGN_IN", description="By password or provider; also what a link is used for.")
    SIGN_OUT = "SIGN_OUT"
    COMMAND = strawberry.enum_value("COMMAND", description="A change by an operator, from the command line.")
    ENTRY = strawberry.enum_value(
        "ENTRY",
        description="A request that was turned away: for its address, its document, or a credential that is over.",
    )


@strawberry.enum(description="By which credential somebody acted.")
class CredentialKind(enum.Enum):
    """The kinds of ``schema/auditing.py``."""

    SESSION = "SESSION"
    TOKEN = "TOKEN"  # noqa: S105  a kind
    KEY = "KEY"
    PEER = "PEER"


@strawberry.type(description="Who did something: a member, or somebody who was one.")
class Actor:
    """A row of users."""

    id: strawberry.ID = prefixed("usr_", "id")
    name: str = column("name")
    email: str | None = column("email", gate=READ)


@strawberry.type(description="A part of an operation that was denied.", directives=weighs("0"))
class AuditDenial:
    """Made of a record's denials."""

    coordinate: str
    permission: str = strawberry.field(description="What was missing.")


def _changes(operation: Operation, entity: str | None, changes: Mapping[str, Any] | None) -> Any:  # Any: JSON; a list
    return changes_of(NOUNS.get(entity or ""), operation, entity, changes or {})


def _visible_changes(operation: Operation, entity: str | None, changes: Any) -> Any:  # Any: as above
    return [each for each in _changes(operation, entity, changes) if not each.hidden]


def _denials(operation: Operation, denials: Mapping[str, str] | None) -> list[AuditDenial]:
    return [AuditDenial(coordinate=where, permission=what) for where, what in (denials or {}).items()]


@strawberry.type(
    description="A record of the audit trail. A change is on record as soon as it is made, a denial within a minute.",
    directives=[RequiresPermission(permission=READ)],
)
class AuditRecord:
    """A row of audit_log."""

    id: strawberry.ID = prefixed("aud_", "id")
    created_at: datetime = column("created_at", description="When it was done; of several, when the first was.")
    kind: AuditKind = computed(AuditKind, "kind")
    action: str = column("action", description="The mutation, the operation's first root field, or what else was done.")
    outcome: AuditOutcome = computed(AuditOutcome, "outcome")
    count: int = column("count", description="How often, within a minute: equal denials of a caller are one record.")
    actor: Actor | None = to_one(users_by_id, key="actor_id", description="Who did it; null for a caller unknown.")
    acting_as: Actor | None = to_one(users_by_id, key="acting_as_id", description="With whose rights, if another's.")
    credential: CredentialKind | None = computed(lambda kind: kind and CredentialKind(kind), "credential")
    key_name: str | None = column("key_name", description="The public name of the API key or of the peer.")
    elevated: bool = computed(lambda elevation: elevation is not None, "elevation_id")
    space: str | None = column("space")
    operation_name: str | None = column("operation_name")
    document_id: str | None = column("document_id", description="SHA-256 of the document's text, in hex.")
    request_id: str | None = column("request_id")
    address: str | None = column("address", description="Where the request came from.")
    entity: str | None = column("entity", description="The kind of what was changed.")
    entity_id: strawberry.ID | None = column("entity_id")
    coordinates: list[str] = column("coordinates", description="What was used that has a gate of its own.")
    denials: list[AuditDenial] = resolved(_denials, "denials")
    changes: list[FieldChange] = resolved(_changes, "entity", "changes")


@strawberry.type(
    description="A change that is on record: who made it, when, and what it changed of what you may read.",
    directives=[RequiresPermission(permission=ORDERS_READ)],
)
class OrderHistoryEntry:
    """A row of audit_log."""

    id: strawberry.ID = prefixed("aud_", "id")
    created_at: datetime = column("created_at")
    action: str = column("action", description="The mutation.")
    actor: Actor | None = to_one(users_by_id, key="actor_id")
    changes: list[FieldChange] = resolved(_visible_changes, "entity", "changes")


@strawberry.input(description="How a word may be matched.")
class WordFilter:
    """Words are compared for equality."""

    eq: str | None = operator()
    in_: list[str] | None = strawberry.field(default=strawberry.UNSET, name="in")


@strawberry.input(description="How an outcome may be matched.")
class AuditOutcomeFilter:
    """Outcomes are compared for equality."""

    eq: AuditOutcome | None = operator()
    in_: list[AuditOutcome] | None = strawberry.field(default=strawberry.UNSET, name="in")


@strawberry.input
class AuditWhere:
    """Conditions on a record; several fields must all hold."""

    and_: list["AuditWhere"] | None = strawberry.field(default=strawberry.UNSET, name="and")
    or_: list["AuditWhere"] | None = strawberry.field(default=strawberry.UNSET, name="or")
    not_: "AuditWhere | None" = strawberry.field(default=strawberry.UNSET, name="not")
    actor_id: IDFilter | None = filter_on("actor_id", prefix="usr")
    action: WordFilter | None = filter_on("action")
    outcome: AuditOutcomeFilter | None = filter_on("outcome")
    entity: WordFilter | None = filter_on("entity")
    entity_id: WordFilter | None = filter_on("entity_id")
    operation_name: WordFilter | None = filter_on("operation_name")
    created_at: DateTimeFilter | None = filter_on("created_at")


@strawberry.enum(description="What the audit trail can be sorted by.")
class AuditSortField(enum.Enum):
    """Values are columns."""

    CREATED_AT = "created_at"


@strawberry.input
class AuditSort:
    """Time, one way or the other."""

    field: AuditSortField
    direction: SortDirection = SortDirection.ASC
    nulls: NullsOrder | None = operator()


async def _audit_log(  # noqa: PLR0917  # the arguments of a list, as Relay names them
    info: Info,
    first: int | None = strawberry.UNSET,
    after: str | None = strawberry.UNSET,
    last: int | None = strawberry.UNSET,
    before: str | None = strawberry.UNSET,
    where: AuditWhere | None = strawberry.UNSET,
    order_by: list[AuditSort] | None = strawberry.UNSET,
) -> Any:  # Any: a Listed
    arguments = PageArguments(*map(given, (first, after, last, before, where, order_by, None, None)))
    request, binding = arguments.request(LIST, info.context)
    return Listed(LIST, await list_audit(info.context.read, request), binding, info.context)


async def _order_history(
    info: Info,
    id: strawberry.ID,
    first: int | None = strawberry.UNSET,
    after: str | None = strawberry.UNSET,
    last: int | None = strawberry.UNSET,
    before: str | None = strawberry.UNSET,
) -> Any:  # Any: a Listed
    operation = info.context
    order = hex_of(id, "ord")
    arguments = PageArguments(*map(given, (first, after, last, before, None, None, None, None)))
    whole = history_of(public_id("ord", order), arguments.whole(LARGEST_PAGE))
    if order not in await orders_by_id(operation.read, [order], ("id",)):
        return None
    binding = binding_for(operation, LIST.noun, whole)
    page = await list_audit(operation.read, arguments.placed(whole, binding, operation))
    return Listed(LIST, page, binding, operation)


@strawberry.type
class AuditQueries:
    """The root fields of the audit trail."""

    audit_log: Connection[AuditRecord] = root_field(
        _audit_log, gate=READ, description="What is on record of your tenant, the newest first."
    )
    order_history: Connection[OrderHistoryEntry] | None = root_field(
        _order_history,
        gate=ORDERS_READ,
        description="The changes of an order that are on record, the newest first; null when there is no such order.",
    )
