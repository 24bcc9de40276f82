"""How code is shaped: sizes, annotations, imports, queues, and what may happen while a module is imported."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from tests.house.source import Function, at, calls, dotted, functions, parse, read, walk, within

FILE_LINES = 300
FUNCTION_LINES = 50
USUAL_FUNCTION_LINES = 30
_MIGRATIONS = "db/migrations/versions/"

_VAGUE = re.compile(r"(^|_)(util|helper|common|manager|service|misc)s?(_|$)")
_IO = {
    "open",
    "read_text",
    "read_bytes",
    "write_text",
    "mkdir",
    "connect",
    "urlopen",
    "asyncio.run",
    "subprocess.run",
    "DataLoader",
}


def lines_of(function: Function) -> int:
    """Lines from ``def`` to the last, without decorators."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def lengths_in(path: PurePosixPath) -> list[int]:
    """The lengths of a file's functions; a migration's do not count."""
    return [] if within(path, _MIGRATIONS) else [lines_of(function) for function in functions(read(path))]


def oversizes(source: str, path: PurePosixPath) -> list[str]:
    """No file over 300 lines, no function over 50; migrations may be long."""
    if within(path, _MIGRATIONS):
        return []
    count = len(source.splitlines())
    found = [f"{path}:1: {count} lines; split it by subject, {FILE_LINES} is the most"] if count > FILE_LINES else []
    return found + [
        at(
            path,
            function,
            f"{function.name} has {lines_of(function)} lines; name its steps, {FUNCTION_LINES} is the most",
        )
        for function in functions(source)
        if lines_of(function) > FUNCTION_LINES
    ]


def vague_names(_: str, path: PurePosixPath) -> list[str]:
    """A file is called after what it holds."""
    vague = [part for part in path.with_suffix("").parts if _VAGUE.search(part)]
    return [f"{path}:1: '{part}' says nothing; name the file after its noun or its mechanism" for part in vague]


def missing_annotations(source: str, path: PurePosixPath) -> list[str]:
    """Every argument and every return is annotated."""
    found = []
    for function in functions(source):
        bare = [arg.arg for arg in _arguments(function) if arg.annotation is None and arg.arg not in {"self", "cls"}]
        bare += [] if function.returns is not None else ["the return"]
        found += [at(path, function, f"{function.name} leaves {name} without a type; annotate it") for name in bare]
    return found


def unexplained_any(source: str, path: PurePosixPath) -> list[str]:
    """``Any`` in a signature carries its reason on one of the signature's lines: ``# Any: <why>``."""
    lines = source.splitlines()
    found = []
    for function in functions(source):
        annotations = [*(arg.annotation for arg in _arguments(function)), function.returns]
        named = {dotted(node) for annotation in annotations if annotation for node in ast.walk(annotation)}
        signature = lines[function.lineno - 1 : max(function.body[0].lineno - 1, function.lineno)]
        if named & {"Any", "typing.Any"} and not any(re.search(r"# Any: \S", line) for line in signature):
            says = f"{function.name} takes or answers Any; name the type (object, a Protocol), or add `# Any: <why>`"
            found.append(at(path, function, says))
    return found


def local_imports(source: str, path: PurePosixPath) -> list[str]:
    """Imports stand at the top, except in the command line's lazy verbs."""
    if within(path, "web/cli/"):
        return []
    found = {
        node.lineno: node
        for function in functions(source)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    return [
        at(
            path,
            node,
            "imports inside a function; move it to the top, or move the code to the floor that may import it",
        )
        for node in found.values()
    ]


def monkey_patches(source: str, path: PurePosixPath) -> list[str]:
    """Nothing that was imported is assigned to."""
    imported = {
        (alias.asname or alias.name).split(".")[0]
        for node in walk(source)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    return [
        at(
            path,
            node,
            f"patches {name}, which is imported; subclass it, wrap it, or (in a test) use the monkeypatch fixture",
        )
        for node, name in _written(source)
        if name.partition(".")[0] in imported
    ]


def unbounded_queues(source: str, path: PurePosixPath) -> list[str]:
    """Every queue has a bound, and a full one is never passed over in silence."""
    found = []
    for call in calls(source):
        maker = call.func.value if isinstance(call.func, ast.Subscript) else call.func
        name = dotted(maker).split(".")[-1]
        bound = call.args[0] if call.args else next((k.value for k in call.keywords if k.arg == "maxsize"), None)
        if name in {"Queue", "LifoQueue", "PriorityQueue"} and (
            bound is None or (isinstance(bound, ast.Constant) and not bound.value)
        ):
            found.append(
                at(
                    path,
                    call,
                    "makes an unbounded queue; give maxsize, and say what happens to the one who is too slow",
                )
            )
        if name == "suppress" and any(dotted(arg).endswith("QueueFull") for arg in call.args):
            found.append(
                at(path, call, "drops what a full queue refuses; end the subscriber with STREAM_RESYNC instead")
            )
    return found


def import_time_io(source: str, path: PurePosixPath) -> list[str]:
    """Importing a module only defines; files, sockets, processes and loaders wait for a function."""
    return [
        at(
            path,
            call,
            f"calls {dotted(call.func)} at import; move it into a function (functools.cache keeps the result)",
        )
        for statement in parse(source).body
        if not (isinstance(statement, ast.If) and "__main__" in ast.unparse(statement.test))
        for call in _run_at_import(statement)
        if dotted(call.func) in _IO or dotted(call.func).split(".")[-1] in _IO
    ]


def _arguments(function: Function) -> Iterator[ast.arg]:
    spec = function.args
    yield from (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)
    yield from (arg for arg in (spec.vararg, spec.kwarg) if arg is not None)


def _written(source: str) -> Iterator[tuple[ast.AST, str]]:
    """Each attribute that is assigned, deleted or set by ``setattr``, as a dotted name."""
    for node in walk(source):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            yield node, dotted(node)
        elif isinstance(node, ast.Call) and dotted(node.func) in {"setattr", "delattr"} and node.args:
            yield node, dotted(node.args[0])


def _run_at_import(node: ast.AST) -> Iterator[ast.Call]:
    """The calls of a statement that run when its module is imported: not those in the bodies of functions."""
    if isinstance(node, Function | ast.Lambda):
        return
    if isinstance(node, ast.Call):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _run_at_import(child)
