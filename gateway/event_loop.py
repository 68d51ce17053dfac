"""What a long-running process of ours runs on: uvloop where there is one (docs/decisions).

Workflows do not run on it: the SDK has a loop of its own for each.
"""

from __future__ import annotations

import sys

if sys.platform == "win32":
    from asyncio import new_event_loop, run
else:
    from uvloop import new_event_loop, run

__all__ = ["new_event_loop", "run"]
