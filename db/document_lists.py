"""The registered documents that a tenant's callers may run, as one list a tenant, with what the tenant uses of each."""

from typing import cast

from sqlalchemy import ARRAY, BigInteger, Column, Table, Text, and_, exists, func, literal, or_, select, true

from db.list_statements import Listing
from db.tables import document_grants, document_uses, documents, tenants

_granted = and_(document_grants.c.document_id == documents.c.id, document_grants.c.tenant_id == tenants.c.id)
_keys = (
    select(func.array_agg(document_grants.c.key_name))
    .where(_granted, document_grants.c.key_name != "")
    .scalar_subquery()
)
_trusted = and_(
    documents.c.published_at.is_not(None),
    or_(documents.c.everybody, exists().where(_granted, document_grants.c.trusted)),
)
_to_all = or_(documents.c.everybody, exists().where(_granted, document_grants.c.key_name == ""))
VISIBLE = (
    select(
        documents.c.id,
        tenants.c.id.label("tenant_id"),
        *(documents.c[name] for name in ("text", "operations", "coordinates", "owner", "role")),
        *(documents.c[name] for name in ("created_at", "sunset_at", "retired_at")),
        _trusted.label("trusted"),
        _to_all.label("to_all"),
        func.coalesce(_keys, literal([], ARRAY(Text))).label("keys"),
        document_uses.c.first_at.label("first_used_at"),
        document_uses.c.last_at.label("last_used_at"),
        func.coalesce(document_uses.c.count, literal(0, BigInteger)).label("uses"),
        document_uses.c.durations,
    )
    .select_from(
        documents.join(tenants, true()).outerjoin(
            document_uses,
            and_(document_uses.c.document_id == documents.c.id, document_uses.c.tenant_id == tenants.c.id),
        )
    )
    .where(or_(documents.c.everybody, exists().where(_granted)))
    .subquery("visible")
)
for _name, _nullable in (("uses", False), ("first_used_at", True), ("last_used_at", True)):
    cast(Column[object], VISIBLE.c[_name]).nullable = _nullable  # of the outer join, not of the table it comes from
LISTING = Listing("document", cast(Table, VISIBLE), ())
"""It has what a list asks of a table; what is granted to others alone is not in it."""
