"""An embedded PostgreSQL under a data folder: for the demo and the tests, never for production.

``Embedded.start`` makes it on the first call, joins it when it already runs, and mends what a ``kill -9`` left. It
listens on a Unix socket only, every
login has a password, and the passwords lie in ``secrets.json`` (mode 0600) beside the data:

    <data folder>/secrets.json    the passwords
    <data folder>/postgres/       the cluster, and its socket unless the path is too long for one
    <data folder>/lock, users     who is starting or stopping; who uses it (the last one to leave stops it)
"""

import fcntl
import hashlib
import json
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Self
from urllib.parse import quote

from db.cluster import Cluster, ClusterError

DATABASE = "tidegate"
SUPERUSER, OWNER, RUNTIME = "postgres", "tidegate_owner", "tidegate_app"
_SOCKET = ".s.PGSQL.5432"
_LONGEST_SOCKET_PATH = 103
"""Bytes that ``sun_path`` holds on the least generous system (macOS), less its closing zero."""

_SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",  # compiling a statement takes longer than any of ours
    "max_locks_per_transaction": "256",
    # Seeding writes a gigabyte at once: few, spread checkpoints, and no log of a table that was made in the same
    # transaction.
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    "wal_compression": "on",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_autovacuum_min_duration": "-1",
}
_DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
_FOLLOWED = {"wal_level": "replica", "max_wal_senders": "4"}
_FAST = {"fsync": "off", "synchronous_commit": "on", "full_page_writes": "off", "autovacuum": "off"}


@dataclass(frozen=True, slots=True)
class Passwords:
    superuser: str
    owner: str
    runtime: str


class Embedded:
    """A running server; made by ``start``, left by ``stop``."""

    def __init__(self, data_dir: Path, cluster: Cluster, passwords: Passwords, users: IO[str]) -> None:
        self.data_dir = data_dir
        self._cluster = cluster
        self._passwords = passwords
        self._users = users

    @classmethod
    def start(cls, data_dir: Path, *, durable: bool = True, followed: bool = False) -> Self:
        """The server of ``data_dir``, made, started or joined; blocks until it takes connections. ``durable=False``
        is for tests: a crash of the machine may lose everything. ``followed``: standbys may stream from it, once it
        was started so. Raises ClusterError."""
        data_dir = data_dir.absolute()
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        data_dir = data_dir.resolve()
        cluster = Cluster(data_dir / "postgres")
        with _locked(data_dir):
            passwords = _prepare(data_dir, cluster)
            if cluster.pid() is None:
                sockets = _ready_socket_dir(cluster)
                settings = _SETTINGS | (_DURABLE if durable else _FAST) | (_FOLLOWED if followed else {})
                cluster.start(settings | {"unix_socket_directories": str(sockets)})
            users = (data_dir / "users").open("a")
            fcntl.flock(users, fcntl.LOCK_SH)
        return cls(data_dir, cluster, passwords, users)

    def leave(self) -> None:
        """Leave the server running, whoever else uses it or not."""
        self._users.close()

    def stop(self) -> None:
        """Leave the server; the last process to leave stops it. May be called twice."""
        if self._users.closed:
            return
        with _locked(self.data_dir):
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            else:
                self._cluster.stop()
                _remove_socket_dir(self._cluster)
            finally:
                self._users.close()

    @property
    def owner_dsn(self) -> str:
        """The login that owns the database and migrates it: no superuser, bound by row-level security like
        everybody."""
        return self.dsn(OWNER, self._passwords.owner)

    @property
    def runtime_dsn(self) -> str:
        """The login that serves: owns nothing and inherits nothing."""
        return self.dsn(RUNTIME, self._passwords.runtime)

    @property
    def superuser_dsn(self) -> str:
        return self.dsn(SUPERUSER, self._passwords.superuser)

    @property
    def runs_as_other_user(self) -> bool:
        """Whether we are root: then the server runs as a system user, and the parents of ``data_dir`` let every user
        pass through."""
        return self._cluster.account is not None

    def dsn(self, login: str, password: str) -> str:
        host = quote(str(_socket_dir(self._cluster)), safe="/")
        return f"postgresql://{login}:{quote(password, safe='')}@/{DATABASE}?host={host}&port=5432"


def exists(data_dir: Path) -> bool:
    """Whether ``Embedded.start`` would find a database there rather than make one."""
    return (data_dir / "postgres" / "PG_VERSION").exists()


@contextmanager
def _locked(data_dir: Path) -> Iterator[None]:
    """One process at a time starts or stops the server; the kernel frees the lock of one that dies."""
    with (data_dir / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _prepare(data_dir: Path, cluster: Cluster) -> Passwords:
    """The passwords, with a cluster that knows them; a lost file of passwords is made anew."""
    file = data_dir / "secrets.json"
    passwords = _read_passwords(file)
    if passwords is not None and exists(data_dir):
        return passwords
    passwords = passwords or Passwords(*(secrets.token_urlsafe(24) for _ in range(3)))
    if exists(data_dir):
        cluster.stop()
        cluster.single_user(_passwords_script(passwords))
    else:
        cluster.create(passwords.superuser, _roles_script(passwords))
    _write_passwords(file, passwords)
    return passwords


def _roles_script(passwords: Passwords) -> str:
    """One command a line. The owner makes the group roles in its migrations; it may neither see past row-level
    security nor become another login."""
    return f"""
CREATE ROLE {OWNER} LOGIN CREATEROLE NOSUPERUSER NOBYPASSRLS NOREPLICATION;
CREATE ROLE {RUNTIME} LOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS NOREPLICATION;
CREATE DATABASE {DATABASE} OWNER {OWNER};
{_passwords_script(passwords)}"""


def _passwords_script(passwords: Passwords) -> str:
    """Hashed once: more rounds slow a guesser down, and nobody guesses 24 random bytes; each connection would pay."""
    logins = {SUPERUSER: passwords.superuser, OWNER: passwords.owner, RUNTIME: passwords.runtime}
    altered = (f"ALTER ROLE {login} PASSWORD '{password}';\n" for login, password in logins.items())
    return "SET scram_iterations = 1;\n" + "".join(altered)


def _read_passwords(file: Path) -> Passwords | None:
    try:
        return Passwords(**json.loads(file.read_text()))
    except FileNotFoundError:
        return None
    except (TypeError, ValueError) as error:
        raise ClusterError(f"{file} is damaged: remove it, and new passwords are made") from error


def _write_passwords(file: Path, passwords: Passwords) -> None:
    """Whole or not at all, and never readable by others, not even for a moment."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    with os.fdopen(handle, "w") as fresh:
        json.dump(asdict(passwords), fresh)
    Path(name).replace(file)


def _socket_dir(cluster: Cluster) -> Path:
    """The data folder, which none but the server's user and root may enter; a short one in its stead when the
    socket's path would be too long."""
    if len(os.fsencode(cluster.folder / _SOCKET)) <= _LONGEST_SOCKET_PATH:
        return cluster.folder
    digest = hashlib.sha256(os.fsencode(cluster.folder)).hexdigest()[:16]
    return Path("/tmp") / f"tidegate-{os.geteuid()}-{digest}"  # noqa: S108  TMPDIR may be long; its owner is checked


def _ready_socket_dir(cluster: Cluster) -> Path:
    folder = _socket_dir(cluster)
    if folder != cluster.folder:
        account = cluster.account
        folder.mkdir(mode=0o700, exist_ok=True)
        if account is not None and folder.lstat().st_uid == os.geteuid():
            os.chown(folder, account.uid, account.gid)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != (account.uid if account else os.geteuid()):
            raise ClusterError(f"{folder} belongs to another user: remove it, or choose a shorter data folder")
        folder.chmod(0o700)
    return folder


def _remove_socket_dir(cluster: Cluster) -> None:
    folder = _socket_dir(cluster)
    if folder != cluster.folder:
        with suppress(OSError):
            folder.rmdir()
