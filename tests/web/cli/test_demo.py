"""`tidegate demo`, as a person runs it: one command, one screen, Ctrl-C."""

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from db.cluster import Cluster
from tests.support.command_line import PROGRAM, ROOT, clean_environment, running
from web.cli.demo import demo_settings
from web.cli.demo_state import DemoState, emails
from web.settings import DEMO_SECRET_PREFIX, Settings


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that is ready, and the screen that it printed."""

    process: "subprocess.Popen[str]"
    port: int
    folder: Path
    screen: str

    def curl(self, flag: str) -> list[str]:
        (line,) = (line for line in self.screen.splitlines() if line.startswith(f"curl {flag} "))
        return shlex.split(line)


@contextmanager
def ready_demo(folder: Path, **settings: str) -> Iterator[Demo]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    arguments = ["demo", "--orders", "100", "--port", str(port)]
    with running(arguments, clean_environment(**settings), folder) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not (lines and lines[-1].startswith("Ctrl-C stops everything")):
            line = process.stdout.readline()
            if not line:
                raise AssertionError(f"the demo ended: {process.communicate()[1]}")
            lines.append(line)
        yield Demo(process, port, folder, "".join(lines))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with ready_demo(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


def log_in(demo: Demo, email: str, password: str) -> int:
    request = urllib.request.Request(
        f"http://127.0.0.1:{demo.port}/auth/login",
        json.dumps({"email": email, "password": password}).encode(),
        {"Content-Type": "application/json", "X-Tidegate-Csrf": "1"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        return refusal.code


def test_it_is_ready_when_the_screen_is_printed(demo: Demo) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{demo.port}/health/ready", timeout=10) as answer:
        assert answer.status == 200


def test_every_login_is_told(demo: Demo) -> None:
    assert all(email in demo.screen for email in emails())


@pytest.mark.parametrize("email", ["admin@acme.example", "partner@initech.example"])
def test_a_told_password_signs_in(demo: Demo, email: str) -> None:
    (line,) = (line for line in demo.screen.splitlines() if line.split()[:1] == [email])
    assert log_in(demo, email, line.split()[1]) < 300


def test_another_password_does_not(demo: Demo) -> None:
    assert log_in(demo, "admin@acme.example", "not the password") == 401


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_query_works_when_it_is_pasted(demo: Demo) -> None:
    done = subprocess.run(demo.curl("-s"), capture_output=True, text=True, check=True, timeout=30)
    assert len(json.loads(done.stdout)["data"]["orders"]["nodes"]) == 3


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_stream_works_when_it_is_pasted(demo: Demo) -> None:
    with subprocess.Popen([*demo.curl("-N"), "-i", "-s"], stdout=subprocess.PIPE, text=True) as stream:
        assert stream.stdout is not None
        head = [stream.stdout.readline() for _ in range(2)]
        stream.kill()
    assert " 200 " in head[0]


def test_a_second_one_on_the_same_port_is_told_who_has_it_before_anything_slow(demo: Demo, tmp_path: Path) -> None:
    done = subprocess.run(
        [*PROGRAM, "demo", "--port", str(demo.port)],
        env={**clean_environment(), "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"(pid {demo.process.pid}) listens on it" in done.stderr
    assert "tidegate demo --port" in done.stderr
    assert not (tmp_path / ".tidegate" / "postgres").exists()


def test_other_verbs_work_on_the_running_demo(demo: Demo) -> None:
    done = subprocess.run(
        [*PROGRAM, "doctor", "--json"],
        env={**clean_environment(), "PYTHONPATH": str(ROOT)},
        cwd=demo.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert {finding["ok"] for finding in json.loads(done.stdout)} == {True}
    with urllib.request.urlopen(f"http://127.0.0.1:{demo.port}/health/ready", timeout=10) as answer:
        assert answer.status == 200, "the doctor left the demo's PostgreSQL running"


def test_no_secret_lies_where_others_can_read(demo: Demo) -> None:
    secrets = DemoState.load(demo.folder / ".tidegate").made.values()
    for path in (demo.folder / ".tidegate").rglob("*"):
        if path.is_file() and not path.is_socket() and path.stat().st_mode & 0o077:
            assert not any(secret.encode() in path.read_bytes() for secret in secrets), path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything_and_the_next_run_resumes(tmp_path: Path, number: signal.Signals) -> None:
    with ready_demo(tmp_path) as first:
        first.process.send_signal(number)
        _, said = first.process.communicate(timeout=30)
        assert first.process.returncode == 0
        assert said.endswith("Stopped.\n")
    assert Cluster((tmp_path / ".tidegate" / "postgres").resolve()).pid() is None
    with ready_demo(tmp_path) as second:
        assert logins(second) == logins(first)
        assert "orders" not in second.screen.split("A query")[0], "nothing is seeded again"


def test_it_starts_again_after_a_kill_that_left_postgresql_behind(tmp_path: Path) -> None:
    with ready_demo(tmp_path) as first:
        first.process.kill()
        first.process.wait()
        with ready_demo(tmp_path) as second:
            assert logins(second) == logins(first)


def test_it_ends_when_its_postgresql_has_died(tmp_path: Path) -> None:
    cluster = Cluster((tmp_path / ".tidegate" / "postgres").resolve())
    with ready_demo(tmp_path) as demo:
        pid = cluster.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        _, said = demo.process.communicate(timeout=30)
    assert demo.process.returncode == 1
    assert f"PostgreSQL has stopped, see {cluster.log}" in said


def test_one_password_for_all_can_be_chosen_and_changed(tmp_path: Path) -> None:
    with ready_demo(tmp_path, TIDEGATE_DEMO_PASSWORD="first of them") as first:
        assert log_in(first, "viewer@globex.example", "first of them") < 300
    with ready_demo(tmp_path, TIDEGATE_DEMO_PASSWORD="second of them") as second:
        assert log_in(second, "viewer@globex.example", "second of them") < 300
        assert log_in(second, "viewer@globex.example", "first of them") == 401


def logins(demo: Demo) -> str:
    return demo.screen.partition("Logins")[2].partition("A query")[0]


def test_the_environment_wins_over_the_demos_defaults(tmp_path: Path) -> None:
    settings = demo_settings(Settings(data_dir=tmp_path, log_format="json", port=9001, secrets=("s" * 32,)), None, None)
    assert (settings.log_format, settings.port, settings.secrets) == ("json", 9001, ("s" * 32,))
    assert (settings.environment, settings.introspection, settings.log_level) == ("demo", "everyone", "warning")


def test_options_win_over_the_environment_and_a_secret_is_made(tmp_path: Path) -> None:
    settings = demo_settings(Settings(data_dir=tmp_path, port=9001), "127.0.0.2", 9002)
    assert (settings.host, settings.port) == ("127.0.0.2", 9002)
    assert settings.secrets[0].startswith(DEMO_SECRET_PREFIX)
