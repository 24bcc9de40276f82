"""Search by words as SQL: where a noun's words stand, and two ways to use them.

A rare word *drives*: its matches are gathered from the terms index and the rest is judged on those rows only. When even
the rarest word of a search is common, the list is *walked* in its order, no further than a window of rows, and each row
is *probed*: a page of common words fills after few rows. A page that does not fill in the window (the matches lie
elsewhere in the order) is driven after all. Counting each word up to ``DRIVER_LIMIT`` decides how to begin, because the
planner cannot: it plans a prepared statement without knowing the words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Table,
    and_,
    any_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    union,
    union_all,
)

from db.search import after_prefix

DRIVER_LIMIT = 20_000
WINDOW = 20_000
"""Rows that a walk looks at before it is given up: about 60 ms."""


@dataclass(frozen=True, slots=True)
class WordSource:
    """Words of ``terms`` with this ``number`` belong to the rows whose ``link`` column equals the terms' ``key``
    column.

    ``columns``: which of a row's own texts the words are cut from; none when they are another noun's words.
    """

    name: str
    terms: Table
    key: str
    number: int
    link: str = "id"
    columns: tuple[str, ...] = ()


def word_values(words: Sequence[str]) -> dict[str, object]:
    """The parameters of the words: ``w0`` and ``x0`` bound the first prefix's range, and so on."""
    values: dict[str, object] = {}
    for index, word in enumerate(words):
        values[f"w{index}"], values[f"x{index}"] = word, after_prefix(word)
    return values


def driven(table: Table, sources: Sequence[WordSource], index: int) -> ColumnElement[bool]:
    """Rows among the word's matches, gathered first: an array, so that the rows are fetched by their key."""
    gathered = matches(table, sources, index)
    return table.c.id == any_(func.array(gathered.scalar_subquery(), type_=table.c.id.type))


def probed(table: FromClause, sources: Sequence[WordSource], index: int) -> ColumnElement[bool]:
    """Rows that have the word, asked row by row: a scalar subquery, since an EXISTS could be turned into a hash of
    all matches.
    """
    probes: list[ColumnElement[bool]] = []
    for source in sources:
        terms = source.terms.c
        probe: Select[Any] = select(literal_column("true")).where(
            and_(*_range(source, index), terms[source.key] == table.c[source.link]),
            terms.tenant_id == table.c.tenant_id,
        )
        probes.append(
            func.coalesce(probe.limit(literal_column("1")).correlate(table).scalar_subquery(), literal_column("false"))
        )
    return or_(*probes)


def counted(table: Table, sources: Sequence[WordSource], index: int) -> ColumnElement[int]:
    """About how many rows have the word, each source counted no further than just past ``DRIVER_LIMIT``.

    A row that has several words with the prefix counts several times: telling them apart would mean reading them all.
    """
    bounded = [_ids(table, source, index).limit(literal_column(str(DRIVER_LIMIT + 1))).subquery() for source in sources]
    counts = [select(func.count()).select_from(each).scalar_subquery() for each in bounded]
    return sum(counts[1:], start=counts[0])


def matches(table: Table, sources: Sequence[WordSource], index: int) -> Any:  # Any: a select or a union of ids
    """The ids of the rows that have the word, each once."""
    selects = [_ids(table, source, index).distinct() for source in sources]
    return selects[0] if len(selects) == 1 else union(*selects)


def sampled(table: Table, sources: Sequence[WordSource], limit: int) -> Select[Any]:  # Any: a row of one id
    """The ids of rows that have the first word, each once, out of its first ``limit`` places."""
    places = union_all(*(_ids(table, source, 0) for source in sources)).limit(literal_column(str(limit))).subquery()
    return select(places.c.id).distinct()


def _ids(table: Table, source: WordSource, index: int) -> Select[Any]:  # Any: a row of one id
    terms = source.terms.c
    if source.link == "id":
        return select(terms[source.key].label("id")).where(*_range(source, index))
    rows = table.alias()
    joined = source.terms.join(
        rows, and_(rows.c.tenant_id == terms.tenant_id, rows.c[source.link] == terms[source.key])
    )
    return (
        select(rows.c.id.label("id"))
        .select_from(joined)
        .where(*_range(source, index), rows.c.tenant_id == bindparam("tenant"))
    )


def _range(source: WordSource, index: int) -> list[ColumnElement[bool]]:
    terms = source.terms.c
    return [
        terms.tenant_id == bindparam("tenant"),
        terms.source == literal_column(str(source.number)),
        terms.term >= bindparam(f"w{index}", type_=terms.term.type),
        terms.term < bindparam(f"x{index}", type_=terms.term.type),
    ]
