"""What the house logs, as whoever reads its lines would see them."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from web.logs import configure


@contextmanager
def logged(form: str = "json", level: str = "info") -> Iterator[io.StringIO]:
    """Everything that is logged inside; the logging of the test run comes back afterwards, for every logger."""
    root = logging.getLogger()
    before, standard = root.handlers[:], root.level
    stream = io.StringIO()
    configure(form, level, stream)
    # A module's logger that keeps this stream would never again be heard by another test.
    structlog.configure(cache_logger_on_first_use=False)
    try:
        yield stream
    finally:
        root.handlers[:] = before
        root.setLevel(standard)
        structlog.reset_defaults()
