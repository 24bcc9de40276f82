"""Row scopes: which of a tenant's rows a caller reaches, beyond the tenant itself.

One table says what each reach means: the columns of a row that name whom it belongs to. Everything else is compiled
from it: the predicates of statements (every door carries its caller's scope), and the judge of the log's images. Rows
that belong to nobody in particular (products, announcements) are reached by everybody in the tenant.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from sqlalchemy import ColumnElement, FromClause, Table, Uuid, bindparam, or_

from db.events import Event, Image
from db.filters import Condition, Some, Test, judge
from db.tables import customers, orders

REACHES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"OWN": ("created_by",), "ASSIGNED": ("created_by", "assigned_to"), "ALL": ()}
)
"""Each reach, the narrowest first: a row is reached when one of these columns names the caller; without columns every
row is. Each holds all that the ones before it hold.
"""
SCOPED = frozenset({customers, orders})
"""The tables whose rows belong to somebody."""
LEFT = "left"
"""What has happened to a row, for a caller who does not reach it any more: ``order.left``."""
_HOLDER = bindparam("holder", type_=Uuid(as_uuid=False))


@dataclass(frozen=True, slots=True)
class RowScope:
    """The rows in which one of ``columns`` names ``holder`` (32 hex digits); without columns all rows."""

    columns: tuple[str, ...] = ()
    holder: str | None = None

    def columns_of(self, table: Table) -> tuple[str, ...]:
        """Those that narrow the table; none where every row is reached."""
        return self.columns if table in SCOPED else ()

    def condition(self, table: Table) -> Condition | None:
        """The scope as the judge takes it; None where every row is reached."""
        columns = self.columns_of(table)
        return Some([Test(column, "eq", self.holder) for column in columns]) if columns else None


EVERY_ROW = RowScope()


def scope_of(reaches: Iterable[str], user_id: str) -> RowScope:
    """The widest of the reaches of a user's roles; without any role the narrowest."""
    names = list(REACHES)
    columns = REACHES[names[max(map(names.index, reaches), default=0)]]
    return RowScope(columns, user_id) if columns else EVERY_ROW


def branches(table: FromClause, columns: Sequence[str]) -> list[ColumnElement[bool]]:
    """A predicate for each column, each for an index of its own; a row may be in several."""
    return [table.c[column] == _HOLDER for column in columns]


def reached(table: FromClause, columns: Sequence[str]) -> list[ColumnElement[bool]]:
    """The same as one predicate, for rows that are found by something else; none where every row is reached."""
    return [or_(*branches(table, columns))] if columns else []


def seen_within(scope: RowScope, table: Table, event: Event) -> Event | None:
    """The event as the scope lets it be seen: an image out of it is as if it never was. So a row
    that comes in is told whole; one that goes out has ``left``, and nothing of what it has become; None: not at all.
    """
    condition = scope.condition(table)
    if condition is None:
        return event
    before, after = (_if_reached(condition, image) for image in (event.before, event.after))
    if after is None and before is None:
        return None
    if after is None and event.after is not None:
        return replace(event, type=f"{event.entity}.{LEFT}", before=before, after=None)
    return replace(event, before=before)


def _if_reached(condition: Condition, image: Image | None) -> Image | None:
    return image if image is not None and judge(condition, image) is True else None
