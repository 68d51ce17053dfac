"""How a program of ours ends."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from gateway.starting import stopped_at_once

INTERRUPTED = 128 + signal.SIGINT
"""The exit code of a program that Ctrl-C stopped, as in shells; for other signals it is 128 plus their number."""


def stopped_as_by_ctrl_c() -> list[int]:
    """From now on SIGTERM and SIGHUP act like Ctrl-C: whoever stops a container or closes a terminal is told as much, and nothing stays half done.

    Returns a list; each such signal that comes is added to it.
    """
    came: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        came.append(number)
        if len(came) > 1:  # `timeout` sends it twice, to the command and to its group: once is enough to clean up
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
    """Ends the process at once, after writing out what was logged and traced.

    During the interpreter's ordinary shutdown, Temporal's client may abort it, or hang for ever after something that it could not decode.
    Whoever stopped the program would think that it crashed or is stuck. A second signal to stop does not change the exit code.
    """
    stopped_at_once(code)
    tracing = sys.modules.get("opentelemetry.trace")  # a process that traced nothing need not load it now
    shutdown = getattr(tracing.get_tracer_provider(), "shutdown", None) if tracing is not None else None
    if shutdown is not None:
        shutdown()
    if "logging" in sys.modules:
        sys.modules["logging"].shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):  # it does not matter if nobody reads it any more
            stream.flush()
    os._exit(code)
