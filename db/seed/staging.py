"""The SQL of a seed: staging tables, and the statements that move their rows to where they belong.

COPY is refused under FORCE ROW LEVEL SECURITY, so rows are copied into temporary tables first; those are gone with the
transaction, whatever ends it. Every INSERT runs as the owner with the tenant set, under everybody's policies.
"""

from db.tables import QUARTERS

STAGING = """
CREATE TEMPORARY TABLE IF NOT EXISTS seed_customers (
    id uuid, name text, name_key text, email text, city text, country text,
    created_by uuid, assigned_to uuid, version int, created_at timestamptz, updated_at timestamptz,
    name_words text, email_words text
) ON COMMIT DROP;
CREATE TEMPORARY TABLE IF NOT EXISTS seed_products (
    place int, id uuid, sku text, name text, name_key text, price bigint, version int,
    created_at timestamptz, updated_at timestamptz, words text
) ON COMMIT DROP;
CREATE TEMPORARY TABLE IF NOT EXISTS seed_orders (
    id uuid, number text, status text, customer_id uuid, total bigint, notes text, due_at timestamptz,
    created_by uuid, assigned_to uuid, version int, created_at timestamptz, updated_at timestamptz,
    products int[], quantities int[], words text
) ON COMMIT DROP;
TRUNCATE seed_products;
"""

TENANT = "INSERT INTO tenants (id, slug, name, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)"
ROLE = """
INSERT INTO roles (tenant_id, name, permissions, elevatable, system, created_at, updated_at)
VALUES ($1, $2, $3, $4, true, $5, $5)
"""
USER = "INSERT INTO users (id, email, name, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)"
MEMBERSHIP = "INSERT INTO memberships (tenant_id, user_id, created_at, updated_at) VALUES ($1, $2, $3, $3)"
MEMBER_ROLE = "INSERT INTO member_roles (tenant_id, user_id, role) VALUES ($1, $2, $3)"
HEAD = "INSERT INTO event_heads (tenant_id, seq, ts) VALUES ($1, 0, $2)"

CUSTOMERS = """
INSERT INTO customers (tenant_id, id, name, name_key, email, city, country,
    created_by, assigned_to, version, created_at, updated_at)
SELECT $1::uuid, id, name, name_key, email, city, country,
    created_by, assigned_to, version, created_at, updated_at
FROM seed_customers
"""
CUSTOMER_TERMS = """
INSERT INTO customer_terms (tenant_id, customer_id, source, term)
SELECT $1::uuid, id, source, word
FROM seed_customers,
    LATERAL (VALUES (0, name_words), (1, email_words)) AS texts (source, words),
    LATERAL string_to_table(words, ' ') AS word
"""
PRODUCTS = """
INSERT INTO products (tenant_id, id, sku, name, name_key, price, currency, version, created_at, updated_at)
SELECT $1::uuid, id, sku, name, name_key, price, $2::text, version, created_at, updated_at FROM seed_products
"""
PRODUCT_TERMS = """
INSERT INTO product_terms (tenant_id, product_id, source, term)
SELECT $1::uuid, id, 0, word FROM seed_products, LATERAL string_to_table(words, ' ') AS word
"""
ORDERS = """
INSERT INTO orders (
    tenant_id, id, number, status, customer_id, currency, total, notes, due_at,
    created_by, assigned_to, version, created_at, updated_at
)
SELECT $1::uuid, id, number, status, customer_id, $2::text, total, notes, due_at,
    created_by, assigned_to, version, created_at, updated_at
FROM seed_orders
"""
ORDER_ITEMS = """
INSERT INTO order_items (tenant_id, order_id, line, product_id, sku, quantity, unit_price, total, currency)
SELECT $1::uuid, o.id, item.line, p.id, p.sku, item.quantity, p.price, p.price * item.quantity, $2::text
FROM seed_orders AS o, LATERAL unnest(o.products, o.quantities) WITH ORDINALITY AS item (product, quantity, line)
JOIN seed_products AS p ON p.place = item.product
"""
_QUARTER = "extract(minute FROM created_at AT TIME ZONE 'UTC')::int / 15"
_SUMS = [f"orders_{quarter}" for quarter in QUARTERS] + [f"total_{quarter}" for quarter in QUARTERS]
ORDER_HOURS = f"""
INSERT INTO order_hours (tenant_id, hour, currency, status, {", ".join(_SUMS)})
SELECT $1::uuid, date_trunc('hour', created_at, 'UTC'), $2::text, status,
    {", ".join(f"count(*) FILTER (WHERE {_QUARTER} = {place})" for place in range(4))},
    {", ".join(f"coalesce(sum(total) FILTER (WHERE {_QUARTER} = {place}), 0)" for place in range(4))}
FROM seed_orders GROUP BY 2, 4 ORDER BY 2, 4
ON CONFLICT (tenant_id, hour, currency, status)
DO UPDATE SET {", ".join(f"{name} = order_hours.{name} + excluded.{name}" for name in _SUMS)}
"""  # noqa: S608  constants made of constants
UNCOUNTED = "SELECT set_config('tidegate.tally', 'off', true)"
"""The triggers that count orders one by one rest in this transaction: ``ORDER_HOURS`` counts a batch."""
ORDER_TERMS = """
INSERT INTO order_terms (tenant_id, order_id, source, term)
SELECT $1::uuid, id, 0, word FROM seed_orders, LATERAL string_to_table(words, ' ') AS word
"""
TABLES = (
    "tenants, users, roles, memberships, member_roles, event_heads, "
    "customers, customer_terms, products, product_terms, orders, order_items, order_terms, order_hours"
)
