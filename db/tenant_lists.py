"""Lists of one tenant's rows in the directory: read as a noun's lists are, through another door."""

from collections.abc import Awaitable, Callable, Sequence
from typing import cast

import asyncpg

from db.list_statements import Listing
from db.listings import count_of, has_rows, page_of
from db.pages import Page, PageRequest
from db.scopes import EVERY_ROW
from db.statements import Statement
from db.tenancy import TenantReader

Row = asyncpg.Record
Run = Callable[..., Awaitable[list[Row]]]
"""``await run(statement, **values)``: one statement as the directory, with ``now``."""


class _Door:
    """What a list is read through: one tenant's rows, by the directory."""

    scope = EVERY_ROW

    def __init__(self, run: Run, tenant_id: str) -> None:
        self._run = run
        self._tenant_id = tenant_id

    async def fetch(self, statement: Statement, **values: object) -> list[Row]:
        return await self._run(statement, **values, tenant=self._tenant_id)


class TenantList:
    """The rows of ``listing``; every statement names the tenant. Raises what the directory raises."""

    def __init__(self, run: Run, listing: Listing) -> None:
        self._run = run
        self._listing = listing

    async def page(self, tenant_id: str, request: PageRequest, columns: Sequence[str] | None = None) -> Page:
        return await page_of(self._door(tenant_id), self._listing, request, columns)

    async def has(self, tenant_id: str, page: Page, *, ahead: bool) -> bool:
        """Whether the list goes on after the page (``ahead``) or before it."""
        return await has_rows(self._door(tenant_id), self._listing, page, ahead=ahead)

    async def count(self, tenant_id: str, request: PageRequest) -> tuple[int, bool]:
        return await count_of(self._door(tenant_id), self._listing, request)

    def _door(self, tenant_id: str) -> TenantReader:
        return cast(TenantReader, _Door(self._run, tenant_id))  # it has what a list asks of a reader
