"""The account of a storm: what happened, what was told, and what was wrong with it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.faults.diary import Faults, story_around
from tests.faults.pages import Album
from tests.faults.subscribers import Subscriber
from tests.faults.truth import Judge


@dataclass(slots=True)
class Account:
    """What came of a storm."""

    subscribers: int = 0
    operations: int = 0
    events: int = 0
    told: int = 0
    pages: int = 0
    """Snapshots and changes that were told and compared."""
    repeated: int = 0
    faults: Faults = field(default_factory=Faults)
    silent: int = 0
    """Operations that were never told anything: nothing is proven by them."""
    struck: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    """Streams that ended under each kind of strike."""
    ways: Counter[str] = field(default_factory=Counter)
    """How connections ended."""
    stories: list[str] = field(default_factory=list)
    """What went before some of the faults."""
    written: Counter[str] = field(default_factory=Counter)
    caught_up: float = 0.0
    """Seconds from the end of the storm until all had all."""

    def settle(self, subscribers: Sequence[Subscriber], judge: Judge) -> None:
        """Add what the subscribers were told."""
        whose = {id(record): each for each in subscribers for record in each.records}
        self.subscribers = len(subscribers)
        for each in subscribers:
            self.ways += each.ways
        for record, faults, repeated in judge.faults_of([record for each in subscribers for record in each.records]):
            self.operations += 1
            self.silent += not record.count
            self.repeated += repeated
            self.faults += faults
            if isinstance(record, Album):
                self.pages += record.count
            else:
                self.told += record.count - repeated
            each = whose[id(record)]
            if not record.count:
                self.stories.append(f"{type(each).__name__} of {record.tenant} was told nothing: {record.document}")
            if faults != Faults():
                around = judge.lost_after(record) or ""
                who = f"{type(each).__name__} of {record.tenant}: {faults}"
                self.stories.append(f"{who}: {story_around(list(each.story), around)}")
