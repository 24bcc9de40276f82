"""A reader for those who ask the same at the same moment: groups of subscriptions that tell one event.

Equal statements (text, values, tenant) that are asked before the first of them was sent are sent once. What is asked
later is sent anew: nothing is ever answered from before the question.
"""

import asyncio
from typing import Any

from db.pool import TenantPool
from db.scopes import RowScope
from db.sending import Observer
from db.statements import Statement
from db.tenancy import Row, TenantId, TenantReader

Asked = dict[tuple[object, ...], "asyncio.Task[list[Row]]"]
"""What was asked and not yet sent; one for all readers of a process."""


class SharedReader(TenantReader):
    """As ``TenantReader``, but it keeps no connection for the next statement."""

    __slots__ = ("_asked",)

    def __init__(
        self, pool: TenantPool, tenant: TenantId, observer: Observer | None, scope: RowScope, asked: Asked
    ) -> None:
        super().__init__(pool, tenant, observer, scope)
        self._asked = asked

    async def fetch(self, statement: Statement, **values: object) -> list[Row]:
        given = {**values, "tenant": self.tenant.hex, "holder": self.scope.holder}
        key = (self.tenant.hex, statement.sql, *map(_frozen, statement.args(given)))
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked[key] = asyncio.create_task(self._send(key, statement, values))
            asked.add_done_callback(_look)
        # One who goes away takes nothing from the others.
        return list(await asyncio.shield(asked))

    def __enter__(self) -> "SharedReader":
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    async def _send(self, key: tuple[object, ...], statement: Statement, values: dict[str, object]) -> list[Row]:
        # A task begins after everybody who is awake now has asked; from here on nobody joins.
        del self._asked[key]
        return await super().fetch(statement, **values)


def _frozen(value: Any) -> object:  # Any: a value of any column, or a list of them
    return tuple(value) if isinstance(value, list) else value


def _look(asked: "asyncio.Task[list[Row]]") -> None:
    """An error that nobody waits for any more is nobody's."""
    if not asked.cancelled():
        asked.exception()
