"""How a row of any noun changes: held against others, checked against the version that the caller read, logged with
both images and audited.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from db.audit_records import AuditDraft
from db.events import EventDraft
from db.ids import PREFIXES, public_id
from db.tenancy import Row, TenantWriter
from resolvers.errors import Conflict, Invalid, NotFound, Problem, Problems

_AMOUNTS = frozenset({"total", "price"})
"""Columns that say nothing without their currency."""


@dataclass(frozen=True, slots=True)
class Patch:
    """What may be changed of a row; a key that is absent from ``changes`` stays as it is. Without an expected version
    the last write wins.
    """

    id: str
    expected_version: int | None
    changes: Mapping[str, Any]  # Any: one value per column

    def beside(self, row: Row) -> dict[str, Any]:  # Any: as above
        """Those of the changes that change something."""
        return {name: value for name, value in self.changes.items() if row[name] != value}


def held(row: Row | None, noun: str, expected_version: int | None) -> Row:
    """The locked row, if it is there and as the caller read it. Raises NotFound, Conflict."""
    if row is None:
        raise NotFound(f"There is no such {noun}.", "id")
    if expected_version is not None and row["version"] != expected_version:
        message = f"The {noun} is at version {row['version']}, not {expected_version}."
        raise Conflict(message, "expectedVersion", current=row)
    return row


def refuse(problems: Sequence[Problem]) -> None:
    """Raises Problems when there are any."""
    if problems:
        raise Problems(problems)


def text_faults(columns: Mapping[str, Any], longest: Mapping[str, int]) -> Iterator[Problem]:  # Any: columns
    """What is wrong with the required texts among the columns; ``longest`` names them, with how long each may be."""
    for name, most in longest.items():
        if name in columns:
            text = columns[name]
            if text is None or not text.strip():
                yield Invalid(f"The {name} is missing.", name, code="REQUIRED")
            elif len(text) > most:
                yield Invalid(f"The {name} holds at most {most} characters.", name, code="TOO_LONG")


def record(writer: TenantWriter, type_: str, action: str, before: Row | None, after: Row) -> None:
    """Log the change (``order.updated``: its noun comes first) and who made it by which mutation."""
    noun = type_.partition(".")[0]
    held_before = None if before is None else dict(before)
    changes = {
        name: [None if held_before is None else held_before[name], value]
        for name, value in after.items()
        if held_before is None or held_before[name] != value
    }
    if "currency" in after and not changes.keys().isdisjoint(_AMOUNTS):
        changes["currency"] = [None if held_before is None else held_before["currency"], after["currency"]]
    writer.record(EventDraft(type_, noun, after["id"], after["version"], held_before, dict(after)))
    writer.audit(AuditDraft(action, noun, public_id(PREFIXES[noun], after["id"]), changes))
