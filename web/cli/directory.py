"""The directory for verbs that make tenants, users and tokens."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from auth.errors import AuthError
from db.directory import Directory
from web.cli.database import operating, runtime_dsn
from web.cli.failures import Failure
from web.settings import Settings

T = TypeVar("T")


async def with_directory(work: Callable[[Directory, Settings], Awaitable[T]]) -> T:
    """Run ``work`` on the database that the settings name. Raises Failure with what the operator did wrong."""
    with operating(Settings.load()) as settings:
        directory = await Directory.open(runtime_dsn(settings), size=1)
        try:
            return await work(directory, settings)
        except AuthError as error:
            raise Failure(str(error)) from error
        finally:
            await directory.close()
