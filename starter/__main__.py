"""`python -m starter …`, and the console script `mentorship`."""

from __future__ import annotations

import os
import sys

from starter.cli import main


def run() -> None:
    """Runs the command line and leaves at once: Temporal's client may abort a process whose interpreter winds down at leisure,
    and a command that was done would end with the exit code of a crash.
    """
    try:
        main()
        code: int | str | None = 0
    except SystemExit as left:
        code = left.code
    if isinstance(code, str):
        print(code, file=sys.stderr)  # noqa: T201 - as the interpreter would
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)


if __name__ == "__main__":
    run()
