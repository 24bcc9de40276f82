"""Two tenants that have nothing in common, asked the same: what one is shown, the other never is.

Every text of a tenant holds its mark; numbers, times, currencies, countries and ids are its own as well. So a value
that both were shown is a leak, unless it is a word of the schema itself or was asked for.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any
from uuid import uuid4

from graphql import GraphQLEnumType

from auth.permissions import PERMISSIONS, SYSTEM_ROLES, PermissionSet
from auth.principal import Principal
from db.event_cursors import EventCursorCodec
from db.pages import CursorCodec
from db.scopes import scope_of
from db.tenancy import TenantId
from schema.execute import Answer, Gateway, OperationRequest
from schema.masks import MaskKeys
from tests.support.arguments import Facts, Json
from tests.support.executors import CORE, facts_of
from tests.support.facts import look
from tests.support.operations import ROOTS, Asked
from tests.support.world import KEY, Reply, World

EVERYWHERE = {
    **ROOTS,
    "auditLog": 1,
    "orderHistory": 1,
    "members": 0.7,
    "invitations": 0.5,
    "apiKeys": 0.5,
    "roles": 0.5,
    "addressLists": 0.5,
}
"""Every root field that reads."""
REQUEST = "req-test"
_ID = re.compile(rb"\b(?:ord|cus|prd|ann|usr|ten|aud)_[0-9a-f]{32}\b")
_EVERYBODYS = frozenset({"date", "startsAt", "endsAt", "timeZone", "documentId"})
"""The days of an overview, and the hash of a document that both sent."""
_WORDS = frozenset(
    {
        *CORE.type_map,
        *(name for kind in CORE.type_map.values() for name in getattr(kind, "fields", ())),
        *(f"{kind.name}.{name}" for kind in CORE.type_map.values() for name in getattr(kind, "fields", ())),
        *(name for kind in CORE.type_map.values() if isinstance(kind, GraphQLEnumType) for name in kind.values),
        *PERMISSIONS,
        *SYSTEM_ROLES,
        *(grant for grants in SYSTEM_ROLES.values() for grant in grants),
        *("*", "", "0.00", REQUEST),
    }
)
_TABLES = ("orders", "order_items", "customers", "products", "announcements", "event_log", "audit_log")


@dataclass(frozen=True, slots=True)
class Kind:
    """How a tenant's values differ from all others'."""

    mark: str
    currency: str
    country: str
    price: int
    due: str
    rows: int
    network: str


KINDS = (
    Kind("zoetrope", "EUR", "DE", 1, "2031-03-01", 8, "203.0.113.0/24"),
    Kind("quillwork", "USD", "US", 1_000_000, "2032-07-01", 14, "198.51.100.0/24"),
)


@dataclass(slots=True)
class Stranger:
    """An admin of one of the two, whose grants each operation chooses."""

    kind: Kind
    caller: Principal
    ids: frozenset[bytes] = frozenset()
    most: int = 0
    """As many rows it has of any noun at most."""
    seen: set[str] = field(default_factory=set)
    """Every value that it was shown."""

    def asking(self, asked: Asked) -> Principal:
        scope = scope_of([asked.reach], self.caller.user_id)
        return replace(self.caller, permissions=PermissionSet(asked.grants, asked.space), scope=scope)


@dataclass(slots=True)
class Strangers:
    """``left`` and ``right`` in one database, and the facts of both."""

    world: World
    gateway: Gateway
    left: Stranger
    right: Stranger
    facts: Facts
    told: str = ""
    """What was asked for in mutations: whoever wrote it may read it."""

    async def leaked(self, asked: Asked) -> list[str]:
        """Ask as both; what either is shown of the other's."""
        found: list[str] = []
        for me, other in ((self.left, self.right), (self.right, self.left)):
            body = await self._answer(me, asked)
            found += self.foreign(me, other, body, asked)
        return found

    async def change(self, me: Stranger, other: Stranger, asked: Asked) -> list[str]:
        """Ask for a mutation; what is shown of the other's."""
        self.told += _text(asked)
        body = await self._answer(me, asked)
        return self._named(other, body, self.told)

    def foreign(self, me: Stranger, other: Stranger, body: bytes, asked: Asked) -> list[str]:
        """What an answer shows that is the other's."""
        answer = json.loads(body)
        shown = set(_leaves(answer.get("data")))
        found = self._named(other, body, _text(asked)) + sorted(shown & other.seen - _WORDS)
        found += [f"{count} rows" for count in _counts(answer.get("data")) if count > me.most]
        me.seen |= shown
        return found

    async def prints(self, me: Stranger) -> list[str]:
        """What changes when anything of a tenant does."""
        sql = "SELECT md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), '')) FROM {} t WHERE tenant_id = $1"
        return [(await look(self.world, sql.format(table), me.caller.tenant.hex))[0][0] for table in _TABLES]

    async def _answer(self, me: Stranger, asked: Asked) -> bytes:
        request = OperationRequest(asked.document, asked.variables, asked.operation, None, REQUEST)
        answer = await self.gateway.answer(request, me.asking(asked))
        assert isinstance(answer, Answer)
        assert answer.code != "INTERNAL_SERVER_ERROR"
        return answer.body

    @staticmethod
    def _named(other: Stranger, body: bytes, asked: str) -> list[str]:
        """Ids and marked texts of the other's, but for what was asked."""
        found = [each.decode() for each in other.ids.intersection(_ID.findall(body))]
        if other.kind.mark.encode() in body.lower():
            text = json.dumps(json.loads(body), ensure_ascii=False)
            found += re.findall(rf"[\w@.-]*{other.kind.mark}[\w@.-]*", text, re.IGNORECASE)
        return [each for each in found if each not in asked]


def _text(asked: Asked) -> str:
    return f"{asked.document} {json.dumps(asked.variables, ensure_ascii=False)}"


def _leaves(value: Json, key: str = "") -> Iterator[str]:
    """The texts of an answer's data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each, key)
    elif isinstance(value, dict):
        for name, each in value.items():
            if name.rpartition("_")[2] not in _EVERYBODYS:
                yield from _leaves(each, name)


def _counts(value: Json) -> Iterator[int]:
    """Each ``totalCount`` in an answer's data."""
    if isinstance(value, list):
        for each in value:
            yield from _counts(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            if name.endswith("totalCount") and each is not None:
                yield each
            else:
                yield from _counts(each)


async def open_strangers(world: World, seed: int) -> Strangers:
    """Make both, with rows of every noun."""
    codecs = CursorCodec([KEY]), EventCursorCodec([KEY], epoch=7)
    gateway = Gateway(world.database, world.hub, *codecs, introspection="everyone", mask_keys=MaskKeys(KEY))
    world = replace(world, tenants=dict(world.tenants))
    left, right = [await _stranger(world, kind, Random(f"{seed}/{kind.mark}")) for kind in KINDS]
    one, other = [await facts_of(world, seed, each.caller.tenant_slug) for each in (left, right)]
    values = {name: [*one.values.get(name, ()), *other.values.get(name, ())] for name in {*one.values, *other.values}}
    lists = {name: _few_cursors([*one.lists[name], *other.lists.get(name, ())]) for name in one.lists}
    return Strangers(world, gateway, left, right, Facts(values, [*one.words, *other.words], lists))


def _few_cursors(lists: list[dict[str, Json]]) -> list[dict[str, Json]]:
    """One of them is refused to one of the two always: there need not be many."""
    return [{**each, "cursors": each["cursors"] if index % 4 == 0 else []} for index, each in enumerate(lists)]


async def _stranger(world: World, kind: Kind, random: Random) -> Stranger:
    slug = f"{kind.mark}-{uuid4().hex[:8]}"
    directory = world.database.directory
    tenant = TenantId(await directory.create_tenant(slug, f"The {kind.mark}", SYSTEM_ROLES))
    email = f"{uuid4().hex}@{kind.mark}.example"
    user = await directory.create_user(email, f"Ada {kind.mark}", None, (tenant.hex, "admin"))
    assert isinstance(world.tenants, dict)
    world.tenants[slug] = tenant
    caller = replace(
        world.principal("admin", slug),
        user_id=user,
        email=email,
        name=f"Ada {kind.mark}",
        permissions_version=kind.mark,
    )
    await fill(world, kind, caller, random)
    await directory.address_lists.put(tenant.hex, "streams:read", [kind.network])
    most = await world.count("audit_log", slug)  # every change is on record
    ids = await owned_by(world, caller)
    return Stranger(kind, caller, ids | {f"usr_{user}".encode(), f"ten_{tenant.hex}".encode()}, most)


async def owned_by(world: World, caller: Principal) -> frozenset[bytes]:
    """The public ids of all rows of the caller's tenant."""
    nouns = (("ord", "orders"), ("cus", "customers"), ("prd", "products"), ("ann", "announcements"))
    owned = [
        f"{prefix}_{row[0]}".encode()
        for prefix, table in nouns
        for row in await look(world, f"SELECT id FROM {table} WHERE tenant_id = $1", caller.tenant.hex)
    ]
    return frozenset(owned)


async def fill(world: World, kind: Kind, caller: Principal, random: Random) -> None:
    """Rows of every noun, written as clients do."""

    async def write(name: str, noun: str, given: Mapping[str, Any]) -> str:  # Any: JSON
        kind_of_input = f"{name[0].upper()}{name[1:]}Input"
        document = (
            f"mutation($i: {kind_of_input}!) {{ {name}(input: $i) {{ {noun} {{ id }} userErrors {{ message }} }} }}"
        )
        reply: Reply = await world.ask(document, {"i": given}, caller=caller)
        assert reply.errors == [], reply.errors
        assert reply.data[name]["userErrors"] == [], reply.data
        made: str = reply.data[name][noun]["id"]
        return made

    def word() -> str:
        return f"{random.choice(('blue', 'öl', 'straße', 'lamp', 'desk'))}{random.randrange(10**6)}"

    customers, products = [], []
    for _ in range(kind.rows):
        person = {"name": f"{kind.mark} {word()}", "email": f"{word()}@{kind.mark}.example".replace("ö", "o")}
        person |= {"city": f"{kind.mark}-{word()}", "country": kind.country}
        customers.append(await write("createCustomer", "customer", person))
        cents = kind.price * 100 + random.randrange(kind.price * 99)
        thing = {"sku": f"{kind.mark}-{random.randrange(10**9)}", "name": f"{word()} {kind.mark}"}
        thing |= {"price": f"{cents // 100}.{cents % 100:02}", "currency": kind.currency}
        products.append(await write("createProduct", "product", thing))
    for number in range(kind.rows * 2):
        items = [{"productId": product, "quantity": random.randrange(1, 4)} for product in random.sample(products, 2)]
        order = {"customerId": random.choice(customers), "currency": kind.currency, "items": items}
        await write("createOrder", "order", {**order, "notes": f"{kind.mark} {word()}" if number % 4 else None})
    await write("announce", "announcement", {"kind": "NOTICE", "text": f"{kind.mark} {word()}"})
    sql = "UPDATE orders SET due_at = $2::timestamptz + random() * interval '90 days' WHERE tenant_id = $1"
    await world.superuser.execute(sql.replace("$2", f"'{kind.due}'"), caller.tenant.hex)
