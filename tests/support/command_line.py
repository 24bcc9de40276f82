"""Runs verbs as a shell does: in this process for speed, in one of their own where signals or imports matter."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from web.cli import main
from web.settings import Settings, env_name

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-c", "from web.cli import main; main()"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a verb left behind."""

    code: int
    out: str
    err: str


class CommandLine:
    """Call it with a verb and its arguments."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Outcome:
        self._capsys.readouterr()
        # A thread of its own: verbs start event loops, and this one may have the session's.
        with ThreadPoolExecutor(1) as thread:
            code = thread.submit(_exit_code, arguments).result()
        captured = self._capsys.readouterr()
        return Outcome(code, captured.out, captured.err)


def clean_environment(**settings: str) -> dict[str, str]:
    """This process's environment with these settings and no others."""
    ours = {env_name(field) for field in Settings.model_fields}
    return {name: value for name, value in os.environ.items() if name not in ours} | settings


def _heed_ctrl_c() -> None:
    """A shell starts what runs in its background deaf to Ctrl-C, and whoever is started there inherits that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def running(arguments: list[str], environment: Mapping[str, str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A verb in a process of its own, ended with the block."""
    process = subprocess.Popen(
        [*PROGRAM, *arguments],
        env={**environment, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_heed_ctrl_c,  # noqa: PLW1509  nothing else runs between fork and exec
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                process.communicate(timeout=30)


def _exit_code(arguments: tuple[str, ...]) -> int:
    try:
        main(arguments)
    except SystemExit as leaving:
        return int(leaving.code or 0)
    return 0
