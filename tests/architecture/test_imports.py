"""Which package may import which, and what the core may not even call."""

from __future__ import annotations

import ast
import subprocess
import sysconfig
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = sorted(path.parent.name for path in ROOT.glob("*/__init__.py"))

CLOCKS = {"now", "utcnow", "today", "time", "monotonic", "perf_counter", "fromtimestamp"}
"""Attributes that read a clock or the machine's zone."""
OPENERS = {"open", "print", "input", "exec", "eval", "__import__"}


def test_every_import_law_is_kept():
    done = subprocess.run([Path(sysconfig.get_path("scripts")) / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_package_is_shipped_typed_and_under_the_laws():
    assert PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    for named in (
        PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"],
        PROJECT["tool"]["importlinter"]["root_packages"],
    ):
        assert sorted(named) == PACKAGES
    typed = PROJECT["tool"]["mypy"]
    assert (typed["files"], typed["strict"], typed.keys() & {"exclude", "ignore_errors"}) == (["."], True, set())
    assert {name.partition(".")[0] for less in typed["overrides"] for name in less["module"]} & set(PACKAGES) == set()


@pytest.mark.parametrize("path", sorted((ROOT / "mentorship").rglob("*.py")), ids=lambda path: path.stem)
def test_the_core_reads_no_clock_and_opens_nothing(path):
    """Import laws only see modules, and `datetime.now` comes with a type that the core needs."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Name(id=name):
                assert name not in OPENERS, f"{path.name}:{node.lineno}"
            case ast.Attribute(attr=name, value=ast.Name(id="datetime" | "date")):
                assert name not in CLOCKS, f"{path.name}:{node.lineno}"


def test_the_workflows_package_exports_nothing():
    """A re-export there adds some 8 ms to every workflow task in the sandbox."""
    assert (ROOT / "workflows" / "__init__.py").read_text(encoding="utf-8").strip() == ""
