"""Many callers asked about at once: where each of them stands now, by one statement for any number.

A statement answers a row for each caller that is still known: its place ``n`` (from 1) among those asked about, and
the columns that one caller's own statement has (``db/identity.py``).
"""

from sqlalchemy import ARRAY, ColumnElement, Text, and_, bindparam, case, column, func, select
from sqlalchemy.sql.selectable import TableValuedAlias

from db.identity import MEMBER, SPOKEN_FOR
from db.statements import compile_statement
from db.tables import identity_head, memberships, tenants, users


def asked(**columns: ColumnElement[object]) -> TableValuedAlias:
    """The arrays of the parameters ``columns``, side by side, with the places of their rows."""
    arrays = [bindparam(name, type_=ARRAY(each.type)) for name, each in columns.items()]
    rows = func.unnest(*arrays).table_valued(*columns.values(), with_ordinality="n")
    return rows.render_derived(name="asked")


def chosen(slug: ColumnElement[object], own: ColumnElement[bool]) -> ColumnElement[bool]:
    """The user's membership of the tenant that it chose, or else of the credentials' own."""
    return and_(memberships.c.user_id == users.c.id, case((slug.is_(None), own), else_=tenants.c.slug == slug))


_tokens = asked(
    user_ids=column("user_id", users.c.id.type),
    tenant_ids=column("tenant_id", tenants.c.id.type),
    slugs=column("chosen", Text),
)
CALLERS_BY_TOKEN = compile_statement(
    select(_tokens.c.n, *MEMBER).select_from(
        _tokens.join(users, users.c.id == _tokens.c.user_id).outerjoin(
            SPOKEN_FOR, chosen(_tokens.c.chosen, tenants.c.id == _tokens.c.tenant_id)
        )
    )
)
IDENTITY_NUMBER = compile_statement(select(identity_head.c.number))
"""How many changes of who-may-what were committed."""
