"""The profile samples the product while it serves; nothing is timed."""

import io
import pathlib

import pytest
from rich.console import Console

from tests.bench.database import tenants_of
from tests.bench.parts import PARTS
from tests.bench.profile import profile, show_profile
from tests.support.database import run_apart
from tests.support.world import World


def test_a_profile_tells_every_part_of_an_answers_time(world: World, tmp_path: pathlib.Path) -> None:
    tenants = run_apart(tenants_of(world.dsns))
    found = profile(world.dsns, tenants, "nested", -1, 1.0, tmp_path)
    assert tuple(found.shares) == PARTS
    assert sum(found.shares.values()) == pytest.approx(1)
    assert found.samples
    assert 0 < found.pause_99 <= found.pause_worst
    console = Console(record=True, width=100, file=io.StringIO())
    show_profile(console, found)
    shown = console.export_text()
    assert all(text in shown for text in [*PARTS, "in all", "A turn of the event loop"])
