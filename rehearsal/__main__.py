"""`python -m rehearsal FILE`: reads a request as JSON from standard input, and writes the outcome as JSON into the file and progress to standard error.

It writes into a file, since the engine's own warnings go to standard output. It is a process of its own, since the operators' command may not know the
worker (decision 14).
"""

from __future__ import annotations

import sys
from pathlib import Path

from pydantic import ValidationError

from gateway import event_loop
from gateway.leaving import INTERRUPTED, stopped_as_by_ctrl_c
from gateway.logs import configure
from starter.rehearsal_request import Rehearsed, Request

_MISSING = "`make extras` installs it"


def _told(pair_id: str) -> None:
    print(f"rehearsed {pair_id}", file=sys.stderr, flush=True)  # noqa: T201 - the parent reads it


async def _rehearse(request: Request) -> Rehearsed:
    from rehearsal import real  # noqa: PLC0415 - a mail server is an extra, and the whole worker takes seconds to import

    return (await real.rehearse(request, _told)).result


def main() -> int:
    """Exit 0 with a result; 1 with one line that says why not."""
    stopped_as_by_ctrl_c()  # so that its server ends as well
    configure(level="ERROR")
    try:
        request = Request.model_validate_json(sys.stdin.buffer.read())
    except ValidationError:
        print("this is not a request of `mentorship cohort rehearse`", file=sys.stderr)  # noqa: T201 - the parent reads it
        return 1
    try:
        result = event_loop.run(_rehearse(request))
    except ImportError as error:
        print(f"{error.name} is not installed: {_MISSING}", file=sys.stderr)  # noqa: T201
        return 1
    except FileNotFoundError as error:
        print(f"{error} is not installed: {_MISSING}", file=sys.stderr)  # noqa: T201
        return 1
    except (RuntimeError, ValueError) as error:
        print(str(error), file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    Path(sys.argv[1]).write_text(result.model_dump_json(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
