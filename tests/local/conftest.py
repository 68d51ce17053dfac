"""The local stack as a person starts it: a program of its own, stopped as a person would stop it, and checked for leftovers afterwards."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def left_running() -> Callable[[Path], list[str]]:
    """Lists every program that still has this folder in its environment."""
    return _left_running


def _left_running(folder: Path) -> list[str]:
    if not Path("/proc/self/environ").exists():
        pytest.skip("only Linux shows what runs with which environment")
    wanted = f"MENTORSHIP_STACK={folder}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_text().replace("\0", " "))
    return found


class Program:
    """`python -m local …` with its output kept; `said` waits for a line of it."""

    def __init__(self, *arguments: str) -> None:
        self.output = ""
        self._grown = threading.Condition()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "local", *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._grown:
                self.output += line
                self._grown.notify_all()
        with self._grown:
            self._grown.notify_all()

    def said(self, text: str, within: float = 120) -> None:
        with self._grown:
            heard = self._grown.wait_for(lambda: text in self.output or not self._reader.is_alive(), within)
        assert heard, self.output
        assert text in self.output, f"ended and never said {text!r}:\n{self.output}"

    def send(self, number: signal.Signals) -> None:
        os.kill(self._process.pid, number)

    def ends(self, within: float = 90) -> int:
        code = self._process.wait(within)
        self._reader.join()
        self._process.stdout.close()  # type: ignore[union-attr]
        return code


@pytest.fixture
def start() -> Iterator[type[Program]]:
    """Starts programs. What a failed test leaves running is asked to stop and waited for."""
    begun: list[Program] = []

    class Remembered(Program):
        def __init__(self, *arguments: str) -> None:
            super().__init__(*arguments)
            begun.append(self)

    yield Remembered
    for program in begun:
        if program._process.poll() is None:
            program.send(signal.SIGTERM)
            program.ends()


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """Asks until the answer is yes, for what another program does in its own time."""
    return _eventually


def _eventually(question: Callable[[], Any], within: float = 60) -> Any:
    limit = time.monotonic() + within
    while not (answer := question()):
        assert time.monotonic() < limit, "it never came true"
        time.sleep(0.1)
    return answer
