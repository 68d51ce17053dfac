"""Our programs as processes of their own, forked from one that has already imported them: most of a command's or a worker's time goes into starting."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from multiprocessing.context import ForkServerProcess
from pathlib import Path

ROOT = Path(__file__).parents[1]

_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(
    ["starter.doctor", "starter.journal", "starter.keys", "starter.mentorship", "starter.person", "starter.revive", "webhook.main", "worker.main"]
)


class Forked:
    """One forked program, with the methods that `subprocess` gives its processes."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0)
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            assert self._process.pid is not None
            os.kill(self._process.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def begun(module: str, *arguments: str, env: Mapping[str, str], out: Path, err: Path) -> Forked:
    """Starts `python -m MODULE ARGUMENTS` with this environment and nothing else of ours; its output goes into the two files."""
    process = _forking.Process(target=_become, args=(module, arguments, dict(env), (out, err)), daemon=True)
    process.start()
    return Forked(process)


async def told(*arguments: str, env: Mapping[str, str]) -> tuple[int, str, str]:
    """Runs the operators' command line as an operator would; returns its exit code, stdout and stderr."""
    with tempfile.TemporaryDirectory() as folder:
        said = [Path(folder, name) for name in ("out", "err")]
        code = await asyncio.to_thread(begun("starter", *arguments, env=env, out=said[0], err=said[1]).wait)
        out, err = (path.read_text() for path in said)
        return code, out, err


def _become(module: str, arguments: tuple[str, ...], env: dict[str, str], said: tuple[Path, Path]) -> None:
    os.environ.clear()
    os.environ.update(env)
    os.chdir(ROOT)
    for number, path in enumerate(said, 1):
        os.dup2(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND), number)
    sys.argv = [module, *arguments]
    sys.modules.pop(module, None)  # it is about to run as the program itself
    runpy.run_module(module, run_name="__main__", alter_sys=True)
