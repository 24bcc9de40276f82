"""The product itself, whole, as ``tidegate serve`` runs it: bearer tokens, permissions, tenancy and row-level security,
on the server of its own (``web/server.py``).
"""

import os
import socket
from datetime import timedelta
from functools import cache

from starlette.applications import Starlette

from auth.keyring import Keyring
from auth.tokens import sign_token
from db.clock import utc_now
from db.pages import CursorCodec, SortKey, binding_of
from db.tenancy import TenantId
from tests.bench.tenants import Key, Tenant
from web.app import create_app as create_product
from web.logs import configure
from web.server import serve as serve_app
from web.settings import Settings

SECRET = "for the benchmark alone, and long enough"
POOL_VARIABLE = "TIDEGATE_BENCH_POOL"
POOL = 10
KEYRING = Keyring([SECRET])


def create_app(dsn: str) -> Starlette:
    """The application as ``serve`` makes it, with the runtime login's ``dsn``: it logs a line for each request."""
    return create_product(_settings(dsn))


def serve(dsn: str, listener: socket.socket) -> None:
    """Until a signal comes."""
    settings = _settings(dsn)
    serve_app(create_product(settings), settings, [listener])


@cache
def bearer(user: str, tenant: str) -> str:
    """The line of a request that says whose it is: one token for each caller, as clients keep theirs, that outlives the
    benchmark. Ids are hex digits.
    """
    return "authorization: Bearer " + sign_token(KEYRING, user, tenant, utc_now(), timedelta(hours=12))


def header(tenant: Tenant) -> str:
    """The line for the tenant's caller."""
    return bearer(tenant.user, tenant.id)


def cursor(tenant: Tenant, key: Key) -> str:
    """The product's cursor behind that row: signed, and bound to the tenant, the list and its order."""
    order = (SortKey("created_at", descending=True),)
    binding = binding_of(TenantId(tenant.id), "order", order, None, ())
    return CursorCodec(KEYRING.keys("page cursor")).encode(binding, key)


def _settings(dsn: str) -> Settings:
    pool = int(os.environ.get(POOL_VARIABLE, POOL))
    settings = Settings(database_url=dsn, secrets=(SECRET,), pool_size=pool)
    configure(settings.log_format, settings.log_level)
    return settings
