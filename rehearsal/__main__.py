"""`python -m rehearsal`: a request as JSON on standard input, what came of it as JSON on standard output, progress on standard error.

A process of its own: the operators' command may not know the worker (docs/decisions).
"""

from __future__ import annotations

import asyncio
import sys

from pydantic import ValidationError

from gateway.logs import configure
from rehearsal.request import Request


def main() -> int:
    """Exit 0 with a result; 1 with one line that says why not."""
    configure(level="ERROR")
    try:
        request = Request.model_validate_json(sys.stdin.buffer.read())
    except ValidationError:
        print("this is not a request of `mentorship cohort rehearse`", file=sys.stderr)  # noqa: T201 - the parent reads it
        return 1
    try:
        from rehearsal.real import rehearse  # noqa: PLC0415 - the test server and a mail server are an extra
    except ImportError as error:
        print(f"{error.name} is not installed: pip install 'mentorship[rehearsal]'", file=sys.stderr)  # noqa: T201
        return 1
    try:
        real = asyncio.run(rehearse(request, lambda pair_id: print(f"rehearsed {pair_id}", file=sys.stderr, flush=True)))  # noqa: T201
    except FileNotFoundError as error:
        print(f"{error} is not installed: pip install 'mentorship[rehearsal]'", file=sys.stderr)  # noqa: T201
        return 1
    except (RuntimeError, ValueError) as error:
        print(str(error), file=sys.stderr)  # noqa: T201
        return 1
    sys.stdout.write(real.result.model_dump_json())
    return 0


if __name__ == "__main__":
    sys.exit(main())
