"""Who may open what: the environment, a tenant's identity, a connection, a transaction."""

import ast
import re
from functools import cache
from pathlib import PurePosixPath

from tests.house.source import at, calls, dotted, functions, python_files, read, walk, within

_OWNERS = ("db/embedded.py", "db/migrations/", "db/seed*", "db/doctor*")
_ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}
_CONNECTORS = {"asyncpg.connect", "asyncpg.create_pool", "create_async_engine", "create_engine"}
_BRACKETS = {"commit", "rollback", "begin", "begin_nested", "transaction"}
_BRACKET_SQL = re.compile(
    r"\s*(begin|start transaction|commit|end|rollback|savepoint|release)\b(?! the)", re.IGNORECASE
)
_TENANT_PREDICATE = re.compile(r"\btenant_id\s*(=|<|>|\bin\b|\bis\b)", re.IGNORECASE)
_PARTS = {
    *(
        "directory",
        "members",
        "roles",
        "api_keys",
        "invitations",
        "address_lists",
        "sessions",
        "resets",
        "links",
        "documents",
    ),
}
_WAITS = {"sleep", "wait", "publish", "notify", "wake"}


def environment_reads(source: str, path: PurePosixPath) -> list[str]:
    """Only ``web/settings.py`` reads the environment."""
    if within(path, "web/settings.py"):
        return []
    found = [
        node
        for node in walk(source)
        if isinstance(node, ast.Attribute) and dotted(node) in {f"os.{name}" for name in _ENVIRONMENT}
    ]
    imported = [
        node
        for node in walk(source)
        if isinstance(node, ast.ImportFrom)
        and node.module == "os"
        and any(alias.name in _ENVIRONMENT for alias in node.names)
    ]
    return [
        at(path, node, "reads the environment; add a field to Settings in web/settings.py and pass its value")
        for node in [*found, *imported]
    ]


def tenant_mints(source: str, path: PurePosixPath) -> list[str]:
    """Only ``auth/authenticate.py`` makes a TenantId."""
    if within(path, "auth/authenticate.py"):
        return []
    return [
        at(
            path,
            call,
            "mints a TenantId; take it from the Principal, or from auth.authenticate.tenant_of_operator in a command",
        )
        for call in calls(source)
        if dotted(call.func).split(".")[-1] == "TenantId"
    ]


def connection_takes(source: str, path: PurePosixPath) -> list[str]:
    """The engine, the directory and the owner's tools open connections; the doors alone borrow them."""
    says = []
    for call in calls(source):
        name = dotted(call.func)
        last = name.split(".")[-1]
        if (name in _CONNECTORS or last in {"create_async_engine", "create_engine"}) and not within(
            path, "db/engine.py", "db/directory.py", *_OWNERS
        ):
            says.append(
                at(path, call, f"opens a connection with {name}; ask Database.reader(…), .writer(…) or .directory")
            )
        if name.endswith(".lend") and not within(path, "db/tenancy.py"):
            says.append(
                at(path, call, "borrows a tenant's connection; use a TenantReader or TenantWriter of db/tenancy.py")
            )
        if name.endswith(".acquire") and not within(path, "db/directory.py", *_OWNERS):
            says.append(at(path, call, "acquires; rows come through the doors, and locks are taken with `async with`"))
    return says


def hand_made_transactions(source: str, path: PurePosixPath) -> list[str]:
    """The writer's block is the transaction: nobody else begins, commits or rolls back."""
    if within(path, "db/tenancy.py", "db/recording.py", *_OWNERS):
        return []
    says = "brackets a transaction by hand; write inside `async with database.writer(tenant, actor)`"
    found: list[str] = []
    for call in calls(source):
        first = call.args[0] if call.args else None
        runs_text = dotted(call.func).split(".")[-1] in {"execute", "fetch", "fetchrow", "fetchval", "text"}
        if (isinstance(call.func, ast.Attribute) and call.func.attr in _BRACKETS) or (
            runs_text
            and isinstance(first, ast.Constant)
            and isinstance(first.value, str)
            and _BRACKET_SQL.match(first.value)
        ):
            found.append(at(path, call, says))
    return found


def waits_in_transactions(source: str, path: PurePosixPath) -> list[str]:
    """Nothing is published and nothing waited for while a writer's block is open."""
    found = []
    for block in walk(source):
        if isinstance(block, ast.AsyncWith) and any(_opens_writer(item.context_expr) for item in block.items):
            found += [
                at(
                    path,
                    call,
                    f"calls {call.func.attr} inside a writer's block; do it after the block, when it has committed",
                )
                for statement in block.body
                for call in ast.walk(statement)
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in _WAITS
            ]
    return found


def _opens_writer(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] in {"write", "writer"}


def tenant_predicates(source: str, path: PurePosixPath) -> list[str]:
    """The tenant's predicate is written in ``db/`` and nowhere above."""
    if path.parts[0] in {"db", "tests"}:
        return []
    return [
        at(path, node, "writes a tenant predicate; only statements of db/ hold one, and the doors fill it in")
        for node in walk(source)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _TENANT_PREDICATE.search(node.value)
    ]


def unrecorded_changes(source: str, path: PurePosixPath) -> list[str]:
    """Whatever changes who may what says what goes on record of it, or that nothing does."""
    return [
        at(path, call, "changes the directory off the record; give it record=…, or record=None where nobody did it")
        for call in calls(source)
        if dotted(call.func).split(".")[-2:][0] in _PARTS
        and dotted(call.func).split(".")[-1] in _recorded_methods()
        and all(keyword.arg != "record" for keyword in call.keywords)
    ]


@cache
def _recorded_methods() -> frozenset[str]:
    """What of the directory takes a record."""
    return frozenset(
        function.name
        for file in python_files("db")
        for function in functions(read(file))
        if any(argument.arg == "record" for argument in function.args.kwonlyargs)
    )
