"""A rehearsal on the real workflows: one process per core, each with its own server, since fifty pairs may take only a minute.

It needs processes of its own anyhow: an operators' command may not import the worker (docs/decisions).
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from starter.rehearsal_parts import cores, joined, split
from starter.rehearsal_request import Rehearsed, Request

WORTH_IT = 5
"""Fewer pairs than this are done before one more process has started."""

_GOING = 10  # seconds


async def rehearse_real(request: Request, progress: Callable[[str], None] = lambda _: None) -> Rehearsed:
    """`progress` gets each pair that is through. Raises RuntimeError with a failed part's last line."""
    places = cores()
    found = split(request, max(1, min(len(places), len(request.pairs) // WORTH_IT)))
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        try:
            async with asyncio.TaskGroup() as group:
                running = [
                    group.create_task(_in_a_process(part, core, Path(folder) / f"{core}.json", progress)) for part, core in zip(found, places, strict=False)
                ]
        except ExceptionGroup as failed:
            raise RuntimeError(str(failed.exceptions[0])) from failed
    return joined(request, [task.result() for task in running])


async def _in_a_process(part: Request, core: int, path: Path, progress: Callable[[str], None]) -> Rehearsed:
    """Runs on one core with its server, if possible: the two wait for each other all the time, and waking another core costs more than the work."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, *_apart(), "-m", "rehearsal", str(path),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    last = "it said nothing"
    try:
        if sys.platform == "linux":
            with suppress(OSError):
                os.sched_setaffinity(child.pid, {core})
        if child.stdin is not None and child.stderr is not None:
            child.stdin.write(part.model_dump_json(by_alias=True).encode())
            child.stdin.close()
            async for line in child.stderr:
                last = line.decode(errors="replace").strip() or last
                if last.startswith("rehearsed "):
                    progress(last.removeprefix("rehearsed "))
        if await child.wait():
            raise RuntimeError(last)
    finally:
        if child.returncode is None:  # another part has failed, or the command was interrupted
            await _stop(child)
    return Rehearsed.model_validate_json(await asyncio.to_thread(path.read_text, "utf-8"))


def _apart() -> list[str]:
    """Python's option not to import from the current folder, where a file such as `notices.py` could pass for one of ours. Empty if ours are there."""
    return [] if str(Path.cwd()) in sys.path else ["-P"]


async def _stop(child: asyncio.subprocess.Process) -> None:
    """Stops a child so that it stops its server, too. If that takes too long, kills both: the server holds the pipe whose end shows that a child is gone."""
    child.terminate()
    try:
        await asyncio.wait_for(child.wait(), _GOING)
    except TimeoutError:
        os.killpg(child.pid, signal.SIGKILL)
    await child.wait()
