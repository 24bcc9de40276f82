"""What lies in a tenant's tables after a seed is sound, guarded and found by its words."""

import pytest

from db.search import words_of
from db.seed import staging
from db.seed.parties import plain
from db.tables import metadata
from tests.support.database import Dsns
from tests.support.order_hours import differences
from tests.support.seeding import ORDERS, ROLES, ask, reading


async def test_every_tenant_has_the_roles_it_was_given_and_the_head_of_its_log(seeded: Dsns) -> None:
    async with reading(seeded.owner, "globex") as connection:
        rows = await connection.fetch(
            "SELECT roles.name, permissions, system FROM roles JOIN tenants t ON t.id = tenant_id AND slug = 'globex'"
        )
        assert {row["name"]: row["permissions"] for row in rows} == ROLES
        assert all(row["system"] for row in rows)
        assert await connection.fetchval("SELECT seq FROM event_heads") == 0


async def test_the_runtime_role_sees_nothing_without_a_tenant_and_only_its_own_with_one(seeded: Dsns) -> None:
    tables = ("customers", "customer_terms", "products", "product_terms", "orders", "order_items", "order_terms")
    async with reading(seeded.superuser) as connection:
        await connection.execute("SET ROLE tidegate_runtime")
        assert [await connection.fetchval(f"SELECT count(*) FROM {table}") for table in tables] == [0] * len(tables)
    async with reading(seeded.superuser, "initech", "tidegate_runtime") as connection:
        for table in tables:
            assert await connection.fetchval(f"SELECT count(DISTINCT tenant_id) FROM {table}") == 1


async def test_totals_add_up_and_times_are_in_order(seeded: Dsns) -> None:
    wrong = await ask(
        seeded,
        """
        SELECT count(*) FROM orders AS o
        LEFT JOIN LATERAL (
            SELECT sum(i.total) AS total, bool_and(i.total = i.quantity * i.unit_price) AS lines,
                max(line) = count(*) AS gapless
            FROM order_items AS i WHERE i.order_id = o.id
        ) AS sums ON true
        WHERE sums.total IS DISTINCT FROM o.total OR NOT sums.lines OR NOT sums.gapless
            OR o.updated_at < o.created_at OR o.version < 1 OR o.due_at < o.created_at
        """,
    )
    assert wrong == 0


async def test_no_order_is_older_than_its_customer_or_its_products(seeded: Dsns) -> None:
    older_than_customer = (
        "SELECT count(*) FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.created_at > o.created_at"
    )
    older_than_product = (
        "SELECT count(*) FROM order_items i JOIN orders o ON o.id = i.order_id JOIN products p ON p.id = i.product_id "
        "WHERE p.created_at > o.created_at OR p.sku <> i.sku OR p.currency <> o.currency"
    )
    assert await ask(seeded, older_than_customer) == 0
    assert await ask(seeded, older_than_product) == 0


async def test_orders_stand_under_the_words_of_their_number_and_notes(seeded: Dsns) -> None:
    async with reading(seeded.owner, "acme") as connection:
        rows = await connection.fetch(
            "SELECT number, notes, array_agg(term) AS terms FROM orders JOIN order_terms ON order_id = id "
            "GROUP BY orders.id, number, notes"
        )
    assert len(rows) >= ORDERS // 2
    assert all(set(row["terms"]) == words_of(row["number"], row["notes"]) for row in rows)


async def test_orders_are_counted_by_the_hour_whole_batches_at_once(seeded: Dsns) -> None:
    async with reading(seeded.superuser) as connection:
        assert await differences(connection) == []
        assert await connection.fetchval("SELECT count(DISTINCT tenant_id) FROM order_hours") == 3


async def test_customers_and_products_stand_under_their_words(seeded: Dsns) -> None:
    async with reading(seeded.owner, "acme") as connection:
        customers = await connection.fetch(
            "SELECT name, email, array_agg(term) FILTER (WHERE source = 0) AS names, "
            "array_agg(term) FILTER (WHERE source = 1) AS emails "
            "FROM customers JOIN customer_terms ON customer_id = id GROUP BY customers.id, name, email"
        )
        products = await connection.fetch(
            "SELECT name, sku, array_agg(term) AS terms FROM products JOIN product_terms ON product_id = id "
            "GROUP BY products.id, name, sku"
        )
    assert all(set(row["names"]) == words_of(row["name"]) for row in customers)
    assert all(set(row["emails"]) == words_of(row["email"]) for row in customers)
    assert all(set(row["terms"]) == words_of(row["name"], row["sku"]) for row in products)


@pytest.mark.parametrize(
    ("text", "mailbox"),
    [("Łukasz", "lukasz"), ("D'Angelo", "dangelo"), ("von Döbeln", "von-dobeln"), ("Weiß", "weiss")],
)
def test_a_mailbox_name_is_the_name_in_plain_letters(text: str, mailbox: str) -> None:
    assert plain(text) == mailbox


def test_staging_covers_every_column_of_the_seeded_tables() -> None:
    from_defaults = {
        "tenants": {"version", "address_lists"},
        "users": {"version", "credentials_version", "password_hash", "disabled_at", "email_proven"},
        "roles": {"version", "scope", "description"},
    }
    from_defaults["memberships"] = {"version", "spaces", "disabled_at"}
    statements = [text for name, text in vars(staging).items() if name.isupper() and "INSERT INTO" in text]
    for text in statements:
        table, _, rest = text.strip().removeprefix("INSERT INTO ").partition(" (")
        listed = {column.strip() for column in rest.partition(")")[0].split(",")}
        assert listed == set(metadata.tables[table].columns.keys()) - from_defaults.get(table, set())
