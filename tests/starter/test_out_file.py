"""A file that a command writes for its operator is whole or absent, and a failure to write it is explained in words."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from starter.answer import Misused, Refused
from starter.out_file import check_out, out_folder, write_out

TOO_LONG = "x" * 300


def test_a_name_that_is_too_long_is_refused_before_and_after_the_work(tmp_path: Path) -> None:
    for call in (lambda: check_out(tmp_path / TOO_LONG, "--html x"), lambda: write_out(tmp_path / TOO_LONG, "text", "--html x")):
        with pytest.raises(Refused, match=r"^--html x: File name too long$"):
            call()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_and_a_place_in_none_are_told_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(Misused, match="is a folder"):
        check_out(tmp_path, "--html x")
    with pytest.raises(Misused, match="no such folder"):
        check_out(tmp_path / "no" / "x", "--html x")


def test_a_full_disk_leaves_the_file_of_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "page.html"
    path.write_text("before")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Refused, match="No space left on device"):
        write_out(path, "after", "--html x")
    assert [one.read_text() for one in tmp_path.iterdir()] == ["before"]


def test_a_file_of_before_keeps_its_mode_and_a_name_may_be_as_long_as_names_are(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)
    path.write_text("before")
    path.chmod(0o600)
    write_out(path, "after\n", "--html x")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("after\n", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_private_is_its_owners_alone_to_read(tmp_path: Path) -> None:
    """Also where a command that was killed left a partial file under its process number, which is the same in each container."""
    previous = os.umask(0o022)
    try:
        (tmp_path / f".{os.getpid()}.part").write_text("half")
        for name, private in (("names", True), ("figures", False), ("both", False), ("both", True)):
            write_out(tmp_path / name, "text\n", "--html x", private=private)
    finally:
        os.umask(previous)
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {"figures": 0o644, "names": 0o600, "both": 0o600}


def test_a_link_stays_a_link_and_a_device_is_written_into(tmp_path: Path) -> None:
    there, link = tmp_path / "there.csv", tmp_path / "link.csv"
    link.symlink_to(there)
    write_out(link, "a,b\n", "--out x")
    assert (link.is_symlink(), there.read_text()) == (True, "a,b\n")
    with pytest.raises(Refused, match="No space left on device"):
        write_out(Path("/dev/full"), "a" * 100_000, "--out x")
    assert Path("/dev/full").is_char_device()


def test_every_command_that_writes_a_file_refuses_a_name_that_is_too_long(files: Any, run: Callable[..., Any], past: Any) -> None:
    options = ["--programme", str(files.programme), "--people", str(files.people), "--pairs", str(files.pairs)]
    for arguments in (
        ["cohort", "rehearse", *options, "--fast", "--html", TOO_LONG],
        ["cohort", "pair", str(files.people), "--programme", str(files.programme), "--out", TOO_LONG],
        ["cohort", "report", "spring-27", "--csv", TOO_LONG],
    ):
        told = run(*arguments)
        assert (told.code, told.err.rpartition(": ")[2]) == (1, "File name too long\n"), arguments


def test_a_folder_is_made_for_its_owner_and_one_that_is_there_stays(tmp_path: Path) -> None:
    new = tmp_path / "a" / "b"
    out_folder(new, "--out x")
    out_folder(new, "--out x")
    assert new.stat().st_mode & 0o777 == 0o700
    with pytest.raises(Refused, match=r"^--out x: File name too long$"):
        out_folder(tmp_path / TOO_LONG, "--out x")


def test_a_folder_that_cannot_be_written_into_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(Refused, match=r"^--out x: cannot be written into$"):
        out_folder(tmp_path, "--out x")
