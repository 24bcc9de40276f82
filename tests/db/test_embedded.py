"""The embedded PostgreSQL: made, joined, stopped, mended; its logins and their limits."""

import json
import os
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from db.cluster import Cluster, ClusterError
from db.embedded import Embedded, exists
from tests.support.database import run_apart


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("embedded")
    yield folder
    Cluster(folder / "postgres").stop()


@pytest.fixture
def server(folder: Path) -> Iterator[Embedded]:
    embedded = Embedded.start(folder, durable=False)
    yield embedded
    embedded.stop()


async def ask(dsn: str, sql: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_all_three_logins_get_in_with_their_passwords(server: Embedded) -> None:
    logins = [
        await ask(dsn, "SELECT current_user") for dsn in (server.superuser_dsn, server.owner_dsn, server.runtime_dsn)
    ]
    assert logins == ["postgres", "tidegate_owner", "tidegate_app"]


async def test_a_wrong_password_does_not_get_in(server: Embedded) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(server.dsn("tidegate_owner", "a guess"))


async def test_no_login_but_the_superuser_sees_past_row_level_security(server: Embedded) -> None:
    found = await ask(
        server.superuser_dsn,
        "SELECT array_agg(rolname::text) FROM pg_roles "
        "WHERE rolcanlogin AND (rolsuper OR rolbypassrls OR rolreplication)",
    )
    assert found == ["postgres"]


async def test_the_owner_owns_the_database_and_may_make_roles(server: Embedded) -> None:
    sql = "SELECT pg_get_userbyid(datdba)::text FROM pg_database WHERE datname = current_database()"
    assert await ask(server.owner_dsn, sql) == "tidegate_owner"
    assert await ask(server.owner_dsn, "SELECT rolcreaterole FROM pg_roles WHERE rolname = current_user") is True


async def test_the_runtime_login_inherits_nothing_and_makes_nothing(server: Embedded) -> None:
    assert await ask(server.runtime_dsn, "SELECT rolinherit FROM pg_roles WHERE rolname = current_user") is False
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await ask(server.runtime_dsn, "CREATE TABLE mine (a int)")


async def test_text_is_utf8_in_byte_order(server: Embedded) -> None:
    assert await ask(server.owner_dsn, "SHOW server_encoding") == "UTF8"
    assert await ask(server.owner_dsn, "SELECT datcollate FROM pg_database WHERE datname = 'tidegate'") == "C"


async def test_it_listens_on_no_network_address(server: Embedded) -> None:
    assert await ask(server.superuser_dsn, "SHOW listen_addresses") == ""


def test_passwords_are_readable_by_nobody_else(server: Embedded, folder: Path) -> None:
    assert stat.S_IMODE((folder / "secrets.json").stat().st_mode) == 0o600


def test_no_password_is_written_anywhere_in_the_cluster(server: Embedded, folder: Path) -> None:
    passwords = [value.encode() for value in json.loads((folder / "secrets.json").read_text()).values()]
    files = [path for path in (folder / "postgres").rglob("*") if path.is_file() and not path.is_socket()]
    assert not [path for path in files if any(password in path.read_bytes() for password in passwords)]


def test_it_is_found_only_where_it_was_made(server: Embedded, folder: Path, tmp_path: Path) -> None:
    assert exists(folder)
    assert not exists(tmp_path)


async def test_a_second_start_joins_the_running_server(server: Embedded, folder: Path) -> None:
    pid = server_pid(folder)
    second = Embedded.start(folder)
    assert server_pid(folder) == pid
    second.stop()
    assert await ask(server.owner_dsn, "SELECT 1") == 1, "the first user still has its server"


def test_the_last_to_leave_stops_it(folder: Path) -> None:
    Embedded.start(folder, durable=False).stop()
    assert Cluster(folder / "postgres").pid() is None


async def test_rows_outlive_a_stop(folder: Path) -> None:
    first = Embedded.start(folder)
    await ask(first.owner_dsn, "CREATE TABLE kept AS SELECT 7 AS a")
    first.stop()
    second = Embedded.start(folder)
    assert await ask(second.owner_dsn, "SELECT a FROM kept") == 7
    second.stop()


async def test_a_durable_server_flushes_what_it_commits(folder: Path) -> None:
    durable = Embedded.start(folder)
    assert [
        await ask(durable.owner_dsn, f"SHOW {name}") for name in ("fsync", "synchronous_commit", "full_page_writes")
    ] == ["on"] * 3
    durable.stop()


async def test_it_starts_again_after_a_kill(folder: Path) -> None:
    first = Embedded.start(folder)
    await ask(first.owner_dsn, "CREATE TABLE survives AS SELECT 8 AS a")
    kill(folder)
    second = Embedded.start(folder)
    assert await ask(second.owner_dsn, "SELECT a FROM survives") == 8
    second.stop()
    first.leave()


async def test_a_pid_file_that_names_another_living_process_does_not_stop_it(folder: Path) -> None:
    Embedded.start(folder).stop()
    assert not (folder / "postgres" / "postmaster.pid").exists()
    lines = f"{os.getpid()}\n{folder}/postgres\n0\n5432\n\n\n\nready\n"
    (folder / "postgres" / "postmaster.pid").write_text(lines)
    mended = Embedded.start(folder)
    assert await ask(mended.owner_dsn, "SELECT 1") == 1
    mended.stop()


async def test_lost_passwords_are_made_anew(folder: Path) -> None:
    Embedded.start(folder).stop()
    (folder / "secrets.json").unlink()
    mended = Embedded.start(folder)
    assert await ask(mended.runtime_dsn, "SELECT 1") == 1
    mended.stop()


def test_damaged_passwords_say_how_to_mend_them(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("{")
    with pytest.raises(ClusterError, match=r"secrets\.json is damaged: remove it"):
        Embedded.start(tmp_path)


async def test_a_half_made_cluster_is_made_again(tmp_path: Path) -> None:
    half = tmp_path / "postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    embedded = Embedded.start(tmp_path, durable=False)
    assert await ask(embedded.owner_dsn, "SELECT 1") == 1
    embedded.stop()
    assert not half.exists()


def test_a_path_too_long_for_a_socket_gets_a_short_one_elsewhere(tmp_path: Path) -> None:
    embedded = Embedded.start(tmp_path / ("long" * 30) / "it's here", durable=False)
    sockets = Path(str(run_apart(ask(embedded.superuser_dsn, "SHOW unix_socket_directories"))))
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    embedded.stop()
    assert not sockets.exists()


def test_a_folder_of_another_version_is_refused_by_name(folder: Path, tmp_path: Path) -> None:
    Embedded.start(tmp_path, durable=False).stop()
    (tmp_path / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(ClusterError, match="initialized by PostgreSQL version 9"):
        Embedded.start(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to a system user")
def test_as_root_the_server_runs_as_another_user(server: Embedded, folder: Path) -> None:
    assert server.runs_as_other_user
    assert psutil.Process(server_pid(folder)).username() == "embedded_postgres"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can try as another user")
def test_other_users_of_the_machine_cannot_reach_the_socket(server: Embedded, folder: Path) -> None:
    socket = folder / "postgres" / ".s.PGSQL.5432"
    done = subprocess.run(["stat", str(socket)], user="nobody", check=False, capture_output=True, text=True, cwd="/")
    assert done.returncode != 0
    assert "Permission denied" in done.stderr


def kill(folder: Path) -> None:
    os.kill(server_pid(folder), signal.SIGKILL)
    while Cluster(folder / "postgres").pid() is not None:
        time.sleep(0.01)


def server_pid(folder: Path) -> int:
    pid = Cluster(folder / "postgres").pid()
    assert pid is not None
    return pid
