"""A sample is told to be of the part whose frame is innermost."""

import pytest

from tests.bench.parts import BUILDING, DOOR, HAND_OVER, HTTP, JSON, LEDGER, PARTS, RUNNING, STATEMENTS, WHO, part_of

SITE = "/x/.venv/lib/python3.11/site-packages"
REQUEST = [
    ("/x/web/graphql.py", "__call__"),
    ("/x/web/middleware.py", "__call__"),
    (f"{SITE}/uvicorn/x.py", "run_asgi"),
]


@pytest.mark.parametrize(
    ("innermost", "part"),
    [
        ([("<plan>", "<listcomp>"), ("/x/schema/engine/complete.py", "build_rows")], BUILDING),
        ([("/x/schema/answers.py", "json_body"), ("/x/schema/execute.py", "answer")], JSON),
        ([(f"{SITE}/asyncpg/prepared_stmt.py", "fetch"), ("/x/db/sending.py", "send")], STATEMENTS),
        ([(f"{SITE}/asyncpg/prepared_stmt.py", "fetchval"), ("/x/db/pool.py", "lend")], HAND_OVER),
        ([("/x/schema/engine/relations.py", "related"), ("/x/schema/engine/run.py", "_list")], RUNNING),
        ([(f"{SITE}/structlog/_base.py", "_process_event"), ("/x/web/middleware.py", "__call__")], LEDGER),
        ([("/x/auth/authenticate.py", "authenticate"), ("/x/web/admission.py", "admit")], WHO),
        ([("/x/web/whole_answers.py", "_write"), ("/x/web/responses.py", "send_bytes")], HTTP),
        ([], DOOR),
    ],
)
def test_the_innermost_frame_that_is_anybodys_counts(innermost: list[tuple[str, str]], part: str) -> None:
    assert part_of([*innermost, *REQUEST]) == part
    assert part in PARTS


def test_what_is_nobodys_is_the_servers() -> None:
    assert part_of([("/usr/lib/python3.11/asyncio/runners.py", "run")]) == HTTP
