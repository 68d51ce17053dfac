"""What a long-running process of ours runs on: uvloop where there is one (docs/decisions).

Workflows do not run on it: the SDK has a loop of its own for each.
"""

from __future__ import annotations

import sys

if sys.platform == "win32":
    from asyncio import run
else:
    from uvloop import run

__all__ = ["run"]
