"""Two trees are compared by equal answers, by text and by registered document; nothing is timed."""

import pathlib

import pytest

from tests.bench.against import SIDES, both_running, check_equal, compared, other_tree, register
from tests.bench.database import tenants_of
from tests.bench.measure import Run
from tests.bench.servers import ROOT
from tests.support.database import run_apart
from tests.support.world import World


def test_both_trees_answer_with_equal_data_by_text_and_by_id(world: World, tmp_path: pathlib.Path) -> None:
    run_apart(register(world.dsns))
    tenants = run_apart(tenants_of(world.dsns))
    with both_running(world.dsns, world.dsns, ROOT, -1, tmp_path) as servers:
        assert [*servers] == [side.name for side in SIDES]
        check_equal(servers, tenants)


def test_a_moment_that_was_slow_for_both_sides_is_no_difference() -> None:
    before = [_run(milliseconds) for milliseconds in (1.0, 5.0, 1.0, 1.0)]
    found = compared([_run(milliseconds) for milliseconds in (1.1, 5.5, 1.1, 1.1)], before)
    assert (round(found.more, 6), round(found.doubt, 6)) == (0.1, 0.0)
    assert compared(before, before).more == 0.0


def _run(milliseconds: float) -> Run:
    return Run(100.0, milliseconds / 1000, 0.0, 0.0)


def test_the_other_tree_is_there_for_as_long_as_it_is_needed() -> None:
    with other_tree("HEAD") as tree:
        assert (tree / "web" / "app.py").is_file()
    assert not tree.exists()


def test_a_commit_that_is_none_is_said() -> None:
    with pytest.raises(SystemExit, match="git knows no commit 'no-such-thing'"), other_tree("no-such-thing"):
        pass
