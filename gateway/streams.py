"""A program's three standard streams. Whoever starts it may have closed some of them, as some supervisors do."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def stand_in_for_what_is_closed() -> None:
    """Opens /dev/null for each closed stream. Call it first of all.

    Otherwise the next file to be opened, such as the database, would take their numbers, and uvloop aborts a process that closes one of these.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest number that is free
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as the process
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as the process
