"""The lists of the caller's tenant that the directory keeps, read as a noun's lists are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from db.directory import Directory
from db.pages import Page, PageRequest
from db.tenant_lists import TenantList
from resolvers.context import ReadContext


@dataclass(frozen=True, slots=True)
class DirectoryList:
    """One of them: ``of`` picks it. Raises what the directory raises."""

    of: Callable[[Directory], TenantList]

    async def page(self, ctx: ReadContext, request: PageRequest, columns: Sequence[str] | None = None) -> Page:
        return await self._of(ctx).page(ctx.principal.tenant.hex, request, columns)

    async def count(self, ctx: ReadContext, request: PageRequest) -> tuple[int, bool]:
        return await self._of(ctx).count(ctx.principal.tenant.hex, request)

    async def has(self, ctx: ReadContext, page: Page, *, ahead: bool) -> bool:
        """Whether the list goes on after the page (``ahead``) or before it."""
        return await self._of(ctx).has(ctx.principal.tenant.hex, page, ahead=ahead)

    def _of(self, ctx: ReadContext) -> TenantList:
        return self.of(ctx.database.directory)
