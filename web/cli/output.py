"""What verbs print: data to standard output, remarks to standard error."""

import json
import sys
from collections.abc import Sequence

WHOLE = frozenset({"id", "used", "p95"})


def print_json(value: object) -> None:
    """One line of JSON for a program to read."""
    print_plain(json.dumps(value, ensure_ascii=False, default=str))


def print_plain(text: str, end: str = "\n") -> None:
    """Data, exactly as it is."""
    sys.stdout.write(text + end)
    sys.stdout.flush()


def print_table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Rows for a person to read, as wide as the terminal. What stands under ``WHOLE`` is not broken: it is copied."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in head:
        table.add_column(name, overflow="fold", no_wrap=name in WHOLE)
    for row in rows:
        table.add_row(*row)
    Console().print(table, soft_wrap=False)


def remark(text: str) -> None:
    """What a person may want to know, and a program does not."""
    print(text, file=sys.stderr, flush=True)
