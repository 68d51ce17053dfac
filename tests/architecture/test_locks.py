"""The locked versions are the installed ones, and the locks name no index to get them from."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SERVICE, EXTRAS, DEVELOPMENT = "requirements.lock", "requirements-extras.lock", "requirements-dev.lock"
LOCKS = (SERVICE, EXTRAS, DEVELOPMENT)

_PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^ ;\\]+)", re.MULTILINE)
_ADDRESS = re.compile(r"://|\bfile:|--(?:extra-)?index-url|--find-links|--trusted-host| @ |\b[a-z0-9-]+\.(?:org|com|io|net)\b")


def pinned(lock: str) -> dict[str, str]:
    return {canonicalize_name(match["name"]): match["version"] for match in _PINNED.finditer((ROOT / lock).read_text(encoding="utf-8"))}


def asked_for(lock: str) -> list[Requirement]:
    project, groups = PROJECT["project"], PROJECT["dependency-groups"]
    found = project["dependencies"] + project["optional-dependencies"]["local"] + project["optional-dependencies"]["tracing"] + groups["build"]
    if lock != SERVICE:
        found += project["optional-dependencies"]["pairing"] + project["optional-dependencies"]["rehearsal"]
    if lock == DEVELOPMENT:
        found += groups["dev"]
    return [Requirement(text) for text in found]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_registry(lock):
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if _ADDRESS.search(line)] == []


def test_the_lock_of_the_verifiers_from_npm_names_no_registry():
    packages = json.loads((ROOT / "interop" / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_everything_in_a_lock_has_hashes(lock):
    entries = re.split(r"\n(?=[a-z0-9])", (ROOT / lock).read_text(encoding="utf-8"))
    assert [entry.splitlines()[0] for entry in entries if "==" in entry and "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_what_the_project_asks_for(lock):
    """Fails after an edit of pyproject.toml until somebody runs `make lock`; nothing locks again by itself."""
    versions = pinned(lock)
    unmet = [str(wanted) for wanted in asked_for(lock) if not wanted.specifier.contains(versions.get(canonicalize_name(wanted.name), "0"), prereleases=True)]
    assert unmet == []


@pytest.mark.parametrize(("smaller", "larger"), [(SERVICE, EXTRAS), (EXTRAS, DEVELOPMENT)])
def test_what_is_tested_is_what_is_shipped(smaller, larger):
    assert pinned(smaller).items() <= pinned(larger).items()
