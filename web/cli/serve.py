"""`tidegate serve`: production. It refuses unfit settings and an unsafe database, and never migrates."""

import asyncio
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from web.cli.failures import Failure

if TYPE_CHECKING:
    import socket

    from web.settings import Settings


def command(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Instead of TIDEGATE_PORT.")] = None,
    host: Annotated[str | None, typer.Option(help="Instead of TIDEGATE_HOST.")] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes; more than one need REDIS_URL.")] = 1,
) -> None:
    """Serve with the settings of the environment."""
    from web.cli.ports import reserved
    from web.cli.workers import STOP_SECONDS, Workers
    from web.logs import configure
    from web.settings import Settings

    settings = Settings.for_serve(workers)
    settings = settings.model_copy(update={"host": host or settings.host, "port": port or settings.port})
    configure(settings.log_format, settings.log_level)
    with reserved(settings.host, settings.port, "serve") as bound:
        _refuse_unsafe(settings)
        if workers == 1:
            work(bound)
        else:
            with TemporaryDirectory(prefix="tidegate-") as folder:
                started = partial(work, workers=workers, together=Path(folder))
                Workers(workers, bound, started, settings.drain_seconds + STOP_SECONDS).run()


def work(bound: "socket.socket", workers: int = 1, together: Path | None = None) -> None:
    """One worker of so many, which meet in a folder: serve on the socket with the settings of the environment, until a
    signal comes.
    """
    from web.app import create_app
    from web.cli.traces import open_traces
    from web.logs import configure
    from web.server import serve
    from web.settings import Settings

    settings = Settings.for_serve()
    configure(settings.log_format, settings.log_level)
    try:
        serve(create_app(settings, workers, together, open_traces(settings)), settings, [bound])
    except SystemExit as error:
        if error.code:
            raise Failure("The server did not start; the log says why.") from error


def _refuse_unsafe(settings: "Settings") -> None:
    """Raises Failure when the doctor finds anything wrong with what would be served."""
    from web.cli.doctor import examine

    wrong = [finding for finding in asyncio.run(examine(settings)) if not finding.ok]
    if wrong:
        lines = [f"  ✗ {finding.check}: {finding.detail}\n    → {finding.mend}" for finding in wrong]
        raise Failure("\n".join(["This installation must not serve (`tidegate doctor` tells all):", *lines]))
