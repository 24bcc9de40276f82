"""Schemathesis reads the description of the plain routes and holds the server to it, called by an API key: statuses,
types, shapes and methods, what it refuses, and that nobody gets in without a key.
"""

import asyncio
import re
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

from auth.key_desk import NewKey, create_key
from auth.operators import member_of
from tests.support.server import Front

PROGRAM = Path(sys.executable).with_name("schemathesis")
EXAMPLES = 40
"""Of a route, at most, in each phase."""
ASKED = (
    *("--max-examples", str(EXAMPLES), "--generation-deterministic", "--no-shrink", "--no-color", "--warnings", "off"),
    # It has no end, which is no answer to a client that waits for one.
    *("--exclude-path", "/v1/stream/events"),
    # A schema cannot say all that the domain refuses: a shipped order is not cancelled, a customer is of the tenant.
    *("--exclude-checks", "positive_data_acceptance"),
)


async def a_key(front: Front) -> str:
    directory = front.database.directory
    admin = await member_of(directory, "admin@acme.example", "acme")
    assert admin.permissions is not None
    new = NewKey("Depot", ("orders:read", "orders:write", "customers:read", "products:read"))
    return (await create_key(directory, admin.tenant_id, admin.user_id, admin.permissions, new)).text


async def test_every_answer_is_as_it_is_described(front: Front, tmp_path: Path) -> None:
    described = f"http://127.0.0.1:{front.port}/v1/openapi.json"
    process = await asyncio.create_subprocess_exec(
        *(PROGRAM, "run", described, "--header", f"Authorization: Bearer {await a_key(front)}", *ASKED),
        cwd=tmp_path,
        stdout=PIPE,
        stderr=STDOUT,
    )
    told = (await process.communicate())[0].decode()
    assert process.returncode == 0, told
    counted = re.search(r"(\d+) generated", told)
    assert counted is not None
    assert int(counted[1]) > 5 * EXAMPLES, told
