"""The event loop of our long-running processes: uvloop if available. What is loaded before it starts is hidden from the collector (docs/decisions).

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
    """Runs `main` to its end. What is loaded by now stays as long as the process, so no collection looks through it again."""
    gc.collect()
    gc.freeze()
    return _run(main)
