"""What is asked: five pages over GraphQL, the same text and fields to every server, and the bytes of their requests."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import orjson

from db.ids import public_id
from tests.bench.tenants import Key, Tenant

_ORDER = """
      id number status total { amount currency } notes dueAt version createdAt updatedAt"""
_RELATIONS = """
      customer { id name email }
      items { quantity unitPrice { amount } product { id name } }"""
_PAGE_INFO = """
    pageInfo { hasNextPage endCursor }"""

FLAT = f"""query FlatPage($first: Int!, $after: String) {{
  orders(first: $first, after: $after) {{
    nodes {{{_ORDER}
    }}{_PAGE_INFO}
  }}
}}"""
NESTED = f"""query NestedPage($first: Int!, $after: String) {{
  orders(first: $first, after: $after) {{
    nodes {{{_ORDER}{_RELATIONS}
    }}{_PAGE_INFO}
  }}
}}"""
SINGLE = f"""query SingleOrder($id: ID!) {{
  order(id: $id) {{{_ORDER}{_RELATIONS}
  }}
}}"""

MakeCursor = Callable[[Tenant, Key], str]
"""How a server spells the place behind a row (``created_at`` and id) of a tenant's list."""
Requests = list[bytes]


@dataclass(frozen=True, slots=True)
class Goal:
    """What the product is to reach: times stock Strawberry, and the share of the hand-written program."""

    stock: float
    raw: float


@dataclass(frozen=True, slots=True)
class Work:
    """One line of the benchmark. ``first`` 0 asks for single orders."""

    name: str
    title: str
    document: str
    first: int
    goal: Goal | None
    deep: bool = False

    def variables(self, tenant: Tenant, draw: random.Random, cursor: MakeCursor) -> dict[str, object]:
        if self.first == 0:
            return {"id": public_id("ord", draw.choice(tenant.order_ids))}
        page: dict[str, object] = {"first": self.first}
        return page | {"after": cursor(tenant, tenant.deep)} if self.deep else page


WORKS = (
    Work("flat", "flat page of 50", FLAT, 50, Goal(12, 0.65)),
    Work("nested", "nested page of 50", NESTED, 50, Goal(30, 0.70)),
    Work("single", "one order, nested", SINGLE, 0, Goal(12, 0.35)),
    Work("large", "nested page of 500", NESTED, 500, Goal(50, 0.75)),
    Work("deep", "flat page, deep", FLAT, 50, None, deep=True),
)
CYCLE = 1_000
"""Requests made before a run and sent over and over."""


def spread(tenants: Sequence[Tenant], draw: random.Random, count: int = CYCLE) -> list[Tenant]:
    """Tenants as often as they are large; each at least once when there is room."""
    drawn = draw.choices(tenants, [tenant.orders for tenant in tenants], k=max(0, count - len(tenants)))
    mixed = [*tenants, *drawn][:count]
    draw.shuffle(mixed)
    return mixed


def requests_of(
    work: Work,
    tenants: Sequence[Tenant],
    header: Callable[[Tenant], str],
    cursor: MakeCursor,
    count: int = CYCLE,
    *,
    by_id: bool = False,
) -> Requests:
    """The requests of a work, ready to be sent: the same tenants and orders in the same turn for every server.
    ``by_id`` asks for the registered document instead of sending its text.
    """
    draw = random.Random(work.name)
    document_id = sha256(work.document.encode()).hexdigest()
    asked = {"documentId": f"sha256:{document_id}"} if by_id else {"query": work.document}
    return [
        _post(asked | {"variables": work.variables(tenant, draw, cursor)}, header(tenant))
        for tenant in spread(tenants, draw, count)
    ]


def post(document: str, variables: dict[str, object], header: str) -> bytes:
    """A whole HTTP request; ``header`` is the line that says whose it is."""
    return _post({"query": document, "variables": variables}, header)


def _post(asked: Mapping[str, object], header: str) -> bytes:
    body = orjson.dumps(asked)
    head = (
        "POST /graphql HTTP/1.1\r\n"
        "host: 127.0.0.1\r\n"
        "content-type: application/json\r\n"
        "accept: application/graphql-response+json, application/json;q=0.9\r\n"
        f"{header}\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
