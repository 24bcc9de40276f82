"""Customers and products, with the words each is found by."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    UniqueConstraint,
)

from db.tables.base import metadata, money_column, text_column, time_column, uuid_column, version_column


def terms_table(noun: str) -> Table:
    """The words of a noun, one row a word: prefix ranges over ``term`` stay index conditions under row-level security.

    ``source`` says which field a word comes from (see ``db/search.py``), so that a gated field's words are matched
    only for those who may read it.
    """
    return Table(
        f"{noun}_terms",
        metadata,
        uuid_column("tenant_id"),
        uuid_column(f"{noun}_id"),
        Column("source", SmallInteger, nullable=False),
        text_column("term"),
        PrimaryKeyConstraint("tenant_id", f"{noun}_id", "source", "term"),
        ForeignKeyConstraint(["tenant_id", f"{noun}_id"], [f"{noun}s.tenant_id", f"{noun}s.id"], ondelete="CASCADE"),
        Index(f"ix_{noun}_terms_term", "tenant_id", "source", "term", f"{noun}_id"),
    )


customers = Table(
    "customers",
    metadata,
    uuid_column("tenant_id"),
    uuid_column("id"),
    text_column("name"),
    text_column("name_key"),
    text_column("email"),
    text_column("city"),
    text_column("country"),
    uuid_column("created_by", nullable=True),
    uuid_column("assigned_to", nullable=True),
    version_column(),
    time_column("created_at"),
    time_column("updated_at"),
    PrimaryKeyConstraint("tenant_id", "id"),
    Index(None, "tenant_id", "name_key", "id"),
    Index(None, "tenant_id", "email", "id"),
    Index(None, "tenant_id", "created_at", "id"),
    Index(None, "tenant_id", "updated_at", "id"),
    Index(None, "tenant_id", "created_by", "created_at", "id"),
    Index(None, "tenant_id", "assigned_to", "created_at", "id"),
)
"""``name_key`` is the name folded for sorting (no accents, no case): see ``db/search.py``."""

products = Table(
    "products",
    metadata,
    uuid_column("tenant_id"),
    uuid_column("id"),
    text_column("sku"),
    text_column("name"),
    text_column("name_key"),
    money_column("price"),
    text_column("currency"),
    version_column(),
    time_column("created_at"),
    time_column("updated_at"),
    PrimaryKeyConstraint("tenant_id", "id"),
    UniqueConstraint("tenant_id", "sku"),
    CheckConstraint("price >= 0", name="price_not_negative"),
    Index(None, "tenant_id", "name_key", "id"),
    Index(None, "tenant_id", "price", "id"),
    Index(None, "tenant_id", "created_at", "id"),
    Index(None, "tenant_id", "updated_at", "id"),
)

customer_terms = terms_table("customer")
product_terms = terms_table("product")

__all__ = ["customer_terms", "customers", "product_terms", "products", "terms_table"]
