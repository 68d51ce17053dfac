"""What a long-running process of ours runs on: uvloop where there is one, with what it has loaded out of the collector's sight (docs/decisions).

Workflows do not run on it: the SDK has a loop of its own for each.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

if sys.platform == "win32":
    from asyncio import run as _run
else:
    from uvloop import run as _run

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Runs it to its end; what is loaded by now stays as long as the process, and no collection looks through it again."""
    gc.collect()
    gc.freeze()
    return _run(main)
