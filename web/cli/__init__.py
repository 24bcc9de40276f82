"""The command line: one file a verb or a small group, each imported when it is called. It knows no SQL.

Exit codes: 0 done, 1 failed, 2 called wrongly. Data goes to standard output, everything else to standard error.
"""

import sys
from collections.abc import Sequence

from web.cli.failures import report
from web.cli.verbs import app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one verb and leave the process with its exit code."""
    try:
        app(args=None if arguments is None else list(arguments), prog_name="tidegate")
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(1)
    except Exception as error:
        report(error)
        sys.exit(1)
