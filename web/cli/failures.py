"""How a verb says that it failed: one or a few lines, with what to do, and never a traceback unless it is asked for."""

import sys
import traceback

from web.redaction import mask_text


class Failure(Exception):
    """The verb cannot do what it was asked; the text says why and what to do. Lines after the first are details."""


def report(error: Exception) -> None:
    """Write what went wrong to standard error; with a traceback when it is no Failure and the log level is debug."""
    problems = getattr(error, "problems", None)
    if problems:
        _write(f"{len(problems)} settings are wrong or missing:" if len(problems) > 1 else "One setting is wrong:")
        for problem in problems:
            _write(f"  ✗ {problem}")
    elif isinstance(error, Failure):
        _write(str(error))
    else:
        _report_surprise(error)


def _report_surprise(error: Exception) -> None:
    from web.settings import Settings, SettingsError

    _write(f"{type(error).__name__}: {str(error) or 'no more is known'}")
    try:
        debug = Settings.load().log_level == "debug"
    except SettingsError:
        debug = False
    if debug:
        _write("".join(traceback.format_exception(error)))
    else:
        _write("TIDEGATE_LOG_LEVEL=debug shows where it happened.")


def _write(text: str) -> None:
    print(mask_text(text), file=sys.stderr)
