"""Each rule catches its bad snippet, lets its good one pass, and holds on the whole tree."""

from dataclasses import dataclass
from pathlib import PurePosixPath

import pytest

from tests.house import doors, shapes
from tests.house.source import FLOORS, Rule, broken, python_files

_PRODUCT = FLOORS
_ALL = (*FLOORS, "tests")


@dataclass(frozen=True)
class Case:
    """A rule, the folders that it holds in, what it must catch and what it must not."""

    rule: Rule
    folders: tuple[str, ...]
    bad: tuple[str, ...]
    good: tuple[str, ...]
    path: str = "resolvers/orders.py"

    def __str__(self) -> str:
        return self.rule.__name__


CASES = (
    Case(
        doors.environment_reads,
        _PRODUCT,
        bad=("import os\nhome = os.environ['HOME']", "import os\nhome = os.getenv('HOME')", "from os import environ"),
        good=("import os\nname = os.name",),
    ),
    Case(
        doors.tenant_mints,
        _PRODUCT,
        bad=("tenant = TenantId('00')", "tenant = tenancy.TenantId(hex)"),
        good=("def rows(tenant: TenantId) -> None: ...",),
    ),
    Case(
        doors.connection_takes,
        _PRODUCT,
        bad=(
            "async def f():\n    return await asyncpg.connect(dsn)",
            "slot = pool.lend(tenant)",
            "engine = create_async_engine(dsn)",
            "taken = pool.acquire()",
        ),
        good=("async def f():\n    async with lock: ...",),
    ),
    Case(
        doors.hand_made_transactions,
        _PRODUCT,
        bad=(
            "await_ = connection.commit()",
            "block = connection.transaction()",
            "done = connection.execute('ROLLBACK')",
            "done = session.rollback()",
        ),
        good=("done = connection.fetch('SELECT 1')", "done = reader.fetch(BEGINNING)"),
    ),
    Case(
        doors.waits_in_transactions,
        _PRODUCT,
        bad=(
            "async def f():\n    async with ctx.write() as writer:\n        await hub.publish(1)",
            "async def f():\n    async with database.writer(tenant, actor) as writer:\n        await asyncio.sleep(1)",
        ),
        good=(
            "async def f():\n    async with ctx.write() as writer:\n        writer.record(1)\n    await hub.publish(1)",
        ),
    ),
    Case(
        doors.tenant_predicates,
        _PRODUCT,
        bad=("SQL = 'SELECT 1 FROM orders WHERE tenant_id = $1'",),
        good=("COLUMN = 'tenant_id'",),
    ),
    Case(
        shapes.oversizes,
        _ALL,
        bad=("\n" * 301, "def f() -> None:\n" + "    pass\n" * 50),
        good=("\n" * 300, "def f() -> None:\n" + "    pass\n" * 49),
    ),
    Case(shapes.vague_names, _ALL, bad=("",), good=(), path="db/order_helpers.py"),
    Case(
        shapes.missing_annotations,
        _ALL,
        bad=("def f(x) -> int: ...", "def f(x: int): ...", "def f(*x) -> int: ...", "async def f(*, x) -> int: ..."),
        good=("class A:\n    def f(self, x: int) -> int: ...",),
    ),
    Case(
        shapes.unexplained_any,
        _ALL,
        bad=("def f(x: Any) -> int: ...", "def f(x: int) -> dict[str, Any]: ...", "def f(x: typing.Any) -> int: ..."),
        good=(
            "def f(x: Any) -> int: ...  # Any: the driver is untyped",
            "def f(\n    x: Any,  # Any: untyped\n) -> int: ...",
        ),
    ),
    Case(
        doors.unrecorded_changes,
        ("auth", "resolvers", "schema", "web"),
        bad=(
            "gone = directory.members.remove(tenant, user)",
            "made = ctx.database.directory.roles.create(tenant, 'seller', **said)",
            "invitations = directory.invitations\ngone = invitations.revoke(tenant, name)",
            "done = directory.set_password(user, hashed)",
        ),
        good=(
            "gone = directory.members.remove(tenant, user, record=record)",
            "row = directory.members.by_id(tenant, [user])",
            "seen = self.updates.create(tenant)",
        ),
    ),
    Case(
        shapes.local_imports,
        _ALL,
        bad=("def f() -> None:\n    import json", "async def f() -> None:\n    from db import pages"),
        good=("import json\n\ndef f() -> None: ...",),
    ),
    Case(
        shapes.monkey_patches,
        _ALL,
        bad=(
            "import json\njson.loads = print",
            "from uvicorn import Server\nServer.handle_exit = print",
            "import json\nsetattr(json, 'loads', print)",
            "import a.b\ndel a.b.c",
        ),
        good=("import json\nclass A:\n    def f(self) -> None:\n        self.json = json",),
    ),
    Case(
        shapes.unbounded_queues,
        _ALL,
        bad=(
            "q = asyncio.Queue()",
            "q = Queue(maxsize=0)",
            "q = asyncio.Queue[int]()",
            "with suppress(asyncio.QueueFull): ...",
        ),
        good=("q = asyncio.Queue(maxsize=1)", "q = Queue(64)"),
    ),
    Case(
        shapes.import_time_io,
        _PRODUCT,
        bad=(
            "PAGE = Path(__file__).read_text()",
            "class A:\n    page = open('x')",
            "asyncio.run(main())",
            "LOADER = DataLoader(load)",
        ),
        good=("def page() -> str:\n    return Path('x').read_text()", "PATTERN = re.compile('x')"),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_rule_catches_what_it_forbids_and_says_where(case: Case) -> None:
    for snippet in case.bad:
        found = case.rule(snippet, PurePosixPath(case.path))
        assert found, f"{case} lets this pass:\n{snippet}"
        assert all(line.startswith(f"{case.path}:") and "; " in line for line in found), (
            "a message names file, line and remedy"
        )


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_rule_lets_the_right_way_pass(case: Case) -> None:
    for snippet in case.good:
        assert case.rule(snippet, PurePosixPath(case.path)) == []


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_tree_keeps_the_rule(case: Case) -> None:
    violations = broken(case.rule, python_files(*case.folders))
    assert not violations, f"{case.rule.__doc__}\n{violations}"


@pytest.mark.parametrize(
    ("rule", "path", "snippet"),
    [
        (doors.environment_reads, "web/settings.py", "import os\nhome = os.environ['HOME']"),
        (doors.tenant_mints, "auth/authenticate.py", "tenant = TenantId(row)"),
        (doors.connection_takes, "db/tenancy.py", "slot = pool.lend(tenant)"),
        (doors.connection_takes, "db/directory.py", "taken = pool.acquire()"),
        (doors.hand_made_transactions, "db/tenancy.py", "done = connection.execute('COMMIT')"),
        (doors.hand_made_transactions, "db/recording.py", "block = connection.transaction()"),
        (shapes.local_imports, "web/cli/serve.py", "def f() -> None:\n    import uvicorn"),
        (shapes.oversizes, "db/migrations/versions/x.py", "\n" * 301),
    ],
)
def test_a_rule_spares_the_one_place_it_protects(rule: Rule, path: str, snippet: str) -> None:
    assert rule(snippet, PurePosixPath(path)) == []
    assert rule(snippet, PurePosixPath("schema/root.py")) != []


def test_nine_functions_in_ten_are_short() -> None:
    lengths = sorted(length for path in python_files(*_PRODUCT) for length in shapes.lengths_in(path))
    tenth = lengths[len(lengths) * 9 // 10]
    assert tenth <= shapes.USUAL_FUNCTION_LINES, f"a tenth of all functions has more than {tenth} lines"
