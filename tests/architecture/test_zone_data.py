"""Clock changes come from the locked `tzdata`, whatever the host has, so that worker, web hook and command line agree on the time (*Time*)."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
import tzdata

ROOT = Path(__file__).parents[2]
PACKAGES = sorted(path.parent for path in ROOT.glob("*/__init__.py"))

MAKING = {"schedule", "notices", "certificates"}
"""Packages that create zones; all others get theirs from one of these."""


def test_zones_are_made_where_the_locked_data_is_read():
    found = set()
    for path in (path for package in PACKAGES for path in package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "ZoneInfo":
                found.add(path.relative_to(ROOT).parts[0])
    assert found == MAKING


@pytest.mark.parametrize("package", sorted(MAKING))
def test_the_hosts_zone_data_is_not_read(package, tmp_path):
    """The host's zone data gives Berlin the clocks of Tokyo."""
    tokyo = Path(tzdata.__file__).parent / "zoneinfo" / "Asia" / "Tokyo"
    (tmp_path / "Europe").mkdir()
    (tmp_path / "Europe" / "Berlin").write_bytes(tokyo.read_bytes())
    asked = f"import {package}, datetime, zoneinfo; print(datetime.datetime(2027, 1, 1, tzinfo=zoneinfo.ZoneInfo('Europe/Berlin')).utcoffset())"
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, env={**os.environ, "PYTHONTZPATH": str(tmp_path)}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "1:00:00"
