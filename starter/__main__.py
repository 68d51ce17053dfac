"""`python -m starter …`, and the console script `mentorship`."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

from gateway.leaving import leave

INTERRUPTED = 130


def run() -> None:
    """Runs the command line and leaves at once: a command that was done would else end with the exit code of a crash now and then."""
    _stand_in_for_what_is_closed()
    _write_out_what_has_no_letters_here()
    try:
        from starter.cli import main  # noqa: PLC0415 - takes a moment, in which Ctrl-C has to be as quiet as later

        main()
        code: int | str | None = 0
    except SystemExit as left:
        code = left.code
    except KeyboardInterrupt:
        code = INTERRUPTED
    if isinstance(code, str):
        print(code, file=sys.stderr)  # noqa: T201 - as the interpreter would
        code = 1
    leave(code or 0)


def _stand_in_for_what_is_closed() -> None:
    """A caller may have closed them; the next file that is opened, such as the database, would take their numbers."""
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as the process
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as the process


def _write_out_what_has_no_letters_here() -> None:
    """Signs that a terminal cannot show come as escapes, as on stderr: they must not end a command in the middle."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    run()
