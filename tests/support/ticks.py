"""Seconds that pass when a test says so, or when somebody sleeps."""

from dataclasses import dataclass, field


@dataclass
class Ticks:
    """A clock that only goes forward, and a sleep that moves it; ``slept`` are the pauses."""

    now: float = 1_000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def longest() -> float:
    """Chance, at its most."""
    return 1.0
