"""How a row of any noun is written: held, inserted, changed, and its words kept, all inside a writer's transaction.

A noun's ``Listing`` says which table that is and which of its texts are searched by word. The log and the audit record
are the caller's to add (``resolvers/changes.py``).
"""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ARRAY, SmallInteger, Table, Text, Uuid, any_, bindparam, delete, func, insert, select, update

from db.columns import selected
from db.list_statements import Listing
from db.scopes import reached
from db.search import words_of
from db.statements import Statement, compile_statement
from db.tenancy import Row, TenantWriter
from db.words import WordSource

Columns = Mapping[str, Any]  # Any: one value per column


async def lock_row(writer: TenantWriter, listing: Listing, row_id: str) -> Row | None:
    """The row, held against other writers until the transaction ends; None when there is none within the scope."""
    rows = await writer.fetch(_lock(listing.table, writer.scope.columns_of(listing.table)), id=row_id)
    return rows[0] if rows else None


async def insert_row(writer: TenantWriter, listing: Listing, columns: Columns) -> Row:
    """Insert a row (a value for each column but the tenant's) and answer it. Raises Duplicate."""
    return (await writer.fetch(_insert(listing.table), **columns))[0]


async def insert_words(writer: TenantWriter, listing: Listing, row: Row) -> None:
    """The words of a row that has none yet."""
    await _write_words(writer, _own(listing), row)


async def update_row(writer: TenantWriter, listing: Listing, row: Row, changes: Columns, now: datetime) -> Row:
    """Change columns of a held row and the words of its texts; its version grows by one and its time never goes back.
    Answers the row as it is now. Raises Duplicate.
    """
    statement = _update(listing.table, tuple(sorted(changes)))
    rows = await writer.fetch(statement, id=row["id"], updated_at=max(now, row["updated_at"]), **changes)
    stale = tuple(source for source in _own(listing) if not changes.keys().isdisjoint(source.columns))
    if stale:
        numbers = [source.number for source in stale]
        await writer.fetch(_delete_words(stale[0].terms, stale[0].key), id=row["id"], numbers=numbers)
        await _write_words(writer, stale, rows[0])
    return rows[0]


async def _write_words(writer: TenantWriter, sources: tuple[WordSource, ...], row: Row) -> None:
    words = [(source.number, word) for source in sources for word in sorted(words_of(*_texts(source, row)))]
    await writer.fetch(
        _insert_words(sources[0].terms, sources[0].key),
        id=row["id"],
        numbers=[number for number, _ in words],
        words=[word for _, word in words],
    )


def _texts(source: WordSource, row: Row) -> list[str | None]:
    return [row[column] for column in source.columns]


def _own(listing: Listing) -> tuple[WordSource, ...]:
    """The sources whose words are cut from the noun's own texts: they share one table."""
    return tuple(source for source in listing.sources if source.columns)


@lru_cache(maxsize=50)
def _lock(table: Table, holders: tuple[str, ...]) -> Statement:
    here = (table.c.tenant_id == bindparam("tenant"), table.c.id == bindparam("id"), *reached(table, holders))
    return compile_statement(select(*selected(table, None)).where(*here).with_for_update())


@lru_cache(maxsize=50)
def _insert(table: Table) -> Statement:
    values: Columns = {column.name: bindparam(column.name) for column in table.c if column.name != "tenant_id"}
    return compile_statement(
        insert(table).values({"tenant_id": bindparam("tenant"), **values}).returning(*selected(table, None))
    )


@lru_cache(maxsize=100)
def _update(table: Table, columns: tuple[str, ...]) -> Statement:
    values = {name: bindparam(name, type_=table.c[name].type) for name in (*columns, "updated_at")}
    return compile_statement(
        update(table)
        .where(table.c.tenant_id == bindparam("tenant"), table.c.id == bindparam("id", type_=Uuid(as_uuid=False)))
        .values({**values, "version": table.c.version + 1})
        .returning(*selected(table, None))
    )


@lru_cache(maxsize=50)
def _insert_words(terms: Table, key: str) -> Statement:
    words = (
        func.unnest(bindparam("numbers", type_=ARRAY(SmallInteger)), bindparam("words", type_=ARRAY(Text)))
        .table_valued("source", "term")
        .render_derived()
    )
    row = (bindparam("tenant", type_=Uuid(as_uuid=False)), bindparam("id", type_=Uuid(as_uuid=False)))
    return compile_statement(
        insert(terms).from_select(["tenant_id", key, "source", "term"], select(*row, words.c.source, words.c.term))
    )


@lru_cache(maxsize=50)
def _delete_words(terms: Table, key: str) -> Statement:
    return compile_statement(
        delete(terms).where(
            terms.c.tenant_id == bindparam("tenant"),
            terms.c[key] == bindparam("id"),
            terms.c.source == any_(bindparam("numbers", type_=ARRAY(SmallInteger))),
        )
    )
