"""From a SQLAlchemy Core element to the text and argument order that asyncpg wants.

SQLAlchemy builds, asyncpg runs: a statement is compiled once for its shape, kept by whoever built it, and run with
new values ever after.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

_DIALECT = PGDialect_asyncpg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL text with ``$n`` places, the parameter name of each place, and the values fixed at build time."""

    sql: str
    names: tuple[str, ...]
    fixed: Mapping[str, object]

    def args(self, values: Mapping[str, object]) -> Sequence[object]:
        """The positional arguments for these values; a missing name is a KeyError."""
        given = {**self.fixed, **values} if self.fixed else values
        return list(map(given.__getitem__, self.names))


def compile_statement(element: Executable) -> Statement:
    """Compile once. Named ``bindparam`` without a value must be given to ``args``; literals in the element are
    kept as fixed values.
    """
    compiled: Any = element.compile(dialect=_DIALECT)  # type: ignore[attr-defined]  # Any: the dialect's compiler is untyped
    names = tuple(compiled.positiontup or ())
    binds = compiled.binds
    fixed = {name: binds[name].effective_value for name in names if not binds[name].required}
    return Statement(str(compiled), names, fixed)
