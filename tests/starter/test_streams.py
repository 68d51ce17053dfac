"""Where a command's answer goes: a pipe that nobody reads, a closed stream, a full disk, a terminal without the needed letters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


@pytest.mark.parametrize("redirected", [">&-", ">/dev/full", "2>&-", ">&- 2>&-", ">/dev/full 2>&1"])
def test_a_command_that_was_done_exits_0_wherever_its_answer_goes(redirected: str) -> None:
    called = f"{sys.executable} -m starter programme check examples/engineering-2027.yaml --json {redirected}"
    ran = subprocess.run(["/bin/sh", "-c", called], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, "Traceback" in ran.stderr) == (0, False)
    assert ("the answer could not be written: No space left on device" in ran.stderr) == (redirected == ">/dev/full")


def test_a_command_that_was_done_exits_0_when_nobody_reads_on() -> None:
    called = f"({sys.executable} -m starter programme check examples/engineering-2027.yaml --json; echo $? >&2) | true"
    ran = subprocess.run(["/bin/sh", "-c", called], cwd=ROOT, stderr=subprocess.PIPE, text=True, check=False)
    assert ran.stderr == "0\n"


def test_a_command_that_was_done_exits_0_on_a_terminal_that_is_not_of_unicode(tmp_path: Path) -> None:
    called = tmp_path / "spring→27.yaml"
    called.write_text((EXAMPLES / "engineering-2027.yaml").read_text())
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "latin-1"}
    ran = subprocess.run([sys.executable, "-m", "starter", "programme", "check", called.name], cwd=tmp_path, env=env, capture_output=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert ran.stdout.startswith(rb"spring\u219227.yaml: engineering-2027 version 1")


def test_an_answer_that_is_all_that_was_asked_for_is_refused_by_a_full_disk() -> None:
    """Otherwise the copy of what is held about somebody would be empty, with an exit code that says it is there."""
    rehearse = "cohort rehearse --fast --programme examples/demo/programme.yaml --people examples/demo/people.csv --pairs examples/demo/pairs.csv"
    ran = subprocess.run(["/bin/sh", "-c", f"{sys.executable} -m starter {rehearse} >/dev/full"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr.splitlines()[-1:]) == (1, ["the answer could not be written: No space left on device"])


def test_json_is_json_on_a_terminal_that_lacks_its_letters() -> None:
    """Python escapes what a code page does not have with two, four or eight digits; JSON only knows four."""
    answered = """
import sys, types
cli = types.ModuleType("starter.cli")
cli.main = lambda: print('"Zoë \u0141 \U0001f389"')
sys.modules["starter.cli"] = cli
from starter.__main__ import run
run()
"""
    for encoding in ("latin-1", "koi8-r", "cp1256"):
        ran = subprocess.run([sys.executable, "-c", answered], cwd=ROOT, env={**os.environ, "PYTHONIOENCODING": encoding}, capture_output=True, check=False)
        assert json.loads(ran.stdout.decode(encoding)) == "Zoë \u0141 \U0001f389"
