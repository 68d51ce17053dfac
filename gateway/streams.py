"""The three streams that a program is given, some of which whoever starts it may have closed, as some supervisors do."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def stand_in_for_what_is_closed() -> None:
    """First of all: the next file that is opened, such as the database, would take their numbers, and uvloop aborts the process when it closes one of these."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest number that is free
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as the process
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as the process
