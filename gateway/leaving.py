"""How a program that has Temporal's client in it ends."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from typing import NoReturn


def leave(code: int = 0) -> NoReturn:
    """At once, with what was logged and traced written out.

    Where the interpreter winds down at leisure, Temporal's client may abort it, or hang for ever after something that it could not decode:
    whoever stopped the program would take it for crashed, or for stuck.
    """
    tracing = sys.modules.get("opentelemetry.trace")  # who traced nothing need not load it now
    shutdown = getattr(tracing.get_tracer_provider(), "shutdown", None) if tracing is not None else None
    if shutdown is not None:
        shutdown()
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):  # what nobody reads undoes nothing
            stream.flush()
    os._exit(code)
