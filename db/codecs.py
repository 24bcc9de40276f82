"""How values cross the wire: told to every connection once, when it opens."""

from typing import Any

import asyncpg
import orjson


async def set_codecs(connection: asyncpg.Connection) -> None:
    """uuid as 32 hex digits (as fast as the driver's own type, and it is what public ids are made of), jsonb as
    Python values.
    """
    await connection.set_type_codec(
        "uuid", encoder=bytes.fromhex, decoder=bytes.hex, schema="pg_catalog", format="binary"
    )
    await connection.set_type_codec("jsonb", encoder=_to_json, decoder=orjson.loads, schema="pg_catalog")


def _to_json(value: Any) -> str:  # Any: whatever JSON can hold
    return orjson.dumps(value, option=orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC).decode()
