"""Tables read before there is a tenant: who exists, who belongs where, which sessions live."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from db.tables.base import metadata, text_column, time_column, uuid_column, version_column

SPACES = ("PROVIDER", "CLIENT", "DEVELOPER", "ACCOUNTING")
"""What callers can be here for (``auth/spaces.py``), the usual one first."""
_ALL_SPACES = "ARRAY[" + ", ".join(f"'{space}'" for space in SPACES) + "]"

tenants = Table(
    "tenants",
    metadata,
    Column("id", uuid_column("id").type, primary_key=True),
    text_column("slug"),
    text_column("name"),
    Column("address_lists", JSONB, nullable=False, server_default="{}"),
    version_column(),
    time_column("created_at"),
    time_column("updated_at"),
    UniqueConstraint("slug"),
    CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name="slug_shape"),
)
"""``address_lists``: by grant (``*`` for everything) the networks that it counts from (``auth/addresses.py``)."""

users = Table(
    "users",
    metadata,
    Column("id", uuid_column("id").type, primary_key=True),
    text_column("email"),
    text_column("name"),
    text_column("password_hash", nullable=True),
    time_column("disabled_at", nullable=True),
    Column("credentials_version", Integer, nullable=False, server_default="1"),
    Column("email_proven", Boolean, nullable=False, server_default="true"),
    version_column(),
    time_column("created_at"),
    time_column("updated_at"),
    UniqueConstraint("email"),
    CheckConstraint("email = lower(email)", name="email_lower"),
)
"""A new ``credentials_version`` ends every bearer token that was issued before. ``email_proven`` is false for who
came by an invitation's link: whoever had the link chose the password, and that may not be whose address it is.
"""

roles = Table(
    "roles",
    metadata,
    Column("tenant_id", uuid_column("tenant_id").type, ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text(collation="C"), primary_key=True),
    Column("permissions", ARRAY(Text), nullable=False),
    Column("elevatable", ARRAY(Text), nullable=False, server_default="{}"),
    Column("scope", Text(collation="C"), nullable=False, server_default="ALL"),
    text_column("description", nullable=True),
    Column("system", Boolean, nullable=False, server_default="false"),
    version_column(),
    time_column("created_at"),
    time_column("updated_at"),
    CheckConstraint("scope IN ('ALL', 'ASSIGNED', 'OWN')", name="scope_known"),
)
"""``scope``: which of the tenant's rows the role reaches (``db/scopes.py``); ``elevatable``: what its members may have
for some minutes beyond ``permissions`` (``auth/elevation.py``).
"""

identities = Table(
    "identities",
    metadata,
    Column("issuer", Text(collation="C"), primary_key=True),
    Column("subject", Text(collation="C"), primary_key=True),
    Column("user_id", uuid_column("user_id").type, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    time_column("created_at"),
    Index(None, "user_id"),
)
"""What a sign-in provider calls a user of ours: its issuer, and the subject that it gives out for good."""

memberships = Table(
    "memberships",
    metadata,
    Column("tenant_id", uuid_column("tenant_id").type, ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", uuid_column("user_id").type, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("spaces", ARRAY(Text), nullable=False, server_default=f"{{{','.join(SPACES)}}}"),
    version_column(),
    time_column("created_at"),
    time_column("updated_at"),
    time_column("disabled_at", nullable=True),
    CheckConstraint(f"spaces <@ {_ALL_SPACES} AND cardinality(spaces) > 0", name="spaces_known"),
    Index(None, "user_id"),
    Index(None, "tenant_id", "created_at", "user_id"),
)
"""A membership that is disabled is as none: its user may go on elsewhere."""

member_roles = Table(
    "member_roles",
    metadata,
    Column("tenant_id", uuid_column("tenant_id").type, primary_key=True),
    Column("user_id", uuid_column("user_id").type, primary_key=True),
    Column("role", Text(collation="C"), primary_key=True),
    ForeignKeyConstraint(
        ["tenant_id", "user_id"], ["memberships.tenant_id", "memberships.user_id"], ondelete="CASCADE"
    ),
    ForeignKeyConstraint(["tenant_id", "role"], ["roles.tenant_id", "roles.name"]),
    Index(None, "tenant_id", "role", "user_id"),
)
"""The roles of each member: a member of several may do what any of them grants."""

sessions = Table(
    "sessions",
    metadata,
    Column("id_hash", LargeBinary, primary_key=True),
    Column("id", uuid_column("id").type, nullable=False, server_default=text("gen_random_uuid()")),
    Column("user_id", uuid_column("user_id").type, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("tenant_id", uuid_column("tenant_id").type, ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
    text_column("user_agent", nullable=True),
    text_column("address", nullable=True),
    time_column("created_at"),
    time_column("seen_at"),
    time_column("expires_at"),
    time_column("revoked_at", nullable=True),
    text_column("provider", nullable=True),
    text_column("provider_session", nullable=True),
    Column("space", Text(collation="C"), nullable=False, server_default=SPACES[0]),
    time_column("authenticated_at", nullable=True),
    uuid_column("elevation_id", nullable=True),
    uuid_column("elevation_tenant_id", nullable=True),
    Column("elevation_scopes", ARRAY(Text), nullable=True),
    time_column("elevated_until", nullable=True),
    uuid_column("acting_as_id", nullable=True),
    CheckConstraint(f"space = ANY ({_ALL_SPACES})", name="space_known"),
    CheckConstraint(
        "num_nulls(elevation_id, elevation_tenant_id, elevation_scopes, elevated_until) IN (0, 4)",
        name="elevation_whole",
    ),
    UniqueConstraint("id"),
    Index(None, "user_id"),
)
"""``id_hash`` is SHA-256 of the cookie's secret: the database never holds a usable session. It is another after each
change of privilege, ``id`` stays. ``provider`` is the issuer that vouched for the sign-in, ``provider_session`` what
that calls its own session (OpenID Connect's ``sid``). ``authenticated_at``: when its person last showed who they are;
null where a provider does not say. The columns of an elevation stand together or not at all; ``acting_as_id`` is the
user whom the person acts as, for as long as the elevation lasts.
"""

replaced_sessions = Table(
    "replaced_sessions",
    metadata,
    Column("id_hash", LargeBinary, primary_key=True),
    Column("session_id", uuid_column("session_id").type, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    text_column("reason"),
    time_column("replaced_at"),
    Index(None, "session_id"),
)
"""Hashes that sessions had before, and why they have another now."""

identity_head = Table(
    "identity_head",
    metadata,
    Column("number", BigInteger, nullable=False),
    CheckConstraint("number >= 0", name="number_not_negative"),
)
"""One row: how many times a user, membership, role or session was changed or removed. Triggers raise it last in each
statement, so numbers are in commit order.
"""

api_keys = Table(
    "api_keys",
    metadata,
    Column("name", Text(collation="C"), primary_key=True),
    Column("tenant_id", uuid_column("tenant_id").type, ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
    Column("maker_id", uuid_column("maker_id").type, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    text_column("label"),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("permissions", ARRAY(Text), nullable=False),
    Column("networks", ARRAY(Text), nullable=False),
    Column("space", Text(collation="C"), nullable=False, server_default=SPACES[0]),
    CheckConstraint(f"space = ANY ({_ALL_SPACES})", name="space_known"),
    time_column("created_at"),
    time_column("expires_at"),
    time_column("used_at", nullable=True),
    time_column("revoked_at", nullable=True),
    Column("documents", Text(collation="C"), nullable=False, server_default="AD_HOC"),
    CheckConstraint("documents IN ('AD_HOC', 'REGISTERED', 'TRUSTED')", name="documents_known"),
    Index(None, "tenant_id", "name"),
    Index(None, "maker_id"),
)
"""``name`` is a key's public half, ``secret_hash`` SHA-256 of the other. Without ``networks``: from anywhere.
``documents``: which ones it runs (``auth/document_policy.py``).
"""

password_resets = Table(
    "password_resets",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("user_id", uuid_column("user_id").type, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    time_column("created_at"),
    time_column("expires_at"),
    Index(None, "user_id"),
)
"""Links to a new password, by SHA-256 of what stands in them; each is gone when it was used."""

sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("free", Integer, nullable=False),
    Column("longest", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    time_column("until"),
    time_column("last_at"),
    Index(None, "last_at"),
)
"""Wrong passwords by account and address, both as keyed hashes: nobody can be read out of it."""
