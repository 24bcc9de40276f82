"""`tidegate demo`: everything from nothing, served until Ctrl-C."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from threading import Thread
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from web.cli.database import operating, owner_dsn, runtime_dsn, runtime_login
from web.cli.demo_state import DemoState
from web.cli.failures import Failure
from web.cli.output import remark
from web.cli.ports import reserved
from web.settings import Settings

if TYPE_CHECKING:
    import socket

    from db.cluster import Cluster
    from db.directory import Directory
    from web.cli.demo_screen import Screen

ORDERS = 100_000
SIGNED_IN_AS = "admin@acme.example"
TOKEN_MINUTES = 24 * 60
TICKS = 10
"""How many of the server's ticks, a tenth of a second each, lie between two looks at PostgreSQL."""
_DEFAULTS = {"log_format": "console", "log_level": "warning", "introspection": "everyone", "graphiql": True}


def command(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="The port to listen on (8000).")] = None,
    host: Annotated[str | None, typer.Option(help="The address to listen on (127.0.0.1).")] = None,
    orders: Annotated[int, typer.Option(min=100, help="Orders to seed for acme, the first time.")] = ORDERS,
) -> None:
    """Serve a demo with an embedded PostgreSQL. The first run seeds it; later ones resume in seconds."""
    started = time.monotonic()
    settings = demo_settings(Settings.load(), host, port)
    try:
        with reserved(settings.host, settings.port, "demo") as bound, _every_signal_is_ctrl_c():
            # Half of a warm start is importing the application: that happens while PostgreSQL starts.
            Thread(target=_import_application, daemon=True).start()
            cluster = _cluster_of(settings)
            with operating(settings, make=True) as settings:
                passwords, token = asyncio.run(prepare(settings, orders))

                def screen() -> "Screen":
                    return screen_of(settings, passwords, token, time.monotonic() - started)

                _serve(settings, bound, screen, cluster)
    except KeyboardInterrupt:
        pass
    remark("Stopped.")


def demo_settings(settings: Settings, host: str | None, port: int | None) -> Settings:
    """The environment's settings, with the demo's defaults for what it does not set, and its secret."""
    changes: dict[str, object] = {k: v for k, v in _DEFAULTS.items() if k not in settings.model_fields_set}
    changes |= {"environment": "demo", "host": host or settings.host, "port": port or settings.port}
    if not settings.secrets:
        changes["secrets"] = (DemoState.load(settings.data_dir).secret,)
    return settings.model_copy(update=changes)


async def prepare(settings: Settings, orders: int) -> tuple[dict[str, str], str]:
    """Migrate, seed what is missing, set the passwords that changed. Answers them by email, and a bearer token."""
    from auth.keyring import Keyring
    from auth.operators import issue_token
    from auth.permissions import ELEVATABLE, SYSTEM_ROLES
    from db.directory import Directory
    from db.migrations.run import upgrade
    from db.seed import seed_demo
    from web.cli.progress import shown_progress

    await upgrade(owner_dsn(settings), runtime_login=runtime_login(settings))
    with shown_progress() as progress:
        report = await seed_demo(
            owner_dsn(settings), roles=SYSTEM_ROLES, elevatable=ELEVATABLE, orders=orders, progress=progress
        )
    directory = await Directory.open(runtime_dsn(settings), size=2)
    try:
        passwords = await apply_passwords(directory, settings, afresh=bool(report.made))
        return passwords, await issue_token(directory, Keyring(settings.secrets), SIGNED_IN_AS, "acme", TOKEN_MINUTES)
    finally:
        await directory.close()


async def apply_passwords(directory: "Directory", settings: Settings, *, afresh: bool) -> dict[str, str]:
    """Let the database know the demo's passwords: all of them ``afresh``, else those that changed."""
    from auth.operators import reset_password
    from auth.passwords import Passwords

    state = DemoState.load(settings.data_dir)
    wanted = state.passwords(settings.demo_password)
    changed = {email: word for email, word in wanted.items() if afresh or state.applied.get(email) != word}
    if changed:
        passwords = Passwords()
        await asyncio.gather(*(reset_password(directory, passwords, email, word) for email, word in changed.items()))
        state.with_applied(wanted).save(settings.data_dir)
    return wanted


def screen_of(settings: Settings, passwords: dict[str, str], token: str, seconds: float) -> "Screen":
    """What to show once the server is ready."""
    from web.cli.demo_screen import Screen

    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return Screen(f"http://{host}:{settings.port}", passwords, token, SIGNED_IN_AS, seconds, notes(settings))


def notes(settings: Settings) -> tuple[str, ...]:
    """What the screen says at its end."""
    folder = settings.data_dir
    said = [f"Ctrl-C stops everything, PostgreSQL too. The data and these passwords stay in {folder}/."]
    if os.geteuid() == 0 and (folder / "postgres").exists():
        said.append(
            "You are root: PostgreSQL runs as the user embedded_postgres, "
            f"and the folders above {folder.resolve()} now let every user pass through."
        )
    return tuple(said)


def _cluster_of(settings: Settings) -> "Cluster | None":
    """The embedded PostgreSQL, None when the environment names a database."""
    from db.cluster import Cluster

    given = settings.database_url is not None or settings.database_owner_url is not None
    return None if given else Cluster(settings.data_dir.resolve() / "postgres")


def _serve(
    settings: Settings, bound: "socket.socket", screen: "Callable[[], Screen]", cluster: "Cluster | None"
) -> None:
    """Serve until a signal comes; raises Failure when the server does not start, or ``cluster`` stops meanwhile."""
    from rich.console import Console

    from web.app import create_app
    from web.cli.demo_screen import show
    from web.cli.traces import open_traces
    from web.logs import configure
    from web.server import Server
    from web.server import configure as server_config

    class AnnouncedServer(Server):
        """Shows the screen once connections are accepted, which is after the application's start-up; stops when
        PostgreSQL has.
        """

        lost = False

        async def startup(self, sockets: "list[socket.socket] | None" = None) -> None:
            await super().startup(sockets)
            show(screen(), Console())

        async def on_tick(self, counter: int) -> bool:
            if cluster is not None and counter % TICKS == 0:
                self.lost = cluster.pid() is None
            return await super().on_tick(counter) or self.lost

    configure(settings.log_format, settings.log_level)
    app = create_app(settings, tracing=open_traces(settings))
    server = AnnouncedServer(server_config(app, settings), app.state.draining)
    try:
        server.run([bound])
    except SystemExit as error:
        if error.code:
            raise Failure("The server did not start; the lines above say why.") from error
    if cluster is not None and server.lost:
        raise Failure(f"PostgreSQL has stopped, see {cluster.log}: run `make demo` again.")


def _import_application() -> None:
    with suppress(Exception):  # the import that follows in the main thread tells
        import_module("web.app")


@contextmanager
def _every_signal_is_ctrl_c() -> Iterator[None]:
    """SIGTERM and a closed terminal stop the demo as Ctrl-C does: PostgreSQL must not be left behind."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
