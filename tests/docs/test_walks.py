"""Every command of the README and the quickstart runs, in order, and prints what the page shows."""

import re
import shutil
from pathlib import Path

import pytest

from tests.docs.conftest import Clone
from tests.docs.likeness import missing
from tests.docs.pages import pages, steps
from tests.docs.terminal import open_terminal, settled
from tests.house.source import ROOT

WALKS = ["README.md", "docs/quickstart.md"]
ELSEWHERE = ["docs/operations.md"]  # test_operations.py
_MADE = re.compile(r"""(?:[A-Z_]+=\S+ )?make ([a-z-]+)(?: ARGS="[^"]*")?(?: +#.*)?""")
"""A line that calls make: its target is checked by name, for another test or the demo itself runs it."""

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")


@pytest.mark.parametrize("page", WALKS)
def test_every_command_prints_what_the_page_shows(clone: Clone, page: str) -> None:
    with open_terminal(clone.folder, clone.environment) as terminal:
        for step in steps(ROOT / page):
            if not made(step.commands):
                assert terminal.run(step.commands.replace("127.0.0.1:8000", clone.address)) == 0, f"{step} failed"
                wrong = settled(terminal, step.outputs)
                assert not wrong, f"{step} is not as recorded: {wrong}"


@pytest.mark.parametrize("page", WALKS)
def test_every_target_that_is_named_is_in_the_makefile(page: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {target for step in steps(ROOT / page) for target in made(step.commands)}
    assert named
    assert named <= targets


def test_no_other_page_has_commands_that_nobody_runs() -> None:
    bare = [
        str(step)
        for page in pages()
        if str(page.relative_to(ROOT)) not in {*WALKS, *ELSEWHERE}
        for step in steps(page)
        if not made(step.commands)
    ]
    assert not bare, f"{bare}: move the commands to a page of WALKS, or add the page"


def made(commands: str) -> list[str]:
    """The targets of a block that only calls make; none when it does anything else."""
    found = [_MADE.fullmatch(line.strip()) for line in commands.splitlines()]
    return [match[1] for match in found if match] if all(found) else []


def test_what_differs_from_run_to_run_does_not_matter_and_what_matters_does() -> None:
    shown = ['{"id": "ord_' + "a" * 32 + '", "name": "Zoë", "status": "PENDING", "cursor": "abcdef…"}\n']
    same = '{"id": "ord_' + "b" * 32 + '", "name": "Ann", "status": "PENDING", "cursor": "Zyx-12"}\n'
    assert not missing(shown, same)
    assert missing(shown, same.replace("PENDING", "SHIPPED"))
    assert "not on the page" in missing(shown, same + "another line\n")
    assert not missing(["first\n…\n"], "first\nand\nothers\n")
    assert missing(["first\n…\nlast\n"], "first\nothers\n")


def test_lines_of_a_stream_may_come_between_those_of_an_answer_but_not_in_another_order() -> None:
    shown = ["{\n  1\n}\n", "event: next\nid: abcdef…\ndata: 2\n"]
    event = "event: next\nid: abcdef-1\ndata: 2\n\n"
    assert not missing(shown, "{\n" + event + "  1\n}\n")
    assert not missing(shown, "event: next\n{\n  1\nid: abcdef-1\n}\ndata: 2\n")
    assert "the page shows" in missing(shown, "{\n}\n  1\n" + event)
    assert "the page shows" in missing(shown, "{\n" + event + "}\n")
    assert "not on the page" in missing(shown, "{\n" + event + "  1\n}\n}\n")


def test_a_ping_need_not_be_on_the_page_and_is_waited_for_where_it_is() -> None:
    shown, ping = ["retry: 1000\n\nevent: next\n"], ":\nid: abcdef-1\n\n"
    assert not missing(shown, ":\n\nretry: 1000\n\n" + ping + "event: next\n" + ping)
    assert missing(["retry: 1000\n\n:\nid: Zyx…\n"], ":\n\nretry: 1000\n\n")
    assert not missing(["retry: 1000\n\n:\nid: Zyx…\n"], ":\n\nretry: 1000\n\n" + ping)


def test_a_block_that_ends_in_failure_is_seen_to_fail(tmp_path: Path) -> None:
    with open_terminal(tmp_path, {}) as terminal:
        assert terminal.run("printf 'no end'; false\n") == 1
        assert terminal.run("true\n") == 0


def test_a_page_says_what_follows_a_command(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```sh\nmake demo\n```\n\n```json\n1\n```\n```sql\nSELECT\n```\n```text\n2\n```\n")
    (step,) = steps(page)
    assert (step.line, step.outputs, made(step.commands)) == (1, ["1\n", "2\n"], ["demo"])
