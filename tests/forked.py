"""The operators' command line in a process of its own, forked from one that has loaded it: what takes longest in a command is to begin."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import runpy
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]

_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(["starter.doctor", "starter.journal", "starter.keys", "starter.mentorship", "starter.person", "starter.revive"])


async def told(*arguments: str, env: Mapping[str, str]) -> tuple[int, str, str]:
    """`python -m starter ARGUMENTS` with this environment: its exit code, and what it said on stdout and on stderr."""
    with tempfile.TemporaryDirectory() as folder:
        said = [Path(folder, name) for name in ("out", "err")]
        process = _forking.Process(target=_command, args=(arguments, dict(env), said), daemon=True)
        process.start()
        await asyncio.to_thread(process.join)
        assert process.exitcode is not None
        out, err = (path.read_text() for path in said)
        return process.exitcode, out, err


def _command(arguments: tuple[str, ...], env: dict[str, str], said: list[Path]) -> None:
    os.environ.clear()
    os.environ.update(env)
    os.chdir(ROOT)
    for number, path in enumerate(said, 1):
        os.dup2(os.open(path, os.O_CREAT | os.O_WRONLY), number)
    sys.argv = ["starter", *arguments]
    runpy.run_module("starter", run_name="__main__", alter_sys=True)
