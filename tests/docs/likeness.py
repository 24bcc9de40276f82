"""Whether an output is the one that a page shows: the same but for what differs from run to run.

Ids, cursors, times, order numbers, counts and made-up names stand for others of their kind; ``…`` in a line stands for
any text, and alone in a line for any lines. Everything else, statuses, codes, messages and flags, must be the same.

Where a stream prints in the background, its lines may come between those of an answer: each block's lines are there, in
their order. A stream's ping comes when it will, so it need not be on the page; a block that shows one waits for it.
"""

import re

_PING = "PING"
_KINDS = (
    (r"(?m)^:\nid: .*$", _PING),
    (r"\b(ord|cus|prd|usr|ten|itm)_[0-9a-f]{32}", r"\1_ID"),
    (r"\beyJ[\w-]+\.[\w-]+\.[\w-]+", "TOKEN"),
    (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
    (r"\b\d{6}-[0-9A-Z]{7}\b", "NUMBER"),
    (r'"(name|notes|sku|amount|currency)": ?("[^"]*"|null)', r'"\1": "MADE UP"'),
    (r'"email": ?"[^"]*@(?!acme|globex|initech)[^"]*"', '"email": "MADE UP"'),
    (r'"(totalCount|quantity|version)": ?\d+', r'"\1": 0'),
    (r"\bat version \d+", "at version 0"),
    (r'"(version|requestId)": ?"[0-9a-f]+"', r'"\1": "HEX"'),
    (r"\b\d+ changes in .*", "CHANGES"),
    (r"\brevision \d+_\d+|\bversion \d+", "VERSION"),
    (r"\b\d+ (tables|partitions|questions)", r"0 \1"),
    (r'(tidegate_\w+_total\{code="\w+"\}) [\d.]+', r"\1 0"),
    (r"(?<=[\" ])[\w-]{4,}…", "…"),
    (r"(?<=[\" ])(?=[\w-]*\d)[\w-]{34,}", "CURSOR"),
)
_NOISE = re.compile(r"^(:|.*\bTerminated\b.*|\[\d+\].*)$")


def missing(shown: list[str], printed: str) -> str:
    """What is wrong with ``printed`` beside the blocks that a page shows, in words; empty when nothing is."""
    left = _plain(printed)
    for block in shown:
        others = _whole(_plain(block), left) or _by_lines(_plain(block), left)
        if others is None:
            return f"the page shows\n{block}\nand what was printed is\n{printed}"
        left = others
    rest = [line for line in left.splitlines() if line.strip() and line != _PING]
    return "printed, but not on the page:\n" + "\n".join(rest) if rest else ""


def _whole(block: str, printed: str) -> str | None:
    """What was printed without a block that is there in one piece."""
    left, found = re.subn(_pattern(block), "\n", printed, count=1)
    return left if found else None


def _by_lines(block: str, printed: str) -> str | None:
    """What was printed without a block whose lines are there in their order, with others in between."""
    left, place = printed.splitlines(), 0
    for line in block.splitlines():
        if line.strip() == "…":
            return None  # which lines it stands for is not known once others are among them
        while place < len(left) and not re.fullmatch(_line(line), f"{left[place]}\n"):
            place += 1
        if place == len(left):
            return None
        del left[place]
    return "".join(f"{line}\n" for line in left)


def _plain(text: str) -> str:
    for pattern, kind in _KINDS:
        text = re.sub(pattern, kind, text)
    lines = (line.rstrip() for line in text.splitlines())
    return "".join(f"{line}\n" for line in lines if line and not _NOISE.match(line))


def _pattern(block: str) -> str:
    """Lines that were cut at the end are all that came; elsewhere, those up to the next line that is shown."""
    lines = ["(?:.*\n)*?" if line.strip() == "…" else _line(line) for line in block.splitlines()]
    return "(?m)^" + "".join(lines) + (r"(?:.*\n)*\Z" if lines[-1].endswith("*?") else "")


def _line(line: str) -> str:
    return "[^\n]*".join(re.escape(part) for part in line.split("…")) + "\n"
