"""The gate lets nothing through, and what it calls does what it is named after: without that, every other test is in vain."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

_MAKE = """#!/bin/sh
for word; do
    case $word in
        VENV=*) venv=${word#VENV=} ;;
        PYTHON=*) newer=/newer ;;
    esac
done
for word; do target=$word; case $word in check | interop | test) break ;; esac; done
mkdir -p "$venv/bin"
for program in python temporal ruff mypy; do ln -sf "$STUBS/tool" "$venv/bin/$program"; done
echo "made ${target##*/}$newer"
case " $FAILS " in *" ${target##*/}$newer "*) echo "make: *** [Makefile:1: ${target##*/}] Error ${LEAVES:-1}" >&2; exit 2 ;; esac
"""
"""Notes what it is asked for, and fails what the test wants to fail. Like make, it tells with which code (`LEAVES`) a recipe ended, and exits 2 itself."""

_TOOL = """#!/bin/sh
case "$*" in *pytest*) echo "asked again"; [ -z "$STILL" ] ;; -V) echo "$0" ;; esac
"""


@pytest.fixture
def gate(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The gate in a folder of its own, where everything that it calls is a stand-in that is told by its environment what to do."""
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    stubs = tmp_path / "stubs"
    stubs.mkdir()
    for name, text in {"make": _MAKE, "tool": _TOOL, "npm": "#!/bin/sh\n", **dict.fromkeys(("chromium", "pdftoppm", "apt-get", "python3.14"), _TOOL)}.items():
        (stubs / name).write_text(text)
        (stubs / name).chmod(0o755)

    def run(**told: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "PATH": f"{stubs}:{os.environ['PATH']}", "STUBS": str(stubs), **told}
        return subprocess.run(["bash", tmp_path / ".ci" / "run"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)

    return run


@pytest.mark.parametrize(
    ("fails", "still", "code", "told"),
    [
        ("", "", 0, None),
        ("check", "", 1, "check"),
        ("interop", "", 1, "interop"),
        ("test", "yes", 1, "test"),
        ("test", "", 0, None),
        ("test/newer", "yes", 1, "test with "),
        ("check interop test", "yes", 1, "check interop test"),
    ],
)
def test_whatever_fails_fails_the_gate_and_the_rest_is_tried_all_the_same(gate, fails, still, code, told):
    done = gate(FAILS=fails, STILL=still)
    assert done.returncode == code, done.stdout + done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith("made ")] == [
        "made .development-installed",
        "made check",
        "made interop",
        "made test/newer",
        "made test",
    ]
    assert told is None or done.stdout.splitlines()[-1].startswith(f"failed: make {told}")
    assert done.stdout.count("asked again") == sum("test" in word for word in fails.split())


@pytest.mark.parametrize("fails", ["test", "test/newer"])
def test_where_pytest_broke_off_the_tests_that_were_never_asked_do_not_pass_for_well(gate, fails):
    """Pytest's 1 says that tests failed. It leaves with 3 where a process of its own died: then only those that failed until then would be asked again."""
    done = gate(FAILS=fails, STILL="", LEAVES="3")
    assert (done.returncode, "asked again" in done.stdout) == (1, False)


@pytest.mark.parametrize(
    ("target", "calls"),
    [
        ("check", ("ruff check .", "ruff format --check .", "mypy", "lint-imports --no-logo")),
        ("test", ("python -m pytest tests\n",)),
        ("interop", ("npm ci --prefix interop --ignore-scripts", "node interop/judge.mjs")),
        ("demo", ("python -m local demo",)),
        ("run", ("python -m local run",)),
        ("secrets", ("python deploy/make_secrets.py",)),
    ],
)
def test_a_target_calls_what_it_is_for_and_installs_only_what_the_locks_have_hashes_of(tmp_path, target, calls):
    command = ["make", "--dry-run", "--always-make", f"VENV={tmp_path}", target]
    of_the_make_that_runs_this = ("MFLAGS", "TESTS")
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name not in of_the_make_that_runs_this}
    told = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout
    assert [call for call in calls if call not in told] == []
    installing = [line for line in told.splitlines() if "-m pip" in line]
    assert installing
    assert [
        line for line in installing if "--require-hashes --only-binary :all: -r" not in line and "--no-deps --no-build-isolation --editable ." not in line
    ] == []
