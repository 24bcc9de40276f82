"""The three servers of the benchmark answer every work with equal data; nothing is timed."""

import pathlib

from tests.bench.contenders import all_running, check_equal
from tests.bench.database import tenants_of
from tests.bench.works import WORKS
from tests.support.database import run_apart
from tests.support.world import World


def test_stock_raw_and_product_answer_with_equal_data(world: World, tmp_path: pathlib.Path) -> None:
    tenants = run_apart(tenants_of(world.dsns))
    with all_running(world.dsns, -1, tmp_path) as servers:
        sizes = check_equal(servers, tenants)
    assert set(sizes) == {work.name for work in WORKS}
