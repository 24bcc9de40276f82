"""What a subscription selects of the row is told to its resolver."""

import pytest
import strawberry

from schema.fields import Info
from schema.selections import selected_below


@strawberry.type
class Inner:
    one: str = "1"
    two: str = "2"


@strawberry.type
class Outer:
    inner: Inner
    other: Inner


@strawberry.type
class Query:
    @strawberry.field
    def outer(self, info: Info) -> Outer:
        SEEN.append(selected_below(info, "inner"))
        return Outer(inner=Inner(), other=Inner())


SEEN: list[frozenset[str] | None] = []


@pytest.mark.parametrize(
    ("document", "selected"),
    [
        ("{ outer { other { one } } }", None),
        ("{ outer { inner { one } } }", {"one"}),
        ("{ outer { x: inner { y: one } other { two } } }", {"one"}),
        ("{ outer { inner { one } } ...More } fragment More on Query { outer { inner { two } } }", {"one", "two"}),
        ("{ outer { ... { inner { ...Two } } } } fragment Two on Inner { two }", {"two"}),
        ("query($no: Boolean = false) { outer { inner { one two @include(if: $no) } } }", {"one"}),
        ("query($no: Boolean = false) { outer { inner @include(if: $no) { one } other { one } } }", None),
    ],
)
def test_the_fields_below_are_found_wherever_they_stand(document: str, selected: set[str] | None) -> None:
    SEEN.clear()
    result = strawberry.Schema(Query).execute_sync(document)
    assert result.errors is None
    assert [selected] == SEEN
