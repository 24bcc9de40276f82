"""No file mentions where it was written, a ticket, or a host that packages come from."""

from pathlib import PurePosixPath

import pytest

from tests.house.words import mentions, texts


@pytest.mark.parametrize(
    "line",
    [
        "open ../shared/x",
        "cd " + "/work" + "/main",
        "see issue 12",
        "Mend it (#7)",
        "https://pypi.org/simple",
        "unpkg.com/x",
    ],
)
def test_a_forbidden_word_is_found(line: str) -> None:
    found = mentions(f"# A page\n{line}\n", PurePosixPath("docs/x.md"))
    assert len(found) == 1
    assert found[0].startswith("docs/x.md:2: ")


@pytest.mark.parametrize("line", ["the framework/parts", "color: #777", "an issue with 3 causes", "&#39;"])
def test_an_innocent_line_passes(line: str) -> None:
    assert mentions(line, PurePosixPath("docs/x.md")) == []


def test_no_file_mentions_the_workplace_a_ticket_or_a_host() -> None:
    found = [line for path, text in texts() for line in mentions(text, path)]
    assert not found, "\n".join(found)
