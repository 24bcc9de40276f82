"""How most people write it: Strawberry types, SQLAlchemy ORM sessions and aiodataloader, nothing tuned.

No sign-in and no row-level security; every query says ``tenant_id`` in plain ``where``. Scalars and ids are spelled as
the product spells them, so that the answers can be compared.
"""

import base64
import enum
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NewType
from uuid import UUID

import strawberry
from aiodataloader import DataLoader
from sqlalchemy import select, tuple_
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.schema.config import StrawberryConfig

from tests.bench import stock_models as models
from tests.bench.tenants import Key, Tenant

POOL = 10
Sessions = async_sessionmaker[AsyncSession]
Moment = NewType("Moment", datetime)


class Loaders:
    """What a request loads in batches, each in a session of its own."""

    def __init__(self, sessions: Sessions, tenant: UUID) -> None:
        self.sessions = sessions
        self.tenant = tenant
        self.customers: DataLoader[UUID, Any] = DataLoader(self._customers)
        self.products: DataLoader[UUID, Any] = DataLoader(self._products)
        self.items: DataLoader[UUID, Any] = DataLoader(self._items)

    async def _customers(self, ids: list[UUID]) -> list[models.Customer | None]:
        query = select(models.Customer).where(models.Customer.tenant_id == self.tenant, models.Customer.id.in_(ids))
        async with self.sessions() as session:
            found = {row.id: row for row in await session.scalars(query)}
        return [found.get(id_) for id_ in ids]

    async def _products(self, ids: list[UUID]) -> list[models.Product | None]:
        query = select(models.Product).where(models.Product.tenant_id == self.tenant, models.Product.id.in_(ids))
        async with self.sessions() as session:
            found = {row.id: row for row in await session.scalars(query)}
        return [found.get(id_) for id_ in ids]

    async def _items(self, order_ids: list[UUID]) -> list[list[models.OrderItem]]:
        query = (
            select(models.OrderItem)
            .where(models.OrderItem.tenant_id == self.tenant, models.OrderItem.order_id.in_(order_ids))
            .order_by(models.OrderItem.line)
        )
        found: dict[UUID, list[models.OrderItem]] = {id_: [] for id_ in order_ids}
        async with self.sessions() as session:
            for row in await session.scalars(query):
                found[row.order_id].append(row)
        return [found[id_] for id_ in order_ids]


Info = strawberry.Info[Loaders, None]


@strawberry.enum
class OrderStatus(enum.Enum):
    """Where an order stands."""

    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    PROCESSING = "PROCESSING"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    CANCELLED = "CANCELLED"
    REFUNDED = "REFUNDED"


@strawberry.type
class Money:
    """An amount and its currency."""

    amount: Decimal
    currency: str


def _money(hundredths: int, currency: str) -> Money:
    return Money(amount=Decimal(hundredths).scaleb(-2), currency=currency)


@strawberry.type
class Customer:
    """Somebody who orders."""

    id: strawberry.ID
    name: str
    email: str
    city: str
    country: str

    @classmethod
    def of(cls, row: models.Customer) -> "Customer":
        id_ = strawberry.ID(f"cus_{row.id.hex}")
        return cls(id=id_, name=row.name, email=row.email, city=row.city, country=row.country)


@strawberry.type
class Product:
    """Something that is sold."""

    id: strawberry.ID
    sku: str
    name: str
    price: Money

    @classmethod
    def of(cls, row: models.Product) -> "Product":
        id_ = strawberry.ID(f"prd_{row.id.hex}")
        return cls(id=id_, sku=row.sku, name=row.name, price=_money(row.price, row.currency))


@strawberry.type
class OrderItem:
    """So many of one product."""

    id: strawberry.ID
    sku: str
    quantity: int
    unit_price: Money
    total: Money
    product_id: strawberry.Private[UUID]

    @strawberry.field
    async def product(self, info: Info) -> Product:
        return Product.of(await info.context.products.load(self.product_id))

    @classmethod
    def of(cls, row: models.OrderItem) -> "OrderItem":
        return cls(
            id=strawberry.ID(f"itm_{row.order_id.hex}{row.line:02d}"),
            sku=row.sku,
            quantity=row.quantity,
            unit_price=_money(row.unit_price, row.currency),
            total=_money(row.total, row.currency),
            product_id=row.product_id,
        )


@strawberry.type
class Order:
    """What a customer ordered."""

    id: strawberry.ID
    number: str
    status: OrderStatus
    total: Money
    notes: str | None
    due_at: Moment | None
    version: int
    created_at: Moment
    updated_at: Moment
    row_id: strawberry.Private[UUID]
    customer_id: strawberry.Private[UUID]

    @strawberry.field
    async def customer(self, info: Info) -> Customer:
        return Customer.of(await info.context.customers.load(self.customer_id))

    @strawberry.field
    async def items(self, info: Info) -> list[OrderItem]:
        return [OrderItem.of(row) for row in await info.context.items.load(self.row_id)]

    @classmethod
    def of(cls, row: models.Order) -> "Order":
        return cls(
            id=strawberry.ID(f"ord_{row.id.hex}"),
            number=row.number,
            status=OrderStatus(row.status),
            total=_money(row.total, row.currency),
            notes=row.notes,
            due_at=None if row.due_at is None else Moment(row.due_at),
            version=row.version,
            created_at=Moment(row.created_at),
            updated_at=Moment(row.updated_at),
            row_id=row.id,
            customer_id=row.customer_id,
        )


@strawberry.type
class PageInfo:
    """Where a page ends."""

    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class OrderConnection:
    """A page of orders."""

    nodes: list[Order]
    page_info: PageInfo


@strawberry.type
class Query:
    """The root."""

    @strawberry.field
    async def order(self, info: Info, id: strawberry.ID) -> Order | None:
        query = select(models.Order).where(
            models.Order.tenant_id == info.context.tenant, models.Order.id == UUID(id.removeprefix("ord_"))
        )
        async with info.context.sessions() as session:
            row = await session.scalar(query)
        return Order.of(row) if row else None

    @strawberry.field
    async def orders(self, info: Info, first: int = 25, after: str | None = None) -> OrderConnection:
        table = models.Order
        query = select(table).where(table.tenant_id == info.context.tenant)
        if after is not None:
            query = query.where(tuple_(table.created_at, table.id) < tuple_(*_key(after)))
        query = query.order_by(table.created_at.desc(), table.id.desc()).limit(first + 1)
        async with info.context.sessions() as session:
            rows: Sequence[models.Order] = (await session.scalars(query)).all()
        kept = rows[:first]
        end = _cursor(kept[-1].created_at, kept[-1].id.hex) if kept else None
        page_info = PageInfo(has_next_page=len(rows) > first, end_cursor=end)
        return OrderConnection(nodes=[Order.of(row) for row in kept], page_info=page_info)


def _cursor(created_at: datetime, id_: str) -> str:
    return base64.urlsafe_b64encode(f"{created_at.isoformat()} {id_}".encode()).decode()


def _key(cursor: str) -> tuple[datetime, UUID]:
    created_at, id_ = base64.urlsafe_b64decode(cursor).decode().split(" ")
    return datetime.fromisoformat(created_at), UUID(id_)


def cursor(tenant: Tenant, key: Key) -> str:
    """This app's cursor behind that row."""
    return _cursor(*key)


def _write_time(value: datetime) -> str:
    return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


class _View(GraphQL[Loaders, None]):
    """Strawberry's own ASGI view."""

    def __init__(self, schema: strawberry.Schema, sessions: Sessions) -> None:
        super().__init__(schema)
        self._sessions = sessions

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Loaders:
        return Loaders(self._sessions, UUID(request.headers["x-tenant-id"]))


def create_app(dsn: str) -> Starlette:
    """The app. The tenant is what the header ``x-tenant-id`` says."""
    engine = create_async_engine(make_url(dsn).set(drivername="postgresql+asyncpg"), pool_size=POOL, max_overflow=0)
    times = strawberry.scalar(name="DateTime", serialize=_write_time)
    schema = strawberry.Schema(Query, config=StrawberryConfig(scalar_map={Moment: times}))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await engine.dispose()

    view = _View(schema, async_sessionmaker(engine, expire_on_commit=False))
    return Starlette(routes=[Route("/graphql", view)], lifespan=lifespan)


def header(tenant: Tenant) -> str:
    """Whose rows are meant: believed."""
    return f"x-tenant-id: {tenant.id}"
