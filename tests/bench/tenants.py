"""A tenant as the load sees it. Imports nothing, so that a measured process holds nothing for its sake."""

from dataclasses import dataclass
from datetime import datetime

Key = tuple[datetime, str]
"""The place of an order in a list, newest first: ``created_at`` and id."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant and what its requests are made of. Ids are hex digits; ``deep`` is the key that the deep page follows,
    ``user`` the caller (an admin)."""

    id: str
    slug: str
    orders: int
    user: str
    deep: Key
    order_ids: tuple[str, ...]
