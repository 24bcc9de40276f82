"""What stands in a tenant's tables behind gates: nothing of it may be anywhere in an answer to who may not see it."""

from dataclasses import dataclass

from auth.permissions import PermissionSet
from tests.support.facts import look
from tests.support.world import World

BEHIND = {
    "customers:pii": "SELECT email FROM customers WHERE tenant_id = $1",
    "customers:read": "SELECT name FROM customers WHERE tenant_id = $1",
    "orders:read": "SELECT number FROM orders WHERE tenant_id = $1",
    "products:read": "SELECT name FROM products WHERE tenant_id = $1",
}
"""By permission: values that nobody else's columns hold."""
MOST = 500


@dataclass(frozen=True, slots=True)
class Originals:
    """Values by the permission that it takes to see them."""

    values: dict[str, list[bytes]]

    @classmethod
    async def of(cls, world: World, tenant: str = "acme") -> "Originals":
        hex_id = world.tenants[tenant].hex
        found = {name: await look(world, f"{sql} ORDER BY id LIMIT {MOST}", hex_id) for name, sql in BEHIND.items()}
        return cls({name: [row[0].encode() for row in rows] for name, rows in found.items()})

    def leaked(self, body: bytes, held: PermissionSet, asked: str = "") -> list[bytes]:
        """Values in the body that a caller who may this may not see; what was ``asked`` may be told back."""
        known = asked.encode()
        return [
            value
            for permission, values in self.values.items()
            if not held.allows(permission)
            for value in values
            if value in body and value not in known
        ]
