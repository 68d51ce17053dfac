"""A service runs as a user who may not read or write everything: each command names the path and variable that it may not use, and continues where it can."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_NOBODY = 65534


@contextmanager
def _as_nobody() -> Iterator[None]:
    """Root may do everything; any other user will do, and `nobody` is one."""
    if os.geteuid():
        yield
        return
    os.setresgid(_NOBODY, _NOBODY, 0)
    os.setresuid(_NOBODY, _NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)


@pytest.fixture
def theirs(past: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of their own with keys and records in it, below folders that are all open."""
    folder = Path(tempfile.mkdtemp())
    for name in ("keys.json", "records.db"):
        (folder / "in").mkdir(exist_ok=True)
        shutil.copy(past.settings.key_file.parent / name, folder / "in" / name)
    for path in (folder, *folder.rglob("*")):
        if not os.geteuid():
            os.chown(path, _NOBODY, _NOBODY)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MENTORSHIP_KEY_FILE", str(folder / "in" / "keys.json"))
    monkeypatch.setenv("MENTORSHIP_DATABASE_URL", f"sqlite:///{folder}/in/records.db")
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    monkeypatch.setenv("MENTORSHIP_CONNECT_TIMEOUT", "1")
    yield folder / "in"
    for path in (folder / "in", *(folder / "in").iterdir()):
        path.chmod(0o700)
    shutil.rmtree(folder)


@pytest.fixture
def run_as_nobody(run: Callable[..., Any], theirs: Path) -> Callable[..., Any]:
    """Loads beforehand what the command loads, since only root may be allowed to read the interpreter's files."""

    def call(*arguments: str) -> Any:
        with _as_nobody():
            return run(*arguments)

    run("cohort", "status", "none")
    run("doctor", "--fix")
    return call


@pytest.mark.parametrize(
    ("modes", "why"),
    [
        ({"records.db": 0o000}, "this user may not read and write it"),
        ({".": 0o000}, "its folder is not there, or this user may not open it"),
    ],
)
def test_records_that_this_user_may_not_open_are_told_with_the_reason(run_as_nobody, theirs, monkeypatch, modes, why):
    shutil.copy(theirs / "keys.json", theirs.parent / "keys.json")
    if not os.geteuid():
        os.chown(theirs.parent / "keys.json", _NOBODY, _NOBODY)
    monkeypatch.setenv("MENTORSHIP_KEY_FILE", str(theirs.parent / "keys.json"))
    for name, mode in modes.items():
        (theirs / name).chmod(mode)
    said = f"the database at {theirs}/records.db cannot be reached: {why}; see MENTORSHIP_DATABASE_URL"
    shown = run_as_nobody("cohort", "status", "spring-27")
    assert (shown.code, shown.err.strip()) == (1, f"records: {said}")
    for fix in ([], ["--fix"]):
        looked = run_as_nobody("doctor", *fix)
        assert looked.code == 1
        assert f"wrong  records: {said}" in looked.err
        assert "wrong  temporal: " in looked.err, "the rest is looked at all the same"
        assert "Traceback" not in looked.err


def test_a_key_that_cannot_be_put_in_its_place_is_told_by_path_and_variable(run_as_nobody, run, theirs):
    run("keys", "rotate", "--prepare")
    before = (theirs / "keys.json").read_bytes()
    if not os.geteuid():
        os.chown(theirs / "keys.json", _NOBODY, _NOBODY)
    theirs.chmod(0o500)
    told = run_as_nobody("keys", "rotate")
    assert told.code == 1
    assert told.err.strip() == f"{theirs}/keys.json: cannot be replaced in its folder (Permission denied), so nothing was changed; see MENTORSHIP_KEY_FILE"
    assert (theirs / "keys.json").read_bytes() == before


def test_fonts_that_this_user_may_not_read_are_refused_and_not_left_out(run_as_nobody, theirs, monkeypatch):
    """Otherwise certificates would wait for a font that exists."""
    (theirs / "fonts").mkdir(mode=0o000)
    monkeypatch.setenv("MENTORSHIP_FONT_FOLDER", str(theirs / "fonts"))
    told = run_as_nobody("cohort", "status", "spring-27")
    assert (told.code, told.err.strip()) == (1, "MENTORSHIP_FONT_FOLDER: expected a folder that this process's user may read")


@pytest.mark.parametrize("command", [("programme", "check"), ("cohort", "what-if", "spring-27", "--programme")])
def test_a_file_in_a_closed_folder_is_misuse_as_one_that_cannot_be_read(run_as_nobody, theirs, command):
    (theirs / "for-us").mkdir(mode=0o000)
    told = run_as_nobody(*command, str(theirs / "for-us" / "file.yaml"))
    assert (told.code, told.err.strip()) == (2, f"{theirs}/for-us/file.yaml: Permission denied")


def test_temporals_configuration_that_this_user_may_not_read_is_told_by_its_path(run_as_nobody, theirs, monkeypatch):
    (theirs / "temporal.toml").touch(mode=0o000)
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(theirs / "temporal.toml"))
    told = run_as_nobody("doctor")
    assert (
        f"wrong  temporal: Temporal's own configuration cannot be read ({theirs}/temporal.toml: not there, or not for this process's user to read)" in told.err
    )


def test_keys_that_cannot_be_used_leave_the_doctor_its_other_looks(run, theirs):
    """Even where there is a database: it is not opened without keys, and is not what is wrong."""
    (theirs / "keys.json").chmod(0o644)
    told = run("doctor", "--fix")
    assert told.code == 1
    found = [line.split(":")[0] for line in told.err.splitlines()]
    assert found == ["wrong  keys", "ok     records", "wrong  temporal"]
