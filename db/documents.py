"""Registered documents: a part of the directory's door. A document is known by the SHA-256 of its text.

Rows are of the whole deployment; grants and uses name tenants (``docs/decisions``, 45).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ARRAY, Text, any_, bindparam, delete, func, select, true, update
from sqlalchemy.dialects.postgresql import aggregate_order_by

from db.audit_records import AuditRecord
from db.clock import Clock
from db.document_lists import LISTING
from db.statements import Statement, compile_statement
from db.tables import document_grants, documents, tenants
from db.tenant_lists import Row, Run, TenantList
from db.uses import Use

CHANNEL = "tidegate_documents"
"""Where the database tells the id of each document that is registered, changed, granted or retired, by triggers."""
LISTED = 10_000
MOST_REGISTERED = 1_000
"""Documents that a tenant's requests registered; those that were not used for ``UNUSED`` make room."""
UNUSED = timedelta(days=30)

PUBLISH = Statement(
    """
WITH given AS (SELECT * FROM unnest($1::uuid[], $2::text[]) AS g(tenant_id, key_name)),
said AS (SELECT * FROM jsonb_to_recordset($3::jsonb) AS r(id text, text text, operations text[], coordinates text[])),
put AS (
    INSERT INTO documents AS d (id, text, operations, coordinates, owner, role, everybody, sunset_at,
        created_at, updated_at, published_at)
    SELECT id, text, operations, coordinates, $4, $5, $6, $7, $8, $8, $8 FROM said ORDER BY id
    ON CONFLICT (id) DO UPDATE SET operations = excluded.operations, coordinates = excluded.coordinates,
        owner = excluded.owner, role = excluded.role, everybody = d.everybody OR excluded.everybody,
        sunset_at = excluded.sunset_at, updated_at = excluded.updated_at,
        published_at = coalesce(d.published_at, excluded.published_at), retired_at = NULL
    RETURNING id, xmax = 0 AS fresh
),
granted AS (
    INSERT INTO document_grants (document_id, tenant_id, key_name, trusted, created_at)
    SELECT put.id, given.tenant_id, given.key_name, true, $8 FROM put, given ORDER BY 1, 2, 3
    ON CONFLICT (document_id, tenant_id, key_name) DO UPDATE SET trusted = true
)
SELECT id, fresh FROM put
""",
    ("tenant_ids", "key_names", "documents", "owner", "role", "everybody", "sunset_at", "now"),
    {},
)
"""By hand: documents as JSON, any number in one statement, with their grants or not at all."""
_grants = (
    select(
        func.array_agg(aggregate_order_by(document_grants.c.tenant_id, *document_grants.primary_key)).label("tenants"),
        func.array_agg(aggregate_order_by(tenants.c.slug, *document_grants.primary_key)).label("slugs"),
        func.array_agg(aggregate_order_by(document_grants.c.key_name, *document_grants.primary_key)).label("keys"),
        func.array_agg(aggregate_order_by(document_grants.c.trusted, *document_grants.primary_key)).label("trusts"),
    )
    .join(tenants, tenants.c.id == document_grants.c.tenant_id)
    .where(document_grants.c.document_id == documents.c.id)
    .lateral("granted")
)
_IDS = bindparam("ids", type_=ARRAY(Text(collation="C")))
FIND = compile_statement(
    select(documents, _grants).outerjoin_from(documents, _grants, true()).where(documents.c.id == any_(_IDS))
)
LIST = Statement(
    """
SELECT d.*, g.grants, u.first_at, u.last_at, coalesce(u.count, 0) AS count, u.durations
FROM documents d
LEFT JOIN LATERAL (
    SELECT array_agg(t.slug || CASE WHEN g.key_name = '' THEN '' ELSE '/' || g.key_name END ORDER BY 1) AS grants
    FROM document_grants g JOIN tenants t ON t.id = g.tenant_id WHERE g.document_id = d.id
) g ON true
LEFT JOIN LATERAL (
    SELECT min(first_at) AS first_at, max(last_at) AS last_at, sum(count)::bigint AS count,
        (SELECT array_agg(s.n ORDER BY s.place) FROM (
            SELECT p.place, sum(p.n)::bigint AS n
            FROM document_uses a, unnest(a.durations) WITH ORDINALITY AS p(n, place)
            WHERE a.document_id = d.id GROUP BY p.place) s) AS durations
    FROM document_uses u WHERE u.document_id = d.id
) u ON true
WHERE d.id >= $1 AND d.id < $1 || 'g' AND (d.published_at IS NOT NULL OR $2)
ORDER BY d.created_at DESC, d.id LIMIT $3
""",
    ("prefix", "registered", "limit"),
    {},
)
COUNT = Statement(
    """
INSERT INTO document_uses AS u (document_id, tenant_id, first_at, last_at, count, durations)
SELECT r.document_id, r.tenant_id, r.first_at, r.last_at, r.count, r.durations
FROM jsonb_to_recordset($1::jsonb) AS r(document_id text, tenant_id uuid, first_at timestamptz, last_at timestamptz,
    count bigint, durations bigint[])
JOIN documents d ON d.id = r.document_id JOIN tenants t ON t.id = r.tenant_id
ORDER BY 1, 2
ON CONFLICT (document_id, tenant_id) DO UPDATE SET count = u.count + excluded.count,
    first_at = least(u.first_at, excluded.first_at), last_at = greatest(u.last_at, excluded.last_at),
    durations = (SELECT array_agg(s.a + s.b ORDER BY s.place)
        FROM unnest(u.durations, excluded.durations) WITH ORDINALITY AS s(a, b, place))
""",
    ("uses",),
    {},
)
"""By hand: any number of counts in one statement. Of a document or a tenant that is gone nothing is counted."""
REGISTER = Statement(
    """
WITH gone AS (
    DELETE FROM document_grants g WHERE g.tenant_id = $1 AND NOT g.trusted AND g.created_at < $4 AND NOT EXISTS (
        SELECT FROM document_uses u WHERE u.document_id = g.document_id AND u.tenant_id = $1 AND u.last_at >= $4)
    RETURNING 1
),
room AS (
    SELECT count(*) - (SELECT count(*) FROM gone) < $3 AS free
    FROM document_grants WHERE tenant_id = $1 AND NOT trusted
),
said AS (
    SELECT r.* FROM jsonb_to_record($2::jsonb) AS r(id text, text text, operations text[], coordinates text[]), room
    WHERE room.free
),
put AS (
    INSERT INTO documents (id, text, operations, coordinates, created_at, updated_at)
    SELECT id, text, operations, coordinates, $5, $5 FROM said ON CONFLICT DO NOTHING
)
INSERT INTO document_grants (document_id, tenant_id, key_name, trusted, created_at)
SELECT id, $1, '', false, $5 FROM said ON CONFLICT DO NOTHING RETURNING document_id
""",
    ("tenant_id", "document", "most", "unused_since", "now"),
    {},
)
"""By hand: the tenant's unused registrations go, and this one is made if there is room."""
MOST_USED = Statement(
    """
SELECT d.text, d.role FROM documents d
LEFT JOIN LATERAL (SELECT sum(count) AS count FROM document_uses u WHERE u.document_id = d.id) u ON true
WHERE d.published_at IS NOT NULL AND d.retired_at IS NULL AND (d.sunset_at IS NULL OR d.sunset_at > $2)
ORDER BY u.count DESC NULLS LAST, d.published_at DESC, d.id LIMIT $1
""",
    ("limit", "now"),
    {},
)
RETIRE = compile_statement(
    update(documents)
    .where(documents.c.id == any_(_IDS), documents.c.retired_at.is_(None))
    .values(retired_at=bindparam("now", type_=documents.c.retired_at.type))
    .returning(documents.c.id)
)
REVOKE = compile_statement(
    delete(document_grants)
    .where(
        document_grants.c.document_id == any_(_IDS),
        document_grants.c.tenant_id == bindparam("tenant_id", type_=document_grants.c.tenant_id.type),
        document_grants.c.key_name == bindparam("key_name", type_=Text),
    )
    .returning(document_grants.c.document_id)
)


@dataclass(frozen=True, slots=True)
class Grantee:
    """Who may run a document: a tenant, or one of its keys."""

    tenant_id: str
    key_name: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A document about to be registered."""

    id: str
    text: str
    operations: Sequence[str]
    coordinates: Sequence[str]

    def columns(self) -> dict[str, object]:
        return {
            "id": self.id,
            "text": self.text,
            "operations": list(self.operations),
            "coordinates": list(self.coordinates),
        }


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms documents are published: who answers for them, for whom they are, and until when."""

    owner: str
    role: str | None = None
    grantees: Sequence[Grantee] = ()
    """None: for everybody."""
    sunset_at: datetime | None = None


class Documents(TenantList):
    """Reached as ``directory.documents``; raises what the directory raises. As a list: those that a tenant may run.
    What an operator changes for tenants goes on ``record`` with it.
    """

    def __init__(self, run: Run, clock: Clock) -> None:
        super().__init__(run, LISTING)
        self._clock = clock

    async def publish(
        self, drafts: Sequence[Draft], terms: Terms, *, record: Sequence[AuditRecord] = ()
    ) -> Mapping[str, bool]:
        """Register them, or renew what is known of them; all or none. By id whether it is new. Grants are added to
        those that there are, and a document that was retired is not any more.
        """
        rows = await self._run(
            PUBLISH,
            record=record,
            documents=[each.columns() for each in drafts],
            owner=terms.owner,
            role=terms.role,
            everybody=not terms.grantees,
            sunset_at=terms.sunset_at,
            tenant_ids=[each.tenant_id for each in terms.grantees],
            key_names=[each.key_name for each in terms.grantees],
        )
        return {row["id"]: row["fresh"] for row in rows}

    async def register(self, draft: Draft, tenant_id: str) -> bool:
        """Have it registered for the tenant, as a request of its own asked for. False for what is registered for it
        already, and where it has ``MOST_REGISTERED`` in use.
        """
        rows = await self._run(
            REGISTER,
            tenant_id=tenant_id,
            document=draft.columns(),
            most=MOST_REGISTERED,
            unused_since=self._clock() - UNUSED,
        )
        return bool(rows)

    async def provide(self, drafts: Sequence[Draft], owner: str) -> None:
        """Publish for everybody what is not known yet: what was retired stays so."""
        known = await self.find([each.id for each in drafts])
        missing = [each for each in drafts if each.id not in known or known[each.id]["published_at"] is None]
        if missing:
            await self.publish(missing, Terms(owner))

    async def find(self, ids: Sequence[str]) -> dict[str, Row]:
        """By id those that there are, with their grants side by side: ``tenants slugs keys trusts``."""
        rows = await self._run(FIND, ids=list(ids))
        return {row["id"]: row for row in rows}

    async def all(self, prefix: str = "", *, registered: bool = True, limit: int = LISTED) -> list[Row]:
        """Those whose id begins so, the newest first, with ``grants`` as people write them and what all tenants' uses
        come to; ``registered``: also those that only requests registered.
        """
        return await self._run(LIST, prefix=prefix, registered=registered, limit=limit)

    async def add_uses(self, uses: Sequence[Use]) -> None:
        """Add to how much documents are used."""
        await self._run(COUNT, uses=[use.columns() for use in uses])

    async def most_used(self, limit: int) -> list[Row]:
        """Text and role of those that operators published, the most used first; not of what is over."""
        return await self._run(MOST_USED, limit=limit)

    async def retire(self, ids: Sequence[str]) -> list[str]:
        """Let nobody run them by their ids any more; those that were not retired before."""
        return [row["id"] for row in await self._run(RETIRE, ids=list(ids))]

    async def revoke(self, ids: Sequence[str], grantee: Grantee, *, record: AuditRecord | None = None) -> list[str]:
        """Take the grant back; those that had it."""
        values = {"tenant_id": grantee.tenant_id, "key_name": grantee.key_name}
        return [row["document_id"] for row in await self._run(REVOKE, record=record, ids=list(ids), **values)]
