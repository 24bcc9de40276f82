"""What the doctor asks the catalogues. Each question answers with names, one a row, of what is wrong (or of what
there is).

Answers concern the schema ``public`` and need no rights. ``$1`` is the list of tables that are no tenant's wherever
there is one.
"""

# ruff: noqa: S608  constants made of constants

_TENANT_TABLES = """
    SELECT c.oid, c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.relispartition FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
        AND c.relname <> 'alembic_version' AND NOT c.relname = ANY ($1::text[])
"""

TENANT_TABLES = f"SELECT relname FROM ({_TENANT_TABLES}) t WHERE NOT relispartition ORDER BY 1"

UNFORCED = f"SELECT relname FROM ({_TENANT_TABLES}) t WHERE NOT (relrowsecurity AND relforcerowsecurity) ORDER BY 1"

UNGUARDED = f"""
SELECT relname FROM ({_TENANT_TABLES}) t WHERE NOT relispartition AND NOT EXISTS (
    SELECT FROM pg_policy p WHERE p.polrelid = t.oid AND p.polcmd = '*'
        AND strpos(pg_get_expr(p.polqual, p.polrelid), $2) > 0
        AND strpos(pg_get_expr(p.polwithcheck, p.polrelid), $2) > 0
) ORDER BY 1
"""

OPEN_POLICIES = f"""
SELECT t.relname || '.' || p.polname FROM ({_TENANT_TABLES}) t JOIN pg_policy p ON p.polrelid = t.oid
WHERE p.polpermissive
    AND p.polroles <> ARRAY (SELECT oid FROM pg_roles WHERE rolname = $3)
    AND (strpos(coalesce(pg_get_expr(p.polqual, p.polrelid), $2), $2) = 0
        OR strpos(coalesce(pg_get_expr(p.polwithcheck, p.polrelid), $2), $2) = 0)
ORDER BY 1
"""
"""Policies for others than the directory alone that do not ask for the tenant."""

LOGIN = """
SELECT rolname AS name, rolsuper AS "is a superuser", rolbypassrls AS "bypasses row-level security",
    rolinherit AS "inherits its roles",
    pg_has_role(rolname, (SELECT oid FROM pg_roles WHERE rolname = $1), 'MEMBER') AS tidegate_runtime,
    pg_has_role(rolname, (SELECT oid FROM pg_roles WHERE rolname = $2), 'MEMBER') AS tidegate_directory
FROM pg_roles WHERE rolname = current_user
"""

OWNS = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND pg_has_role(relowner, 'MEMBER')
UNION ALL SELECT 'database ' || datname FROM pg_database WHERE datname = current_database() AND pg_has_role(datdba,
'MEMBER')
ORDER BY 1
"""

DIRECTORY_OVERREACH = f"""
SELECT $2 || ' on ' || relname FROM ({_TENANT_TABLES}) t
WHERE NOT (relname = 'event_heads' AND NOT has_table_privilege($2, oid, 'INSERT, UPDATE, DELETE, TRUNCATE'))
    AND NOT (relname = 'audit_log' AND NOT has_table_privilege($2, oid, 'SELECT, UPDATE, DELETE, TRUNCATE')
        AND NOT has_any_column_privilege($2, oid, 'SELECT'))
    AND (has_table_privilege($2, oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
        OR has_any_column_privilege($2, oid, 'SELECT'))
ORDER BY 1
"""

FOREIGN_RIGHTS = """
SELECT $2 || ' on ' || relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname = ANY ($1::text[])
    AND has_table_privilege($2, oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
ORDER BY 1
"""

WRITE_RIGHTS = """
SELECT $1 || ' may ' || verb || ' on ' || name FROM unnest($2::text[]) name, unnest($3::text[]) verb
WHERE has_table_privilege($1, format('public.%I', name), verb)
    OR (verb = 'UPDATE' AND has_any_column_privilege($1, format('public.%I', name), verb))
ORDER BY 1
"""

PARTITION_RIGHTS = """
SELECT role || ' on ' || relname FROM pg_class, unnest($1::text[]) role
WHERE relnamespace = 'public'::regnamespace AND relispartition AND relkind IN ('r', 'p')
    AND has_table_privilege(role, oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
ORDER BY 1
"""

LEAKY_OBJECTS = """
SELECT 'view ' || relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'v' AND NOT coalesce(reloptions @>
'{security_invoker=true}', false)
UNION ALL SELECT 'materialized view ' || relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND
relkind = 'm'
UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef
ORDER BY 1
"""

UNTOLD = """
SELECT name FROM unnest($1::text[]) name WHERE NOT EXISTS (
    SELECT FROM pg_trigger WHERE tgrelid = to_regclass(format('public.%I', split_part(name, '.', 1)))
        AND tgname = split_part(name, '.', 2) AND tgenabled IN ('O', 'A')
)
UNION ALL SELECT 'identity_head without its row' WHERE NOT EXISTS (SELECT FROM identity_head)
ORDER BY 1
"""
"""Tables whose changes of rights the database does not tell, or does not number."""

PARTITIONS = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = to_regclass($1) ORDER BY 1"

DEFAULT_PARTITION = "SELECT partdefid <> 0 FROM pg_partitioned_table WHERE partrelid = to_regclass($1)"

A_ROW_OF = 'SELECT EXISTS (SELECT FROM "{table}")'
"""``table`` is a name that the catalogue gave."""

A_ROW_FOR = 'INSERT INTO "{table}" (tenant_id) VALUES ($1)'
"""As above."""
