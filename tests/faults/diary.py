"""What an operation of a client was told, and how that compares with what its tenant's log holds."""

import base64
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import chain, pairwise
from typing import Any, Protocol

from tests.faults.nouns import Noun

_SEQ = struct.Struct(">Q")


class Ended(Exception):
    """The server ended the stream, and said why."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event: its number in the log, its type, its row's public id. Of a noun whose events carry no cursor the id is
    all that counts.
    """

    seq: int
    type: str
    id: str

    @classmethod
    def of(cls, noun: Noun, seq: int, type_: str, id_: str) -> "Told":
        return cls(seq, type_, id_) if noun.numbered else cls(0, "", id_)


@dataclass(frozen=True, slots=True)
class Faults:
    """Events of the log that never came, that came again, that came before an earlier one, and what came without
    being in the log; and pages that were not the page at their cursor.
    """

    lost: int = 0
    doubled: int = 0
    misplaced: int = 0
    foreign: int = 0
    differing: int = 0

    def __add__(self, other: "Faults") -> "Faults":
        return Faults(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Faults)))


class Record(Protocol):
    """What one operation of a client was told, on all its connections."""

    tenant: str
    cursor: str | None
    """From where to go on, as the operation itself was told."""
    count: int
    """Of what was told."""

    @property
    def document(self) -> str: ...

    @property
    def variables(self) -> Mapping[str, Any]:  # Any: JSON
        """Without a cursor."""

    def turn(self) -> None:
        """A new connection begins."""

    def note(self, result: Any) -> str:  # Any: JSON
        """An execution result, in a word for the story. Raises Ended for one that says that the stream is over."""


@dataclass(slots=True)
class Diary:
    """Of events. ``turns`` is what was told on each connection. ``may_repeat``: what was told on one may come again on
    a later one, and is counted as repeated.
    """

    tenant: str
    noun: Noun
    document: str
    may_repeat: bool = False
    turns: list[list[Told]] = field(default_factory=list)
    cursor: str | None = None
    count: int = 0
    variables: Mapping[str, Any] = field(default_factory=dict)  # Any: JSON

    def turn(self) -> None:
        if not self.turns or self.turns[-1]:
            self.turns.append([])

    def note(self, result: Any) -> str:  # Any: JSON
        event = data_of(result)[self.noun.field]
        cursor = event["cursor"] if self.noun.numbered else (result.get("extensions") or {}).get("cursor")
        self.cursor = cursor or self.cursor
        told = Told.of(self.noun, 0 if cursor is None else seq_of(cursor), event.get("type", ""), event["id"])
        self.turns[-1].append(told)
        self.count += 1
        return self.said(told)

    def said(self, told: Told) -> str:
        """In a word."""
        return f"told {self.noun.entity} {told.seq or told.id}"

    @property
    def newest(self) -> Told | None:
        """What was told last."""
        return next((turn[-1] for turn in reversed(self.turns) if turn), None)

    def missing(self, log: Sequence[Told]) -> list[Told]:
        """What never came of the log of its noun, since the first that did."""
        told = set(chain.from_iterable(self.turns))
        began = next((place for place, entry in enumerate(log) if entry in told), len(log))
        return [entry for entry in log[began:] if entry not in told]

    def compare(self, log: Sequence[Told]) -> tuple[Faults, int]:
        """With the whole log of its noun, in order; and how much was repeated as it may be."""
        places = {entry: place for place, entry in enumerate(log)}
        seen: set[int] = set()
        left_out: set[int] = set()
        foreign = doubled = misplaced = repeated = 0
        for turn in self.turns:
            here = [places[entry] for entry in turn if entry in places]
            once, top = set(here), max(seen, default=-1)
            foreign += len(turn) - len(here)
            doubled += len(here) - len(once) + (0 if self.may_repeat else len(once & seen))
            repeated += len(once & seen) if self.may_repeat else 0
            misplaced += sum(later < earlier for earlier, later in pairwise(here))
            misplaced += sum(place < top for place in once - seen)
            left_out |= set(range(min(here, default=0), max(here, default=0))) - once
            seen |= once
        lost = len(self.missing(log)) + len(left_out & seen)
        return Faults(lost, doubled, misplaced, foreign), repeated


def data_of(result: Any) -> Any:  # Any: JSON
    """Raises Ended."""
    if result.get("errors") or "end" in ((result.get("extensions") or {}).get("stream") or {}):
        raise Ended(_reason_of(result))
    return result["data"]


def story_around(story: Sequence[str], what: str) -> str:
    """What a client went through before and after an entry of its story."""
    place = next((at for at, entry in enumerate(story) if entry == what), len(story) - 1)
    return " · ".join(story[max(0, place - 12) : place + 12])


def seq_of(cursor: str) -> int:
    """A cursor's number: no client may look into one, a judge may."""
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    return int(_SEQ.unpack(raw[-_SEQ.size :])[0])


def _reason_of(result: Mapping[str, Any]) -> str:  # Any: JSON
    end = ((result.get("extensions") or {}).get("stream") or {}).get("end") or {}
    codes = [error["extensions"]["code"] for error in result.get("errors") or ()]
    return str(end.get("reason") or ",".join(codes) or "?")
