"""The product as ``tidegate serve`` runs it, on the server of its own that streams need (``web/server.py``)."""

import os
import socket
from datetime import timedelta

from auth.tokens import sign_token
from db.clock import utc_now
from tests.bench.product import KEYRING, POOL, SECRET
from web.app import create_app
from web.logs import configure
from web.server import serve as serve_app
from web.settings import Settings

PING_VARIABLE = "TIDEGATE_PING_SECONDS"


def serve(dsn: str, listener: socket.socket) -> None:
    """Until a signal comes."""
    ping = float(os.environ.get(PING_VARIABLE, Settings.model_fields["ping_seconds"].default))
    settings = Settings(database_url=dsn, secrets=(SECRET,), pool_size=POOL, ping_seconds=ping)
    configure(settings.log_format, settings.log_level)
    serve_app(create_app(settings), settings, [listener])


def bearer(user: str, tenant: str) -> str:
    """The line of a request that says whose it is; the token outlives the benchmark. Ids are hex digits."""
    return "authorization: Bearer " + sign_token(KEYRING, user, tenant, utc_now(), timedelta(hours=12))
