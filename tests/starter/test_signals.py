"""How a command is stopped: Ctrl-C, SIGTERM, SIGHUP, twice at once; under nohup it is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("loaded", ["starter.cli", "starter.cohort_status", "records.store"])
def test_ctrl_c_while_it_is_still_loading_is_as_quiet_as_later(loaded: str) -> None:
    """For many commands the first second is imports."""
    interrupted = f"""
import sys
import threading

class Impatient:
    def find_spec(self, name, path=None, target=None):
        if name == "{loaded}":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Impatient())
sys.argv = ["mentorship", "cohort", "status", "c"]
from starter.__main__ import run
run()
"""
    told = subprocess.run([sys.executable, "-c", interrupted], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (told.returncode, told.stdout, told.stderr) == (130, "", "")


@pytest.mark.parametrize(
    ("sent", "before", "code"),
    [
        ("SIGTERM", "", 143),
        ("SIGHUP", "signal.signal(signal.SIGHUP, signal.SIG_DFL)", 129),  # also where the tests themselves run under nohup
        ("SIGINT", "", 130),
        ("SIGTERM", "signal.signal(signal.SIGINT, signal.SIG_IGN)", 143),
    ],
)
def test_who_is_stopped_puts_things_away_and_says_by_what(sent: str, before: str, code: int) -> None:
    """Like Ctrl-C: a container that is stopped, a terminal that is closed, a script's background job."""
    stopped = f"""
import asyncio, os, signal, sys, types

async def work():
    try:
        os.kill(os.getpid(), signal.{sent})
        await asyncio.sleep(60)
    finally:
        print("put away")

cli = types.ModuleType("starter.cli")
cli.main = lambda: asyncio.run(work())
sys.modules["starter.cli"] = cli
{before}
from starter.__main__ import run
run()
"""
    told = subprocess.run([sys.executable, "-c", stopped], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (told.returncode, told.stdout, told.stderr) == (code, "put away\n", "")


def test_who_is_stopped_twice_at_once_puts_things_away_all_the_same() -> None:
    """`timeout` does this: one signal to the command, and one to its group. Two Ctrl-C are from somebody who does not want to wait."""
    stopped = """
import asyncio, os, signal, sys, types

async def work():
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(0)
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0)
        print("put away")

cli = types.ModuleType("starter.cli")
cli.main = lambda: asyncio.run(work())
sys.modules["starter.cli"] = cli
from starter.__main__ import run
run()
"""
    told = subprocess.run([sys.executable, "-c", stopped], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout, told.stderr) == (143, "put away\n", "")


def test_with_nohup_a_command_outlives_its_terminal() -> None:
    outliving = """
import os, signal, sys, types
cli = types.ModuleType("starter.cli")
cli.main = lambda: os.kill(os.getpid(), signal.SIGHUP)
sys.modules["starter.cli"] = cli
signal.signal(signal.SIGHUP, signal.SIG_IGN)
from starter.__main__ import run
run()
"""
    assert subprocess.run([sys.executable, "-c", outliving], cwd=ROOT, check=False).returncode == 0
