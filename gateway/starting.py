"""How a program is stopped that has nothing to put away: one that is only loading, or is done. Loads next to nothing itself, since it comes first."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import FrameType

_STOPS = ("SIGINT", "SIGTERM", "SIGHUP")


def stopped_at_once(code: int | None = None, by: tuple[str, ...] = _STOPS) -> None:
    """From now on these signals end the program where it is, in silence: with `code`, or by default with 128 and the signal's number.

    An exception would not do: what is loading swallows it, or makes another one of it.
    """

    def leave(number: int, _: FrameType | None) -> None:
        os._exit(128 + number if code is None else code)

    for number in _heeded(by):
        signal.signal(number, leave)


def run_server(module: str) -> None:
    """Loads a server's module, which takes a second or more, and calls its `main`. Told to stop while it loads, it exits as it does later: with 0."""
    stopped_at_once(0, by=("SIGINT", "SIGTERM"))
    import_module(module).main()


@contextmanager
def loading() -> Iterator[None]:
    """Stopped at once inside, and outside as before."""
    before = {number: signal.getsignal(number) for number in _heeded(_STOPS)}
    stopped_at_once()
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _heeded(names: tuple[str, ...]) -> list[signal.Signals]:
    """With nohup a program outlives its terminal, and Ctrl-C does not reach a script's job in the background."""
    return [number for name in names if (number := getattr(signal, name, None)) is not None and signal.getsignal(number) is not signal.SIG_IGN]
