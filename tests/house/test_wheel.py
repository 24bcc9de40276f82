"""The built wheel, unpacked in a folder of its own, serves without the tree that it came from."""

import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from pathlib import Path
from urllib.error import HTTPError, URLError

import pytest

from tests.house.source import ROOT
from tests.support.command_line import PROGRAM, clean_environment
from tests.support.database import Dsns


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an installer would put into site-packages."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder


def test_it_serves_from_anywhere(unpacked: Path, dsns: Dsns) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        base = f"http://127.0.0.1:{probe.getsockname()[1]}"
    environment = clean_environment(
        PYTHONPATH=str(unpacked / "site"),
        DATABASE_URL=dsns.runtime,
        TIDEGATE_SECRETS="only for this one test of the wheel",
        TIDEGATE_PORT=base.rpartition(":")[2],
        TIDEGATE_GRAPHIQL="true",
    )
    with subprocess.Popen(
        [*PROGRAM, "serve"], env=environment, cwd=unpacked, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            seen = {path: answer(base + path, server) for path in ("/health/ready", "/graphiql", "/auth/login")}
        finally:
            server.terminate()
            log, _ = server.communicate(timeout=30)
    assert seen == dict.fromkeys(seen, 200), log
    assert str(ROOT) not in log


def test_its_rooms_are_its_own(unpacked: Path) -> None:
    code = "import db, auth, resolvers, schema, web; print(*(m.__file__ for m in (db, auth, resolvers, schema, web)))"
    environment = clean_environment(PYTHONPATH=str(unpacked / "site"))
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=unpacked, check=True, capture_output=True, text=True
    )
    assert all(Path(file).is_relative_to(unpacked / "site") for file in done.stdout.split())


def answer(url: str, server: "subprocess.Popen[str]", seconds: float = 20) -> int:
    """The status, asked until the server is up; 0 when it ended or the time is over."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return int(response.status)
        except HTTPError as refusal:
            return refusal.code
        except URLError:
            time.sleep(0.1)
    return 0
