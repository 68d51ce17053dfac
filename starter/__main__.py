"""`python -m starter …`, and the console script `mentorship`."""

from __future__ import annotations

import codecs
import io
import json
import sys

from gateway.leaving import INTERRUPTED, leave, stopped_as_by_ctrl_c
from gateway.starting import loading
from gateway.streams import stand_in_for_what_is_closed


def run() -> None:
    """Runs the command line and exits at once. Otherwise a command that succeeded would sometimes end with the exit code of a crash."""
    stopped = stopped_as_by_ctrl_c()
    stand_in_for_what_is_closed()
    _write_out_what_has_no_letters_here()
    try:
        with loading():
            from starter.cli import main  # noqa: PLC0415 - takes a moment

        main()
        code: int | str | None = 0
    except SystemExit as left:
        code = left.code
    except KeyboardInterrupt:
        code = INTERRUPTED
    if code == INTERRUPTED and stopped:
        code = 128 + stopped[0]
    if isinstance(code, str):
        print(code, file=sys.stderr)  # noqa: T201 - as the interpreter would
        code = 1
    leave(code or 0)


def _write_out_what_has_no_letters_here() -> None:
    """Writes signs that a terminal cannot show as escapes, so that they never end a command in the middle.

    They are JSON's escapes, since Python's own would make JSON invalid.
    """

    def escaped(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeEncodeError):
            raise error
        return json.dumps(error.object[error.start : error.end])[1:-1], error.end

    codecs.register_error("escaped", escaped)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="escaped")


if __name__ == "__main__":
    run()
