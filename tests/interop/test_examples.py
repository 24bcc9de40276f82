"""Each file of docs/examples/ runs as its first lines say, and does what all of them do."""

import asyncio
import os
import shutil
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from tests.interop.client import HERE
from tests.interop.test_graphql_sse import wait_for_streams
from tests.support.proxies import DEPLOY
from tests.support.server import Front

EXAMPLES = DEPLOY.parent / "examples"
PROGRAMS = {".sh": "bash", ".py": sys.executable, ".mjs": "node"}
RUN = sorted(path.name for path in EXAMPLES.iterdir() if path.suffix in PROGRAMS)


def check_story(lines: list[str]) -> None:
    """Two pages, a change that was told, and one that was told later: each once. An event may overtake the answer to
    what caused it.
    """
    words = [line.split() for line in lines]
    assert [each[0] for each in words[:2]] == ["page", "page"], lines
    assert len({number for each in words[:2] for number in each[1:]}) == 4, "two pages of two"
    changed = [int(each[-1]) for each in words if each[0] == "changed"]
    told = [int(each[-1]) for each in words if each[:2] == ["told", "order.updated"]]
    assert changed == told == [changed[0], changed[0] + 1], lines
    assert len(words) == 6, lines


@pytest.mark.parametrize("name", RUN)
async def test_it_pages_changes_streams_and_resumes(front: Front, tmp_path: Path, name: str) -> None:
    shutil.copy(EXAMPLES / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(HERE / "node_modules")
    environment = {
        **os.environ,
        "GATE": f"http://127.0.0.1:{front.port}",
        "TOKEN": await front.token("manager"),
    }
    process = await asyncio.create_subprocess_exec(
        PROGRAMS[Path(name).suffix], name, cwd=tmp_path, env=environment, stdout=PIPE, stderr=PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0, err.decode()
    assert err == b""
    check_story(out.decode().splitlines())
    await wait_for_streams(front, 0)


def test_the_page_of_examples_names_all_of_them() -> None:
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    files = {path.name for path in EXAMPLES.iterdir()} - {"README.md"}
    assert {name for name in files if f"]({name})" in page} == files
    assert files == {*RUN, "event_source.html"}  # test_chromium.py opens that one
