"""How a program that has Temporal's client in it ends."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from gateway.starting import stopped_at_once

INTERRUPTED = 128 + signal.SIGINT
"""The exit code of who was stopped by Ctrl-C, as shells have it; of other signals it is 128 and their number."""


def stopped_as_by_ctrl_c() -> list[int]:
    """From now on SIGTERM and SIGHUP are as Ctrl-C: whoever stops a container or closes a terminal hears as much, and nothing half done stays.

    Returns the list in which each is noted that came.
    """
    came: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        came.append(number)
        if len(came) > 1:  # `timeout` sends it twice, to the command and to its group: once is enough to put things away
            return
        pressed = signal.getsignal(signal.SIGINT)
        if not callable(pressed):  # a job in the background of a script, which Ctrl-C does not reach
            raise KeyboardInterrupt
        pressed(signal.SIGINT, frame)

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:  # with nohup a command outlives its terminal
            signal.signal(number, stop)
    return came


def leave(code: int = 0) -> NoReturn:
    """At once, with what was logged and traced written out.

    Where the interpreter winds down at leisure, Temporal's client may abort it, or hang for ever after something that it could not decode:
    whoever stopped the program would take it for crashed, or for stuck. Who tells it to stop once more is not told another code.
    """
    stopped_at_once(code)
    tracing = sys.modules.get("opentelemetry.trace")  # who traced nothing need not load it now
    shutdown = getattr(tracing.get_tracer_provider(), "shutdown", None) if tracing is not None else None
    if shutdown is not None:
        shutdown()
    if "logging" in sys.modules:
        sys.modules["logging"].shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):  # what nobody reads undoes nothing
            stream.flush()
    os._exit(code)
