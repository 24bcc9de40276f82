"""What is known of a registered document, as verbs tell it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from db.clock import utc_now
from db.directory import Row
from db.durations import percentile
from schema.breaking import Broken

HEAD = ("id", "operations", "owner", "for", "state", "used", "last", "p95")
_SHORT = 12


def facts_of(row: Row) -> dict[str, Any]:  # Any: JSON
    """Of a row of ``Documents.all``."""
    p95 = percentile(row["durations"] or (), 0.95)
    return {
        "id": row["id"],
        "operations": row["operations"],
        "owner": row["owner"],
        "role": row["role"],
        "state": _state(row),
        "grants": ["everybody"] if row["everybody"] else row["grants"] or [],
        "published_at": row["published_at"],
        "sunset_at": row["sunset_at"],
        "retired_at": row["retired_at"],
        "first_used_at": row["first_at"],
        "last_used_at": row["last_at"],
        "uses": row["count"],
        "p95_ms": None if p95 is None else round(p95 * 1000, 1),
    }


def line_of(facts: Mapping[str, Any]) -> tuple[str, ...]:  # Any: JSON
    """Its line in a table, under ``HEAD``."""
    return (
        facts["id"][:_SHORT],
        ", ".join(facts["operations"]),
        facts["owner"] or "",
        ", ".join(facts["grants"]) or "nobody",
        facts["state"],
        str(facts["uses"]),
        _moment(facts["last_used_at"]) or "never",
        "" if facts["p95_ms"] is None else f"{facts['p95_ms']:g} ms",
    )


def lines_of(facts: Mapping[str, Any], coordinates: Sequence[str]) -> list[tuple[str, ...]]:  # Any: JSON
    """All of it, a fact a line."""
    told = {**facts, "grants": ", ".join(facts["grants"]) or "nobody", "operations": ", ".join(facts["operations"])}
    lines = [(name.replace("_", " "), _moment(value)) for name, value in told.items() if value is not None]
    return [*lines, ("coordinates", ", ".join(coordinates))]


def in_force(row: Row) -> bool:
    """Whether anybody can run it by its id."""
    return _state(row) != "retired"


def broken_facts(broken: Broken, row: Row) -> dict[str, Any]:  # Any: JSON
    """What another schema does to it."""
    told = ("id", "operations", "owner", "grants", "uses", "last_used_at")
    facts = facts_of(row)
    return {name: facts[name] for name in told} | {"errors": broken.errors, "deprecated": broken.deprecated}


def broken_lines(found: Sequence[Broken], rows: Mapping[str, Row]) -> list[tuple[str, ...]]:
    """The same as lines of a table."""
    lines: list[tuple[str, ...]] = []
    for each in found:
        id, operations, owner, grants, _, uses, *_ = line_of(facts_of(rows[each.id]))
        what = "\n".join(each.errors or [f"deprecated: {name}" for name in each.deprecated])
        lines.append((id, operations, owner, grants, uses, what))
    return lines


def _state(row: Row) -> str:
    if row["retired_at"] is not None or (row["sunset_at"] is not None and row["sunset_at"] <= utc_now()):
        return "retired"
    if row["published_at"] is None:
        return "registered"
    return "active" if row["sunset_at"] is None else f"until {row['sunset_at']:%Y-%m-%d}"


def _moment(value: object) -> str:
    if value is None:
        return ""
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value)
