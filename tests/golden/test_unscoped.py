"""Golden test: a caller who reaches every row costs what it cost before there were scopes, to the letter."""

from tests.golden.unscoped import FILE, written


async def test_the_statements_of_callers_without_a_narrower_scope_are_the_ones_that_are_written_down() -> None:
    said = FILE.read_text(encoding="utf-8")
    assert await written() == said, "statements have changed: `python -m tests.golden.unscoped` writes them out"
    assert "holder" not in said
    assert "created_by =" not in said
