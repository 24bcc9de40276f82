"""A shell that a page's commands are typed into, one block after the other, as a reader would."""

import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import IO

from tests.docs.likeness import missing

_DONE = "the block is done, and its last command answered"


class Terminal:
    """bash in ``folder``; what it prints is collected as it comes, from jobs in the background too."""

    def __init__(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._folder, self._input = folder, process.stdin
        self._printed: list[str] = []
        self._reader = Thread(target=self._read, args=(process.stdout,), daemon=True)
        self._reader.start()
        self._input.write("set -m\n")

    def run(self, commands: str, seconds: float = 30) -> int:
        """Run a block to its end, without what it leaves running. Answers the last command's exit code."""
        script = self._folder / "block.sh"
        script.write_text(commands, encoding="utf-8")
        self._printed.clear()
        self._input.write(f". {script} </dev/null\nprintf '\\n%s %s\\n' '{_DONE}' $?\n")
        self._input.flush()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if ended := re.search(rf"^{_DONE} (\d+)$", "".join(self._printed), re.MULTILINE):
                return int(ended[1])
            time.sleep(0.02)
        raise AssertionError(f"not done within {seconds} seconds:\n{commands}\n{self.printed}")

    @property
    def printed(self) -> str:
        """What was printed since the block began."""
        return "".join(line for line in self._printed if not line.startswith(_DONE))

    def leave(self) -> None:
        """End what was left running, and the shell."""
        self._input.write("for job in $(jobs -p); do kill -- -$job; done; exit\n")
        self._input.close()
        self._reader.join(timeout=30)

    def _read(self, output: IO[str]) -> None:
        for line in output:
            self._printed.append(line)


def settled(terminal: Terminal, shown: list[str], seconds: float = 10) -> str:
    """What is wrong with a block's output once all of it had time to come; nothing shown, nothing asked."""
    until = time.monotonic() + seconds
    while shown and (wrong := missing(shown, terminal.printed)):
        if time.monotonic() > until:
            return wrong
        time.sleep(0.05)
    return ""


@contextmanager
def open_terminal(folder: Path, environment: Mapping[str, str]) -> Iterator[Terminal]:
    """With job control as at a prompt, so that ``kill %1`` ends a whole pipeline."""
    process = subprocess.Popen(
        ["bash", "--noprofile", "--norc"],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        terminal = Terminal(process, folder)
        try:
            yield terminal
        finally:
            terminal.leave()
