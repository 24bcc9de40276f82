"""The command line as a whole: its verbs, its exit codes, its lightness."""

import subprocess
import sys

import pytest

from tests.support.command_line import PROGRAM, ROOT, CommandLine
from web.cli.verbs import VERBS, load


def test_help_lists_every_verb(tidegate: CommandLine) -> None:
    outcome = tidegate("--help")
    assert outcome.code == 0
    assert all(f" {verb} " in outcome.out for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_its_own_help(tidegate: CommandLine, verb: str) -> None:
    outcome = tidegate(verb, "--help")
    assert outcome.code == 0
    assert f"tidegate {verb}" in outcome.out
    assert "--install-completion" not in outcome.out


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_says_in_a_sentence_what_it_does(verb: str) -> None:
    assert (load(verb).help or "").strip().split("\n")[0].rstrip().endswith((".", ":", ","))


def test_help_reads_no_verbs_file_and_no_library_that_is_slow() -> None:
    code = (
        "import sys\nfrom web.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "slow = {'pydantic', 'sqlalchemy', 'asyncpg', 'strawberry', 'uvicorn', 'web.settings'}\n"
        "sys.stderr.write(' '.join(sorted(slow & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == ""


@pytest.mark.parametrize("arguments", [["nonsense"], ["token"], ["config", "--nonsense"], ["tenant"], []])
def test_being_called_wrongly_is_exit_code_two(tidegate: CommandLine, arguments: list[str]) -> None:
    assert tidegate(*arguments).code == 2


def test_a_failure_is_a_sentence_and_exit_code_one_in_a_real_process() -> None:
    done = subprocess.run(
        [*PROGRAM, "config"], cwd=ROOT, env={"TIDEGATE_PORT": "eighty"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "One setting is wrong:",
        "  ✗ TIDEGATE_PORT is wrong: should be a valid integer",
    ]
