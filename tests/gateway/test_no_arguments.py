"""How a server's program is called: asking for help prints help and starts no server, and a supervisor may close any stream."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from gateway.no_arguments import no_arguments

PROGRAMS = {"mentorship-worker": "worker", "mentorship-webhook": "webhook", "mentorship-codec": "webhook.codec"}


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_is_printed_and_nothing_is_started(program: str) -> None:
    """No setting is given, so a program that tried to start would end with 1 or 2."""
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith(("MENTORSHIP_", "TEMPORAL_"))}
    told = subprocess.run([sys.executable, "-m", PROGRAMS[program], "--help"], env=surroundings, capture_output=True, text=True, timeout=120, check=False)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith(f"usage: {program}")
    assert "MENTORSHIP_*" in told.stdout


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_whose_streams_are_closed_ends_with_its_own_exit_code(program: str) -> None:
    """Uses this program because it needs no keys. uvloop aborts if one of the first three descriptors is a file of its own; without stderr nothing is
    logged.
    """
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith(("MENTORSHIP_", "TEMPORAL_"))}
    called = f"{sys.executable} -m {PROGRAMS[program]} <&- >&- 2>&-"
    assert subprocess.run(["/bin/sh", "-c", called], env=surroundings, timeout=120, check=False).returncode == 2


@pytest.mark.parametrize("given", [["--port", "1"], ["start"], ["--hel"]])
def test_what_it_does_not_know_is_misuse(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        no_arguments("mentorship-worker", "Works.", given)
    assert left.value.code == 2
    assert "unrecognized arguments" in capsys.readouterr().err


def test_nothing_given_goes_on() -> None:
    no_arguments("mentorship-worker", "Works.", [])
