"""What an operation of a client was told, and how that compares with what its tenant's log holds."""

import base64
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

_SEQ = struct.Struct(">Q")


class Ended(Exception):
    """The server ended the stream, and said why."""


@dataclass(frozen=True, slots=True, order=True)
class Told:
    """An event: its number in the log, its type, the order's public id."""

    seq: int
    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Faults:
    """Events of the log that never came, that came again, that came before an earlier one, and what came without
    being in the log."""

    lost: int = 0
    doubled: int = 0
    misplaced: int = 0
    foreign: int = 0

    def __add__(self, other: "Faults") -> "Faults":
        return Faults(
            self.lost + other.lost,
            self.doubled + other.doubled,
            self.misplaced + other.misplaced,
            self.foreign + other.foreign,
        )


@dataclass(slots=True)
class Diary:
    """``begin`` is the number after which everything must have come; None until something did. ``may_repeat``: what
    came again in a row is left out and counted as ``repeated``."""

    tenant: str
    told: list[Told] = field(default_factory=list)
    begin: int | None = None
    cursor: str | None = None
    may_repeat: bool = False
    repeated: int = 0

    def note(self, result: Any) -> None:  # Any: JSON
        """An execution result. Raises Ended for one that says that the stream is over."""
        if result.get("errors") or "end" in ((result.get("extensions") or {}).get("stream") or {}):
            raise Ended(_reason_of(result))
        event = result["data"]["orderEvents"]
        told = Told(seq_of(event["cursor"]), event["type"], event["id"])
        if self.begin is None:
            self.begin = told.seq - 1
        if self.may_repeat and self.told and told in self.told[-1:]:
            self.repeated += 1
            return
        self.told.append(told)
        self.cursor = event["cursor"]

    def missing(self, log: Sequence[Told]) -> list[int]:
        """The numbers that never came."""
        told = {entry.seq for entry in self.told}
        return [
            entry.seq for entry in log if self.begin is not None and entry.seq > self.begin and entry.seq not in told
        ]

    def compare(self, log: Sequence[Told]) -> Faults:
        """With the whole log of its tenant, in order."""
        due = [entry for entry in log if self.begin is not None and entry.seq > self.begin]
        if self.told == due:
            return Faults()
        once, there = set(self.told), set(due)
        misplaced = sum(later.seq < earlier.seq for earlier, later in pairwise(self.told))
        return Faults(len(there - once), len(self.told) - len(once), misplaced, len(once - there))


def story_around(story: Sequence[str], missing: int) -> str:
    """What a client went through before and after it was told the event before a missing one."""
    place = next((at for at, entry in enumerate(story) if entry == f"told {missing - 1}"), len(story) - 1)
    return " · ".join(story[max(0, place - 12) : place + 12])


def seq_of(cursor: str) -> int:
    """A cursor's number: no client may look into one, a judge may."""
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    return int(_SEQ.unpack(raw[-_SEQ.size :])[0])


def _reason_of(result: Mapping[str, Any]) -> str:  # Any: JSON
    end = ((result.get("extensions") or {}).get("stream") or {}).get("end") or {}
    codes = [error["extensions"]["code"] for error in result.get("errors") or ()]
    return str(end.get("reason") or ",".join(codes) or "?")
