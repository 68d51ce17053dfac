"""A program that we started. Its log goes to a file, a condition says when it is ready, and we stop it by its own process id and no other."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

from local.trouble import Trouble

LOOK_EVERY = 0.05
"""Seconds between two looks at something that cannot notify us."""

_GRACE = 20.0
"""Seconds between asking a program to stop and killing it."""

_TAIL = 12
"""Lines of a log that an error quotes."""


class Child:
    """`name` is what people read; `log` gets everything that the program prints."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.log = log
        self._process = process

    @classmethod
    def start(cls, name: str, command: Sequence[str | Path], *, env: Mapping[str, str], log: Path) -> Self:
        """Starts it in a session of its own, so that a Ctrl-C in the terminal reaches only us, and we stop programs in our order."""
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("ab") as out:
                process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
        except OSError as error:  # its log could not be opened, or the program itself
            raise Trouble(f"{name} cannot be started: {error.filename or log}: {error.strerror or type(error).__name__}") from error
        return cls(name, process, log)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    async def exited(self) -> int:
        """Its exit code, once it is gone."""
        while (code := self.exit_code) is None:  # noqa: ASYNC110 - a process of ours has no event to wait for on every platform
            await asyncio.sleep(LOOK_EVERY)
        return code

    async def until(self, ready: Callable[[], Awaitable[bool]], patience: float) -> None:
        """Returns when `ready` says so. Raises Trouble when the program ends first, or when `patience` seconds are over."""
        loop = asyncio.get_running_loop()
        limit = loop.time() + patience
        while not await ready():
            if self.exit_code is not None:
                raise Trouble(f"{self.name} stopped before it was ready (exit {self.exit_code}):\n{self.tail()}")
            if loop.time() > limit:
                raise Trouble(f"{self.name} was not ready after {patience:.0f} seconds; its log is {self.log}:\n{self.tail()}")
            await asyncio.sleep(LOOK_EVERY)

    def kill(self) -> None:
        """Ends it as a crash would, without a warning (SIGKILL)."""
        if self.exit_code is None:
            os.kill(self.pid, signal.SIGKILL)
        self._process.wait()

    async def stop(self) -> None:
        """Asks it to stop, and kills it if it does not. It is gone when this returns, even if the wait is interrupted."""
        try:
            if self.exit_code is None:
                self._process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(_GRACE):
                await self.exited()
        except TimeoutError:
            pass
        finally:
            self.kill()

    def tail(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(f"  {line}" for line in lines[-_TAIL:]) or "  (it said nothing)"


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs one of our modules with this very Python."""
    return [sys.executable, "-m", module, *arguments]
