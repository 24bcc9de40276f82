"""Which database a verb works on: that of the environment, else the demo's own if there is one."""

from collections.abc import Iterator
from contextlib import contextmanager

from web.cli import demo_state
from web.cli.failures import Failure
from web.settings import Settings


@contextmanager
def operating(settings: Settings, *, make: bool = False) -> Iterator[Settings]:
    """The settings with the addresses to use. Without any in the environment these are the demo's, whose server runs
    while the block does (it is
    joined when the demo runs it already); ``make`` also makes it. Raises Failure when there is no database."""
    if settings.database_url is not None or settings.database_owner_url is not None:
        yield settings
        return
    from db.cluster import ClusterError
    from db.embedded import Embedded, exists

    if not make and not exists(settings.data_dir):
        raise Failure(
            "There is no database: set DATABASE_URL and DATABASE_OWNER_URL, "
            f"or run `tidegate demo`, which makes one in {settings.data_dir}."
        )
    state = demo_state.DemoState.load(settings.data_dir)
    try:
        embedded = Embedded.start(settings.data_dir)
    except ClusterError as error:
        raise Failure(f"The embedded PostgreSQL does not start: {error}") from error
    try:
        yield settings.model_copy(
            update={
                "database_url": embedded.runtime_dsn,
                "database_owner_url": embedded.owner_dsn,
                "secrets": settings.secrets or (state.secret,),
                "environment": "demo",
            }
        )
    finally:
        embedded.stop()


def owner_dsn(settings: Settings) -> str:
    """Raises Failure when only the runtime login is known."""
    if settings.database_owner_url is None:
        raise Failure("DATABASE_OWNER_URL is missing: this needs the login that owns the tables.")
    return settings.database_owner_url


def runtime_dsn(settings: Settings) -> str:
    """Raises Failure when only the owner's login is known."""
    if settings.database_url is None:
        raise Failure("DATABASE_URL is missing: this needs the login that serves.")
    return settings.database_url


def runtime_login(settings: Settings) -> str | None:
    """The login's name in DATABASE_URL, None without one."""
    from urllib.parse import unquote, urlsplit

    name = urlsplit(settings.database_url or "").username
    return unquote(name) if name else None
