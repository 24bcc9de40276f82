"""`tidegate serve` starts only when it may, and stops in good order."""

import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from db.migrations.run import is_current
from tests.support.command_line import CommandLine, clean_environment, running
from tests.support.database import Dsns, run_apart
from tests.web.cli.conftest import SECRET


def settings_of(dsns: Dsns, **more: str) -> dict[str, str]:
    return clean_environment(DATABASE_URL=dsns.runtime, TIDEGATE_SECRETS=SECRET, **more)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def wait_until_ready(process: "subprocess.Popen[str]", port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as answer:
                assert answer.status == 200
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError(f"it does not get ready: {process.communicate()}")


def test_it_serves_and_ends_with_a_signal(dsns: Dsns, tmp_path: Path) -> None:
    port = free_port()
    with running(["serve", "--port", str(port)], settings_of(dsns), tmp_path) as process:
        wait_until_ready(process, port)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert out == ""
    assert list(tmp_path.iterdir()) == [], "production makes no folder"


def test_every_wrong_setting_is_named_at_once(tidegate: CommandLine) -> None:
    outcome = tidegate("serve")
    assert outcome.code == 1
    assert "DATABASE_URL is missing" in outcome.err
    assert "TIDEGATE_SECRETS is missing" in outcome.err


def test_more_workers_need_redis(tidegate: CommandLine, with_database: Dsns) -> None:
    outcome = tidegate("serve", "--workers", "2")
    assert outcome.code == 1
    assert "REDIS_URL is missing" in outcome.err


def test_a_database_that_is_not_migrated_is_refused_and_left_alone(
    dsns: Dsns, empty_dsns: Dsns, tmp_path: Path
) -> None:
    with running(["serve", "--port", str(free_port())], settings_of(empty_dsns), tmp_path) as process:
        _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Run `tidegate migrate`" in said
    assert not run_apart(is_current(empty_dsns.owner))


def test_a_login_that_owns_the_tables_is_refused(dsns: Dsns, tmp_path: Path) -> None:
    environment = clean_environment(DATABASE_URL=dsns.owner, TIDEGATE_SECRETS=SECRET)
    with running(["serve", "--port", str(free_port())], environment, tmp_path) as process:
        _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "The serving login owns nothing" in said


def test_a_busy_port_is_told_before_the_database_is_asked(dsns: Dsns, tmp_path: Path) -> None:
    environment = clean_environment(DATABASE_URL="postgresql://app@127.0.0.1:1/none", TIDEGATE_SECRETS=SECRET)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        with running(["serve", "--port", port], environment, tmp_path) as process:
            _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"Port {port} is busy" in said
    assert "tidegate serve --port" in said


def test_a_redis_that_does_not_answer_is_told_before_anything_is_served(dsns: Dsns, tmp_path: Path) -> None:
    environment = settings_of(dsns, REDIS_URL="redis://127.0.0.1:1/0")
    with running(["serve", "--port", str(free_port()), "--workers", "2"], environment, tmp_path) as process:
        _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Redis answers" in said
