"""Links of the pages lead to files that are there."""

from pathlib import Path

import pytest

from tests.docs.pages import links, pages
from tests.house.source import ROOT


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page: Path) -> None:
    near = [link.partition("#")[0] for link in links(page) if "://" not in link and not link.startswith("#")]
    gone = [link for link in near if not (page.parent / link).exists()]
    assert not gone, f"{page.name} leads to {gone}"
