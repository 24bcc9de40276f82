"""Which revisions there are among the scripts, told without the tool that runs them: a server asks for nothing else."""

import re
from functools import cache
from pathlib import Path

_SCRIPTS = Path(__file__).parent / "versions"
_SAID = re.compile(r'^(revision|down_revision) = "(\w+)"$', re.MULTILINE)

_NAMED = re.compile(r"\d{8}_\d{4}")


@cache
def lineage() -> tuple[str, ...]:
    """All revisions, the oldest first. Raises LookupError when there is none, or no single newest one."""
    said: list[dict[str, str]] = [
        dict(_SAID.findall(script.read_text(encoding="utf-8"))) for script in _SCRIPTS.glob("*.py")
    ]
    before = {each["revision"]: each.get("down_revision") for each in said if each}
    heads = before.keys() - set(before.values())
    if len(heads) != 1:
        raise LookupError(f"there must be one newest migration, not {sorted(heads)}")
    line: list[str] = []
    newest: str | None = heads.pop()
    while newest is not None:
        line.append(newest)
        newest = before[newest]
    return tuple(reversed(line))


def head_revision() -> str:
    """The newest. Raises LookupError as above."""
    return lineage()[-1]


def serves(revision: str | None) -> bool:
    """Whether this code serves a schema at that revision: its own newest, or one that it does not know yet and that is
    named as ours are. Migrations only add (docs/production.md): what a newer version made of the schema holds all that
    this one needs.
    """
    return revision is not None and _NAMED.fullmatch(revision) is not None and revision not in lineage()[:-1]
