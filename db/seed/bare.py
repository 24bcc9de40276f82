"""Tables without their indexes and foreign keys, for as long as one transaction fills them.

An index made of sorted rows and a foreign key checked by one join cost a fraction of what they cost row by row. The
transaction locks everybody else out of these tables; at its end they have all of it again, or are as they were before.
"""

from dataclasses import dataclass
from typing import Self

import asyncpg

BARED = ("customers", "customer_terms", "orders", "order_items", "order_terms")
_CONSTRAINTS = """
SELECT conrelid::regclass::text AS owner, quote_ident(conname) AS name, contype = 'f' AS is_foreign,
    pg_get_constraintdef(oid) AS definition
FROM pg_constraint
WHERE contype IN ('p', 'u', 'f') AND (conrelid = ANY($1::regclass[]) OR confrelid = ANY($1::regclass[]))
ORDER BY is_foreign, owner, name
"""
_INDEXES = """
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
FROM pg_index WHERE indrelid = ANY($1::regclass[])
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
ORDER BY name
"""
_GUARDED = """
SELECT oid::regclass::text FROM pg_class WHERE relforcerowsecurity AND oid IN (
    SELECT unnest(ARRAY[conrelid, confrelid]) FROM pg_constraint
    WHERE contype = 'f' AND (conrelid = ANY($1::regclass[]) OR confrelid = ANY($1::regclass[]))
)
"""


@dataclass(frozen=True, slots=True)
class Bare:
    """What was taken from the tables, as the statements that give it back."""

    indexes: tuple[str, ...]
    foreign_keys: tuple[str, ...]
    guarded: tuple[str, ...]
    """The tables at both ends of the foreign keys that are under forced row-level security."""

    @classmethod
    async def make(cls, connection: asyncpg.Connection) -> Self:
        """Take it; waits for whoever reads or writes these tables, which are empty. Needs a transaction."""
        await connection.execute(f"LOCK TABLE {', '.join(BARED)} IN ACCESS EXCLUSIVE MODE")
        guarded = tuple(row[0] for row in await connection.fetch(_GUARDED, BARED))
        constraints, indexes = await connection.fetch(_CONSTRAINTS, BARED), await connection.fetch(_INDEXES, BARED)
        for each in reversed(constraints):
            await connection.execute(f"ALTER TABLE {each['owner']} DROP CONSTRAINT {each['name']}")
        for each in indexes:
            await connection.execute(f"DROP INDEX {each['name']}")
        # Files of this transaction's own: with the least of write-ahead logs, what is written to them stands in no log.
        await connection.execute(f"TRUNCATE {', '.join(BARED)}")
        keys, foreign_keys = (
            tuple(
                f"ALTER TABLE {each['owner']} ADD CONSTRAINT {each['name']} {each['definition']}"
                for each in constraints
                if each["is_foreign"] is wanted
            )
            for wanted in (False, True)
        )
        return cls(keys + tuple(each["definition"] for each in indexes), foreign_keys, guarded)

    async def undo(self, connection: asyncpg.Connection) -> None:
        """Give it back, checking every row of every tenant. Raises asyncpg.IntegrityConstraintViolationError."""
        for statement in self.indexes:
            await connection.execute(statement)
        # A foreign key is checked by a query of the owner's: under forced policies it would see one tenant's rows only.
        for table in self.guarded:
            await connection.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        for statement in self.foreign_keys:
            await connection.execute(statement)
        for table in self.guarded:
            await connection.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
