"""Where a request's processor time goes: parts of the house, and the frames by which a sample is told to be of one.

A sample is the stack of Python frames at one moment, the innermost first. Time that C code takes (the driver decoding
rows, the encoder writing JSON) is seen at the next Python instruction, which is that of its caller, or of the coroutine
that waited for it.
"""

from collections.abc import Sequence

Place = tuple[str, str]
"""A frame: its file's path, and its function's name."""
HTTP = "HTTP server and sockets"
DOOR = "front door: head, body, negotiation, answer's head"
LEDGER = "log line and counters"
WHO = "who is calling"
DOCUMENT = "document, gates, variables, arguments"
HAND_OVER = "tenant's hand-over, waiting for a connection"
STATEMENTS = "statements: values out, rows in"
RUNNING = "running the plan: pages, keys, cursors"
BUILDING = "objects from rows"
JSON = "JSON"
PARTS = (HTTP, DOOR, LEDGER, WHO, DOCUMENT, HAND_OVER, STATEMENTS, RUNNING, BUILDING, JSON)

_BY_FILE: Sequence[tuple[str, str]] = (
    ("<plan>", BUILDING),
    ("/schema/engine/build.py", BUILDING),
    ("/db/money.py", BUILDING),
    ("/schema/answers.py", JSON),
    ("/asyncpg/", STATEMENTS),
    ("/db/sending.py", STATEMENTS),
    ("/db/statements.py", STATEMENTS),
    ("/db/tenancy.py", STATEMENTS),
    ("/db/pool.py", HAND_OVER),
    ("/schema/engine/arguments.py", DOCUMENT),
    ("/schema/engine/engine.py", DOCUMENT),
    ("/schema/documents.py", DOCUMENT),
    ("/schema/gates.py", DOCUMENT),
    ("/schema/variables.py", DOCUMENT),
    ("/schema/reference.py", DOCUMENT),
    ("/schema/execute.py", DOCUMENT),
    ("/schema/variants.py", DOCUMENT),
    ("/schema/current.py", LEDGER),
    ("/graphql/", DOCUMENT),
    ("/strawberry/", DOCUMENT),
    ("/db/", RUNNING),
    ("/resolvers/", RUNNING),
    ("/schema/", RUNNING),
    ("/structlog/", LEDGER),
    ("/web/logs.py", LEDGER),
    ("/web/redaction.py", LEDGER),
    ("/web/metrics.py", LEDGER),
    ("/web/request_counts.py", LEDGER),
    ("/prometheus_client/", LEDGER),
    ("/auth/", WHO),
    ("/web/credentials.py", WHO),
    ("/web/protocol.py", HTTP),
    ("/web/whole_answers.py", HTTP),
    ("/web/server.py", HTTP),
    ("/web/direct_wire.py", HTTP),
    ("/web/", DOOR),
    ("/starlette/", DOOR),
    ("/uvicorn/", HTTP),
)
"""The first that is part of a frame's path counts."""


def part_of(stack: Sequence[Place]) -> str:
    """The part that a sample belongs to: that of the innermost frame which is anybody's; the event loop is the HTTP
    server's. What is done to give a connection another tenant counts as that, whoever does it.
    """
    if any(name == "lend" and path.endswith("/db/pool.py") for path, name in stack):
        return HAND_OVER
    for path, _ in stack:
        for piece, part in _BY_FILE:
            if piece in path:
                return part
    return HTTP
