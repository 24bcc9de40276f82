"""Both executors over one database, and what they say differently."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from auth.permissions import PermissionSet
from auth.principal import Principal
from db.event_cursors import EventCursorCodec
from db.money import format_amount
from db.pages import CursorCodec
from schema.execute import Answer, Gateway, OperationRequest
from schema.limits import Limits
from schema.masks import MaskKeys
from schema.root import schema
from tests.support.arguments import Facts, Json, Values, literal
from tests.support.operations import Asked
from tests.support.originals import Originals
from tests.support.plant import NOON
from tests.support.reached import Reached
from tests.support.world import KEY, World

CORE = schema()._schema
_LISTS = 10


@dataclass(frozen=True, slots=True)
class Executors:
    """A gateway with the engine and one without, for the callers of one tenant."""

    world: World
    compiled: Gateway
    reference: Gateway
    originals: Originals | None = None
    """What no answer may show, if that is looked for."""
    reached: Reached | None = None
    """Which rows callers with narrower scopes see; without it everybody sees all."""
    outcomes: Counter[str] = field(default_factory=Counter)
    """How many operations were refused, failed, or succeeded by the engine or by the reference."""

    @classmethod
    def of(cls, world: World, originals: Originals | None = None, reached: Reached | None = None) -> "Executors":
        compiled, reference = _gateway(world, "compiled"), _gateway(world, "reference")
        # Most of the work for a new text is before any executor: it is done once for both.
        reference.documents = compiled.documents
        return cls(world, compiled, reference, originals, reached)

    @property
    def ran(self) -> Counter[str]:
        """How many operations the engine ran, and why it did not run the others."""
        assert self.compiled.engine is not None
        return self.compiled.engine.ran

    async def ask(self, gateway: Gateway, asked: Asked) -> Answer:
        caller = self.world.principal(grants=asked.grants, space=asked.space)
        if self.reached is not None:
            caller = replace(caller, scope=self.reached.scopes[asked.reach])
        return await ask(gateway, asked.document, asked.variables, caller, asked.operation)

    async def difference(self, asked: Asked) -> str | None:
        """What the two say differently, or which statements the engine sends that the reference does not need; None
        when they agree.
        """
        before = self.ran.copy()
        async with self.world.statements() as ours:
            left = await self.ask(self.compiled, asked)
        async with self.world.statements() as theirs:
            right = await self.ask(self.reference, asked)
        failed = right.code is None and _failed(right)
        by_engine = self.ran["engine"] > before["engine"]
        if by_engine and len(ours) > len(theirs):
            return f"{len(ours)} statements where the reference needs {len(theirs)}: {ours} and {theirs}"
        self.outcomes["refused" if right.code else "failed" if failed else "engine" if by_engine else "reference"] += 1
        if right.code is None and not failed and self.ran["error"] > before["error"]:
            return f"the engine failed where the reference answers {right}"
        return self._leaked(asked, left, right) or difference(left, right)

    def _leaked(self, asked: Asked, *answers: Answer) -> str | None:
        """What an answer shows that the caller may not see, by its permissions or by its scope."""
        told_back = f"{asked.document} {json.dumps(asked.variables, ensure_ascii=False)}"
        held = PermissionSet(asked.grants, asked.space)
        for answer in answers:
            if self.originals is not None and (found := self.originals.leaked(answer.body, held, told_back)):
                return f"leaked: {found} in {answer}"
            if "auditLog" in asked.document:
                continue  # it tells callers of their own deeds, also on rows that they reach no more
            if self.reached is not None and (names := self.reached.leaked(answer.body, asked.reach, told_back)):
                return f"out of the scope: {names} in {answer}"
        return None

    @property
    def share(self) -> float:
        """Of the operations that succeeded, how many the engine ran."""
        engine, reference = self.outcomes["engine"], self.outcomes["reference"]
        return engine / max(1, engine + reference)


async def ask(
    gateway: Gateway,
    document: str,
    variables: Mapping[str, Json],
    caller: Principal | None,
    operation: str | None = None,
) -> Answer:
    answer = await gateway.answer(OperationRequest(document, variables, operation, None, "req-test"), caller)
    assert isinstance(answer, Answer)
    return answer


def difference(left: Answer, right: Answer) -> str | None:
    """Bytes of the data, with the order of keys; errors as a set of what clients may rely on."""
    if left.body == right.body and replace(left, body=b"") == replace(right, body=b""):
        return None
    one, other = json.loads(left.body), json.loads(right.body)
    if (left.code, left.status, left.operation) != (right.code, right.status, right.operation):
        return f"outcome: {left} is not {right}"
    if json.dumps(one.get("data", "absent")) != json.dumps(other.get("data", "absent")):
        return f"data: {json.dumps(one)} is not {json.dumps(other)}"
    ours, theirs = _told(one), _told(other)
    if ours == theirs or (one.get("data", "absent") is None and ours & theirs):
        return None  # nothing is left of data: whether what else went wrong was met before that is a race
    return f"errors: only here {ours - theirs}, only there {theirs - ours}"


def _failed(answer: Answer) -> bool:
    """Whether anything but denials went wrong."""
    errors = json.loads(answer.body).get("errors", ())
    return any(error["extensions"]["code"] != "FORBIDDEN" for error in errors)


def _told(body: Mapping[str, Json]) -> set[str]:
    """Each error's path and extensions, as text."""
    return {json.dumps([error.get("path"), error["extensions"]], sort_keys=True) for error in body.get("errors", ())}


def _gateway(world: World, engine: str) -> Gateway:
    codecs = CursorCodec([KEY]), EventCursorCodec([KEY], epoch=7)
    return Gateway(
        world.database,
        world.hub,
        *codecs,
        introspection="everyone",
        engine=engine,
        limits=Limits(cost=10**9),  # what is asked for shall run, whatever it costs
        clock=lambda: NOON,
        mask_keys=MaskKeys(KEY),
    )


async def facts_of(world: World, seed: int, tenant: str = "acme") -> Facts:
    """Some of what stands in the tenant's tables, and cursors of lists that were read with random arguments."""
    orders = await _rows(world, "SELECT * FROM orders", tenant)
    customers = await _rows(world, "SELECT * FROM customers", tenant)
    products = await _rows(world, "SELECT * FROM products", tenant)
    ids = {"ord": orders, "cus": customers, "prd": products}
    public = {prefix: [f"{prefix}_{row['id']}" for row in rows] for prefix, rows in ids.items()}
    values = {
        **dict.fromkeys(("order", "OrderWhere.id"), public["ord"]),
        **dict.fromkeys(("OrderWhere.customerId", "CustomerWhere.id"), public["cus"]),
        **dict.fromkeys(("ProductWhere.id", "OrderItemInput.productId", "UpdateProductInput.id"), public["prd"]),
        **dict.fromkeys(("UpdateOrderInput.id", "ChangeOrderStatusInput.id"), public["ord"]),
        **dict.fromkeys(
            ("CreateOrderInput.customerId", "UpdateOrderInput.customerId", "UpdateCustomerInput.id"), public["cus"]
        ),
        "coordinate": ["Order.total", "Customer.email", "Mutation.updateOrder", "OrderWhere.customerId", "AuditRecord"],
        "type": ["Order", "Customer", "CustomerSortField", "Mutation", "AuditRecord"],
        "CreateOrderInput.currency": [row["currency"] for row in products],
        "CreateCustomerInput.country": ["DE", "SE", "Atlantis"],
        **{name: [each for some in public.values() for each in some] for name in ("id", "ids")},
        **{f"OrderWhere.{name}": _texts(orders, name) for name in ("number", "notes", "status")},
        **{f"CustomerWhere.{name}": _texts(customers, name) for name in ("name", "email", "city", "country")},
        **{f"ProductWhere.{name}": _texts(products, name) for name in ("sku", "name")},
        "OrderWhere.total": [format_amount(row["total"], row["currency"]) for row in orders],
        "ProductWhere.price": [format_amount(row["price"], row["currency"]) for row in products],
        "OrderWhere.dueAt": [row["due_at"].isoformat() for row in orders if row["due_at"]],
    }
    for noun, rows in (("Order", orders), ("Customer", customers), ("Product", products)):
        values |= {f"{noun}Where.createdAt": [row["created_at"].isoformat() for row in rows]}
        values |= {f"{noun}Where.updatedAt": [row["updated_at"].isoformat() for row in rows]}
    texts = _texts(customers, "name") + _texts(products, "name") + _texts(orders, "notes")
    facts = Facts(values, sorted({word for text in texts for word in text.split()})[:60])
    await _read_lists(world, facts, Random(seed), world.principal("admin", tenant))
    return facts


async def _rows(world: World, sql: str, tenant: str) -> list[Any]:  # Any: rows
    found: list[Any] = await world.superuser.fetch(
        f"{sql} WHERE tenant_id = $1 ORDER BY id LIMIT 40", world.tenants[tenant].hex
    )
    return found


def _texts(rows: Iterable[Any], name: str) -> list[str]:  # Any: rows
    return [row[name] for row in rows if row[name]]


async def _read_lists(world: World, facts: Facts, random: Random, caller: Principal) -> None:
    values, query = Values(random, facts, malformed=0), CORE.query_type
    assert query is not None
    for name in ("orders", "customers", "products"):
        args = query.fields[name].args
        for _ in range(_LISTS):
            chosen = values.list(args)
            written = "".join(f", {key}: {literal(args[key].type, value)}" for key, value in chosen.items())
            reply = await world.ask(f"{{ {name}(first: 8{written}) {{ edges {{ cursor }} }} }}", caller=caller)
            if reply.data:
                cursors = [edge["cursor"] for edge in reply.data[name]["edges"]]
                facts.lists.setdefault(name, []).append({**chosen, "cursors": cursors})
    reply = await world.ask(
        "{ customers(first: 8) { nodes { orders(first: 3) { edges { cursor } } } } }", caller=caller
    )
    for customer in reply.data["customers"]["nodes"]:
        nested = [edge["cursor"] for edge in customer["orders"]["edges"]]
        facts.lists.setdefault("Customer.orders", []).append({"cursors": nested})
