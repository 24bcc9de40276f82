"""A tiny schema of secrets under every kind of mask, one of them behind an interface."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import strawberry

from auth.permissions import PermissionSet
from db.columns import unprinted
from resolvers.context import ReadContext
from schema.fields import by_id, column, computed, embedded, to_many
from schema.gates import Gatekeeper
from schema.masks import bucketed, hashed, last4
from schema.scalars import SCALARS, write_time
from tests.support.library import A, Desk, Row

SEE, GLIMPSE = "vault:see", "vault:glimpse"
VAULT = f"vlt_{A}"
NEW_YEARS = tuple(datetime(year, 1, 1, tzinfo=UTC) for year in (2020, 2025))
SAFES: list[dict[str, Any]] = [  # Any: a column's value
    {"owner": "Cleopatra", "code": "open sesame", "a": "left", "b": "right", "worth": 999, "opened": None},
    {
        "owner": "Dan",
        "code": None,
        "a": "left",
        "b": "right",
        "worth": 70_000,
        "opened": datetime(2021, 5, 1, 12, 30, 15, 7, tzinfo=UTC),
    },
    {
        "owner": "Zoë Müller-Straße",
        "code": "open sesame",
        "a": "up",
        "b": "",
        "worth": -4,
        "opened": datetime(2031, 1, 1, tzinfo=UTC),
    },
]


@dataclass
class Vault:
    """One vault and its safes."""

    safes: list[dict[str, Any]] = field(default_factory=lambda: SAFES)  # Any: a column's value
    asked: list[tuple[str, tuple[str, ...], tuple[str, ...] | None]] = field(default_factory=list)

    async def find_vaults(
        self, _: ReadContext, keys: Sequence[str], columns: Sequence[str] | None
    ) -> dict[str, Any]:  # Any: rows
        return {key: Row({"id": key}) for key in keys}

    async def find_safes(
        self, _: ReadContext, keys: Sequence[str], columns: Sequence[str] | None
    ) -> dict[str, Any]:  # Any: rows
        self.asked.append(("safes", tuple(keys), None if columns is None else tuple(columns)))
        rows = [Row(safe if columns is None else {name: _read(safe, name) for name in columns}) for safe in self.safes]
        return dict.fromkeys(keys, rows)

    def schema(self) -> strawberry.Schema:
        """The language of this vault."""
        here = self

        @strawberry.interface
        class Owned:
            owner: str

        @strawberry.type
        class Lock:
            code: str | None = column("code", gate=SEE, mask=hashed(GLIMPSE))
            open: bool = computed(lambda code: code is None, "code")

        @strawberry.type
        class Safe(Owned):
            owner: str = column("owner", gate=SEE, mask=last4(GLIMPSE))
            code: str | None = column("code", gate=SEE, mask=hashed(GLIMPSE))
            turns: str = computed(lambda a, b: a + b, "a", "b", gate=SEE, mask=last4(GLIMPSE))
            worth: int | None = column("worth", gate=SEE, mask=bucketed(GLIMPSE, 0, 1_000, 50_000))
            opened: datetime | None = column("opened", gate=SEE, mask=bucketed(GLIMPSE, *NEW_YEARS))
            lock: Lock = embedded(code="code")

            @classmethod
            def is_type_of(cls, source: Any, _: object) -> bool:  # Any: a row
                return True

        @strawberry.type
        class Hall:
            safes: list[Safe] = to_many(here.find_safes, key="id", at_most=10)

        @strawberry.type
        class Query:
            vault: Hall | None = by_id(here.find_vaults, "vlt")

        return strawberry.Schema(query=Query, config=strawberry.schema.config.StrawberryConfig(scalar_map=SCALARS))


def _read(safe: dict[str, Any], name: str) -> Any:  # Any: a column's value
    time = unprinted(name)
    return safe[name] if time is None else safe[time] and write_time(safe[time])


def desk_of(text: str, *grants: str, vault: Vault | None = None) -> Desk[Vault]:
    """A desk that answers the document as to a caller with these grants."""
    desk = Desk(vault or Vault())
    document = desk.document(text)
    (operation,) = document.operations.values()
    verdict = Gatekeeper(desk.core).judge(operation, document.fragments, {}, PermissionSet.of(grants))
    assert not verdict.refused, verdict
    desk.denied, desk.masked = verdict.denied, verdict.masked
    return desk
