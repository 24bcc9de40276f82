"""What verbs print: data to standard output, remarks to standard error."""

import json
import sys


def print_json(value: object) -> None:
    """One line of JSON for a program to read."""
    print_plain(json.dumps(value, ensure_ascii=False, default=str))


def print_plain(text: str, end: str = "\n") -> None:
    """Data, exactly as it is."""
    sys.stdout.write(text + end)
    sys.stdout.flush()


def remark(text: str) -> None:
    """What a person may want to know, and a program does not."""
    print(text, file=sys.stderr, flush=True)
