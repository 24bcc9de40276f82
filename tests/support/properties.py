"""How properties are searched for counterexamples: fresh random examples at the desk, the same ones in CI."""

import os

from hypothesis import HealthCheck, settings


def bounded(examples: int) -> settings:
    """So many examples, none of them timed."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=bool(os.environ.get("CI")),
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
